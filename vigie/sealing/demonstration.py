"""The passphrases of the demonstration's keys: printed for everybody, since the demonstration has nothing to hide.

The seed makes keys with the Python implementation of the protocol and leaves their passphrases beside its accounts.
Nothing here is reachable unless `VIGIE_DEMONSTRATION` is set.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from vigie.sealing.models import SiteKey


def record_passphrases(passphrases: Mapping[str, str]) -> None:
    """Replace the passphrases of the demonstration, by kid."""
    path = _register()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(dict(passphrases), indent=1), encoding="utf-8")
    new.replace(path)


def passphrases() -> dict[str, str]:
    """Return the passphrases by kid; none outside of a demonstration."""
    if not settings.VIGIE_DEMONSTRATION:
        return {}
    try:
        found: dict[str, str] = json.loads(_register().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def passphrase_of(key: SiteKey) -> str:
    """Return what to type on the demonstration's unlock page; empty for a key that somebody made there since."""
    return passphrases().get(key.kid, "")


def _register() -> Path:
    return Path(settings.VIGIE_FILES_FOLDER).parent / "demo-sealing.json"
