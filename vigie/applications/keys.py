"""The keys that sign ID tokens: made here, kept encrypted, renewed every ninety days without anybody’s doing (docs/adr)."""

from datetime import datetime, timedelta
from typing import Final

from allauth.idp.oidc.models import PrivateKey
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from vigie.accounts.encryption import seal, unseal
from vigie.applications.models import SigningKey

LIFE: Final = timedelta(days=90)
KNOWN_BEFORE: Final = timedelta(days=2)
"""A key that follows another is published before it signs: applications read the list of keys once an hour, or once a day."""
KNOWN_AFTER: Final = timedelta(hours=1)
"""What a key has signed lives five minutes."""
_BITS: Final = 3072
_PURPOSE: Final = "signing-key"
_LOCK: Final = 0x4F494443


def published_keys() -> list[PrivateKey]:
    """Return the keys that prove something now or soon, in the shape that allauth wants; none before the first application."""
    rows = SigningKey.objects.filter(Q(ends_at=None) | Q(ends_at__gt=timezone.now()))
    return [
        PrivateKey(pem=unseal(key.sealed, purpose=_PURPOSE), not_before=key.signs_from, expires_at=key.ends_at, issued_at=key.signs_from)
        for key in rows
    ]


def ensure_key() -> None:
    """Make the first key. The scope is the platform’s."""
    _one_at_a_time()
    if not SigningKey.objects.exists():
        _make(signs_from=timezone.now())


def renew_key() -> None:
    """Make a key that signs from now on; what the former ones signed proves nothing any more. The scope is the platform’s."""
    _one_at_a_time()
    now = timezone.now()
    SigningKey.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now)).update(ends_at=now)
    _make(signs_from=now)


def follow_keys(now: datetime) -> None:
    """Publish the next key in time, set the end of the one it follows, forget those that have ended. The scope is the platform’s."""
    _one_at_a_time()
    SigningKey.objects.filter(ends_at__lte=now).delete()
    youngest = SigningKey.objects.order_by("-signs_from", "-id").first()
    if youngest is None or youngest.signs_from + LIFE > now:
        return
    signs_from = now + KNOWN_BEFORE
    SigningKey.objects.filter(ends_at=None).update(ends_at=signs_from + KNOWN_AFTER)
    _make(signs_from=signs_from)


def sealed_key() -> str:
    """Make a private key, and return it as it is kept."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return seal(pem.decode(), purpose=_PURPOSE)


def _make(*, signs_from: datetime) -> None:
    SigningKey.objects.create(sealed=sealed_key(), made_at=timezone.now(), signs_from=signs_from)


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
