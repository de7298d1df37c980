"""Signed links that stop one kind of mail without signing in (RFC 8058).

An app registers, under a kind, what a link of that kind says and does; a link stays good as long as its mail is kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

_SALT: Final = "vigie.unsubscribe"


@dataclass(frozen=True, slots=True)
class Request:
    """Who no longer wants mail, and about what; `details` are those that the link was made with."""

    user_id: UUID
    details: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """`describe` completes « Ne plus recevoir… » in the current language; it reads nothing. `stop` acts."""

    describe: Callable[[Request], str]
    stop: Callable[[Request], None]


class InvalidLink(Exception):
    """The link was cut or forged, or is of a kind that no longer exists."""


_kinds: dict[str, Kind] = {}


def register(kind: str, *, describe: Callable[[Request], str], stop: Callable[[Request], None]) -> None:
    _kinds[kind] = Kind(describe, stop)


def link(kind: str, user_id: UUID, **details: str) -> str:
    """Return the absolute address that stops this kind of mail for this person."""
    if kind not in _kinds:
        raise KeyError(kind)
    token = signing.dumps([kind, str(user_id), details], salt=_SALT, compress=True)
    return settings.VIGIE_BASE_URL + reverse("unsubscribe", args=[token])


def read(token: str) -> tuple[Kind, Request]:
    """Return what a link asks.

    Raises:
        InvalidLink: it is not one that we made.

    """
    try:
        kind, user_id, details = signing.loads(token, salt=_SALT)
        return _kinds[kind], Request(UUID(user_id), details)
    except (signing.BadSignature, KeyError, TypeError, ValueError) as error:
        raise InvalidLink from error
