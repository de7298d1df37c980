"""Telling open screens that something changed.

A write publishes identifiers, never content, in its own transaction; each web process hears it once (LISTEN) and passes
it to the screens that follow one of its topics (`live_hub`). Screens then read again what they may see.

A topic is `kind:identifier`. A page may follow a topic when the guard registered for its kind says so; its own
`user:<id>` topic needs no guard. The stream itself knows neither users nor rows: it trusts a short-lived signed token.
"""

import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

from django.core import signing
from django.db import connection

CHANNEL: Final = "vigie_live"
TOKEN_LIFETIME: Final = 600
"""Seconds a token opens a stream for; the page asks for another before the end."""
MAX_TOPICS: Final = 100
_MAX_PAYLOAD: Final = 7900
"""PostgreSQL refuses notifications of 8,000 bytes and more."""
_SALT: Final = "vigie.live"
_TOPIC: Final = re.compile(r"[a-z][a-z_]{0,30}:[0-9A-Za-z-]{1,64}")


class Follower(Protocol):
    """Who asks to follow a topic; the guards of the apps know more of them."""

    @property
    def id(self) -> object: ...


TopicGuard = Callable[[Any, str], bool]
_guards: dict[str, TopicGuard] = {}


class InvalidToken(Exception):
    """The token is forged, cut, too old, or belongs to another session."""


@dataclass(frozen=True, slots=True)
class LiveToken:
    user_id: str
    topics: tuple[str, ...]
    session: str
    issued_at: float
    expires_at: float


def is_topic(text: str) -> bool:
    return _TOPIC.fullmatch(text) is not None


def publish(*, topics: Iterable[str], kind: str, id: UUID | str) -> None:  # noqa: A002 - the name on the wire
    """Tell the screens following `topics`, if and when the current transaction commits."""
    _notify(sorted(set(topics)), kind, str(id))


def publish_revocation(user_id: UUID | str, *, session_key: str | None = None) -> None:
    """Close this user's streams everywhere (only those of one session, when given) and refuse their tokens."""
    message: dict[str, object] = {"topics": [], "kind": "revoke", "user": str(user_id)}
    if session_key is not None:
        message["session"] = session_fingerprint(session_key)
    _send(message)


def _notify(topics: Sequence[str], kind: str, identifier: str) -> None:
    message: dict[str, object] = {"topics": topics, "kind": kind, "id": identifier, "event": secrets.token_hex(8)}
    if len(topics) > 1 and len(_encoded(message)) > _MAX_PAYLOAD:
        middle = len(topics) // 2
        _notify(topics[:middle], kind, identifier)
        _notify(topics[middle:], kind, identifier)
        return
    _send(message)


def _send(message: Mapping[str, object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, _encoded(message)])


def _encoded(message: Mapping[str, object]) -> str:
    return json.dumps(message, separators=(",", ":"))


def topic_guard(kind: str) -> Callable[[TopicGuard], TopicGuard]:
    """Register the function deciding who may follow topics of this kind.

    The guard gets who asks and the identifier as text, straight from the query string: it must survive nonsense.
    """

    def register(guard: TopicGuard) -> TopicGuard:
        _guards[kind] = guard
        return guard

    return register


def may_follow(follower: Follower, topic: str) -> bool:
    if not is_topic(topic):
        return False
    kind, _, identifier = topic.partition(":")
    if kind == "user":
        return identifier == str(follower.id)
    guard = _guards.get(kind)
    return guard is not None and guard(follower, identifier)


def session_fingerprint(session_key: str) -> str:
    """What ties a token to the cookie it was issued for, so that a token read in a log opens nothing."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:24]


def issue_token(user_id: UUID | str, topics: Sequence[str], session_key_hash: str) -> str:
    """Sign what a stream may carry. The caller has checked every topic with `may_follow`."""
    # Rounded down: a token of the same millisecond as a revocation counts as older than it.
    claims = {"u": str(user_id), "t": list(topics), "s": session_key_hash, "i": int(time.time() * 1000) / 1000}
    return signing.dumps(claims, salt=_SALT, compress=True)


def read_token(token: str) -> LiveToken:
    try:
        claims = signing.loads(token, salt=_SALT, max_age=TOKEN_LIFETIME)
    except signing.BadSignature as error:
        raise InvalidToken(str(error)) from error
    issued_at = float(claims["i"])
    return LiveToken(
        user_id=claims["u"],
        topics=tuple(claims["t"]),
        session=claims["s"],
        issued_at=issued_at,
        expires_at=issued_at + TOKEN_LIFETIME,
    )


_latest_event: Callable[[], str] | None = None


def set_event_source(latest_event: Callable[[], str] | None) -> None:
    """The hub of this process says which event it saw last."""
    global _latest_event  # noqa: PLW0603 - one hub a process
    _latest_event = latest_event


def current_mark() -> str:
    """The last event this process saw, or nothing.

    Read before a page's queries and given to its stream, it closes the gap between the two: what changed in between is replayed.
    """
    return _latest_event() if _latest_event is not None else ""
