"""`python -m vigie` is the `vigie` command."""

import sys

from vigie.config.cli import main

sys.exit(main())
