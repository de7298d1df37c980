"""Small texts kept encrypted in the database: factors' secrets, what sessions hold."""

import base64
import binascii

from vigie.foundation.encryption import Unreadable, decrypt, encrypt

__all__ = ["Unreadable", "seal", "unseal"]


def seal(text: str, *, purpose: str) -> str:
    """Return the text encrypted; the same text gives another result each time."""
    return base64.b64encode(encrypt(text.encode(), purpose=purpose)).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return the text that `seal` was given, for the same purpose. Raises Unreadable."""
    try:
        return decrypt(base64.b64decode(sealed, validate=True), purpose=purpose).decode()
    except (binascii.Error, ValueError) as error:
        raise Unreadable from error
