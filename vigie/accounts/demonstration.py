"""What the demonstration tells to everybody: its accounts, their password and how to make their second factor.

The territory is seeded with these secrets on purpose. Nothing here is reachable unless `VIGIE_DEMONSTRATION` is set.
"""

import base64
import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings

DEMO_PASSWORD: Final = "vigie-demo-2026"  # noqa: S105 - printed on the demonstration's sign-in page.
_TOTP_PERIOD: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class DemonstrationAccount:
    """One line of the list on the sign-in page; `role` and `site` are for people, in French."""

    email: str
    name: str
    site: str
    role: str
    passphrase: str = ""
    """Of the key of her site, when the site has one: what opens sealed fields in a browser."""

    @property
    def totp_secret(self) -> str:
        return demo_totp_secret(self.email)


def demo_totp_secret(email: str) -> str:
    """Return the fixed secret that an authenticator application takes for this demonstration account."""
    digest = hashlib.sha256(f"vigie-demo:{email}".encode()).digest()
    return base64.b32encode(digest).decode()[:32]


def demo_code(email: str) -> str:
    """Return the one-time code of this account at this moment."""
    return format_hotp_value(hotp_value(demo_totp_secret(email), int(time.time()) // _TOTP_PERIOD))


def record_accounts(accounts: Iterable[DemonstrationAccount]) -> None:
    """Replace the list of demonstration accounts, in the order given (the seed calls it once it has stored them)."""
    path = _register()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps([asdict(account) for account in accounts], ensure_ascii=False, indent=1), encoding="utf-8")
    new.replace(path)


def demonstration_accounts() -> list[DemonstrationAccount]:
    """Return the accounts that the seed recorded, none before it ran."""
    try:
        lines = json.loads(_register().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [DemonstrationAccount(**line) for line in lines]


def _register() -> Path:
    return Path(settings.VIGIE_FILES_FOLDER).parent / "demo-accounts.json"
