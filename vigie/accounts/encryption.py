"""Small secrets kept in the database: authenticated encryption under keys derived from the secret key.

A copy of the database alone opens nothing. One key a purpose: what was sealed for one cannot be opened as another.
"""

import base64
import os
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_VERSION: Final = "v1."
_NONCE_BYTES: Final = 12


class Unreadable(Exception):
    """The text was not sealed for this purpose with a key we know, or it was altered."""


def seal(text: str, *, purpose: str) -> str:
    """Return the text encrypted; the same text gives another result each time."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_key(settings.SECRET_KEY, purpose)).encrypt(nonce, text.encode(), purpose.encode())
    return _VERSION + base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return the text that `seal` was given. Former secret keys (`SECRET_KEY_FALLBACKS`) still open what they sealed."""
    if not sealed.startswith(_VERSION):
        raise Unreadable
    try:
        data = base64.urlsafe_b64decode(sealed.removeprefix(_VERSION))
    except ValueError as error:
        raise Unreadable from error
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            box = AESGCM(_key(secret, purpose))
            return box.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], purpose.encode()).decode()
        except (InvalidTag, ValueError):
            continue
    raise Unreadable


@lru_cache(maxsize=32)
def _key(secret: str, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"vigie.{purpose}".encode()).derive(secret.encode())
