"""Remove what the bundled PostgreSQL keeps outside of the checkout, when root's folders are closed to its user."""

import shutil
import sys
from pathlib import Path

from vigie.foundation.bundled_postgres import BundledPostgres


def main() -> int:
    """Refuse while a server runs on those files; 0 when they are gone."""
    data = Path(__file__).resolve().parents[1] / ".data"
    servers = [BundledPostgres(data / name) for name in ("postgres", "test-postgres")]
    if any(server.postmaster_pid() is not None for server in servers):
        print("A demonstration or a test still runs here: stop it first.", file=sys.stderr)
        return 1
    for server in servers:
        shutil.rmtree(server.home, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
