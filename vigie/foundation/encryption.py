"""Encryption at rest of what must not be readable in the database or its backups: drafts, kept forms, factors' secrets.

AES-256-GCM under a key derived from the instance's secret key, one key a purpose (HKDF-SHA-256).
"""

import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

_NONCE_BYTES = 12
_FORMAT = b"\x01"


class Unreadable(Exception):
    """The text was not encrypted here, for this purpose and this context, or it was altered."""


def encrypt(clear: bytes, *, purpose: str, context: str = "") -> bytes:
    """Encrypt for one purpose; `context` (an owner, a row) must be given again to decrypt."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(_key(purpose)).encrypt(nonce, clear, context.encode())


def decrypt(sealed: bytes, *, purpose: str, context: str = "") -> bytes:
    """Return the clear text. Raises Unreadable."""
    if sealed[:1] != _FORMAT:
        raise Unreadable
    nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(_key(purpose)).decrypt(nonce, rest, context.encode())
    except (InvalidTag, ValueError) as error:
        raise Unreadable from error


@lru_cache(maxsize=16)
def _key(purpose: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"vigie:{purpose}".encode())
    return derivation.derive(settings.SECRET_KEY.encode())
