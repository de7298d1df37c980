"""The live streams of one web process: one LISTEN connection, many server-sent event streams.

Plain ASGI, beside Django and without its ORM. Guarantees:

- events carry the identifier given by the publisher, the same in every process, so that a stream resumes in any of them;
- an identifier this process does not remember is answered with `resync`: read everything again;
- when LISTEN is lost, every screen hears `stale` at once and `resync` when it is back, since NOTIFY stores nothing;
- a stream ends with `expired` when its token does, when its user is revoked, or when it may have missed a revocation;
- a screen that reads too slowly is cut, and resumes when it comes back.

Each stream starts with its position as an identifier, and hears `beat` every fifteen seconds, so that it can tell silence from a cut.
"""

import asyncio
import contextlib
import itertools
import json
import random
import secrets
import time
from collections import OrderedDict, defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs

import psycopg
import structlog
from psycopg.conninfo import make_conninfo

from vigie.foundation import metrics
from vigie.foundation.live import CHANNEL, TOKEN_LIFETIME, InvalidToken, LiveToken, read_token, session_fingerprint

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BEAT_SECONDS: Final = 15.0
SEND_TIMEOUT: Final = 30.0
RING_SIZE: Final = 4096
QUEUE_SIZE: Final = 256
MAX_STREAMS: Final = 10_000
MAX_STREAMS_PER_USER: Final = 40
CLOCK_SLACK: Final = 5.0
RENEWAL_SPREAD: Final = 60.0

_BEAT: Final = b"event: beat\ndata:\n\n"
_STALE: Final = b"event: stale\ndata:\n\n"
_EXPIRED: Final = b"event: expired\ndata:\n\n"
_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Event:
    """One published message as heard by this process."""

    id: str
    kind: str
    subject: str
    topics: frozenset[str]

    def encoded_for(self, topics: frozenset[str]) -> bytes:
        """The event as sent to a stream following `topics` of it; the others are none of its business."""
        data = json.dumps({"kind": self.kind, "id": self.subject, "topics": sorted(topics)}, separators=(",", ":"))
        return f"id: {self.id}\nevent: change\ndata: {data}\n\n".encode()


@dataclass(slots=True, eq=False)
class Stream:
    """One screen. Chunks queue here; one flush at a time carries all that waits."""

    token: LiveToken
    send: Send
    topics: frozenset[str]
    expires_at: float
    waiting: deque[bytes] = field(default_factory=deque)
    flushing: "asyncio.Task[None] | None" = None
    flushing_since: float = 0.0
    closing: bool = False
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def push(self, chunk: bytes) -> None:
        if self.closing:
            return
        if len(self.waiting) >= QUEUE_SIZE:
            self.drop()
            return
        self.waiting.append(chunk)
        if self.flushing is None:
            self.flushing_since = time.time()
            self.flushing = asyncio.create_task(self._flush())

    def is_stuck(self, now: float) -> bool:
        return self.flushing is not None and self.flushing_since < now - SEND_TIMEOUT

    def finish(self, chunk: bytes) -> None:
        """Send a last chunk, then close."""
        self.push(chunk)
        self.closing = True
        if self.flushing is None:
            self.closed.set()

    def drop(self) -> None:
        """Close without waiting for a screen that does not read."""
        self.closing = True
        self.closed.set()

    async def _flush(self) -> None:
        try:
            while self.waiting and not self.closed.is_set():
                chunk = b"".join(self.waiting)
                self.waiting.clear()
                await self.send({"type": "http.response.body", "body": chunk, "more_body": True})
                self.flushing_since = time.time()
        except Exception:  # noqa: BLE001 - whatever the server raises for a vanished client, the stream is over
            self.drop()
        finally:
            self.flushing = None
            if self.closing:
                self.closed.set()


class LiveHub:
    """Fans out what PostgreSQL notifies to the streams of this process."""

    def __init__(self, *, dsn: str, session_cookie: str) -> None:
        self._dsn = make_conninfo(
            dsn,
            application_name="vigie-live",
            keepalives_idle=15,
            keepalives_interval=5,
            keepalives_count=3,
            connect_timeout=5,
        )
        self._session_cookie = session_cookie
        self._epoch = secrets.token_hex(4)
        self._counter = 0
        self._ring: OrderedDict[str, Event] = OrderedDict()
        self._position = f"{self._epoch}-0"
        self._by_topic: defaultdict[str, set[Stream]] = defaultdict(set)
        self._by_user: defaultdict[str, set[Stream]] = defaultdict(set)
        self._streams: set[Stream] = set()
        self._to_visit: deque[Stream] = deque()
        self._revoked: dict[tuple[str, str | None], float] = {}
        self._listening_since: float | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    # State, read from other threads for pages.

    def latest_event(self) -> str:
        """What a page rendered from now on has certainly seen."""
        return self._position

    # Life.

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._listen_for_ever()), asyncio.create_task(self._beat_for_ever())]

    async def stop(self) -> None:
        self.end_streams()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def end_streams(self) -> None:
        """End every stream, so that the server can stop; screens come back to the next process."""
        self._stopping = True
        for stream in list(self._streams):
            stream.drop()

    # Hearing PostgreSQL.

    async def _listen_for_ever(self) -> None:
        delay = 0.2
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._on_listening()
                    delay = 0.2
                    await self._hear(connection)
            except (psycopg.Error, OSError, TimeoutError) as error:
                self._on_deaf(error)
            await asyncio.sleep(delay * random.uniform(0.7, 1.3))  # noqa: S311 - spreading reconnections
            delay = min(delay * 2, 5.0)

    async def _hear(self, connection: psycopg.AsyncConnection[Any]) -> None:
        while True:
            async for notification in connection.notifies(timeout=BEAT_SECONDS):
                self.receive_notification(notification.payload)
            # A connection cut without a word is only noticed by using it.
            async with asyncio.timeout(5):
                await connection.execute("SELECT 1")

    def _on_listening(self) -> None:
        """What was published until now may have been missed: forget what we remember and have everything read again."""
        self._listening_since = time.time()
        self._ring.clear()
        self._remember(Event(id=self._own_identifier(), kind="listening", subject="", topics=frozenset()))
        resync = self._encoded_resync()
        for stream in self._streams:
            stream.push(resync)
            # A revocation may have been missed too: each screen proves its rights anew, not all in the same second.
            spread = random.uniform(1.0, RENEWAL_SPREAD)  # noqa: S311 - not a secret
            stream.expires_at = min(stream.expires_at, time.time() + spread)
        metrics.LIVE_LISTENING.set(1)
        log.info("live.listening", streams=len(self._streams))

    def _on_deaf(self, error: Exception) -> None:
        if self._listening_since is None:
            return
        self._listening_since = None
        for stream in self._streams:
            stream.push(_STALE)
        metrics.LIVE_LISTENING.set(0)
        log.warning("live.deaf", error=type(error).__name__, streams=len(self._streams))

    def receive_notification(self, payload: str) -> None:
        try:
            message = json.loads(payload)
            kind, topics = str(message["kind"]), frozenset(map(str, message["topics"]))
        except (ValueError, KeyError, TypeError):
            log.warning("live.unreadable_notification")
            return
        if kind == "revoke":
            self._revoke(str(message.get("user")), message.get("session"))
            return
        event = Event(
            id=str(message.get("event") or self._own_identifier()),
            kind=kind,
            subject=str(message.get("id", "")),
            topics=topics,
        )
        self._remember(event)
        self._fan_out(event)

    def _own_identifier(self) -> str:
        self._counter += 1
        return f"{self._epoch}-{self._counter}"

    def _remember(self, event: Event) -> None:
        self._ring[event.id] = event
        self._position = event.id
        if len(self._ring) > RING_SIZE:
            self._ring.popitem(last=False)

    def _fan_out(self, event: Event) -> None:
        followers: set[Stream] = set()
        for topic in event.topics:
            followers |= self._by_topic.get(topic, set())
        encoded: dict[frozenset[str], bytes] = {}
        for stream in followers:
            common = stream.topics & event.topics
            chunk = encoded.get(common)
            if chunk is None:
                chunk = encoded[common] = event.encoded_for(common)
            stream.push(chunk)

    def _revoke(self, user_id: str, session: str | None) -> None:
        now = time.time()
        self._revoked[user_id, session] = now
        self._revoked = {who: when for who, when in self._revoked.items() if when > now - TOKEN_LIFETIME}
        for stream in list(self._by_user.get(user_id, ())):
            if session is None or stream.token.session == session:
                stream.finish(_EXPIRED)

    # Time.

    async def _beat_for_ever(self) -> None:
        """Visit every stream once every fifteen seconds, a few at a time."""
        step = 0.5
        while True:
            await asyncio.sleep(step)
            now = time.time()
            share = max(1, round(len(self._streams) * step / BEAT_SECONDS))
            for stream in self._due_streams(share):
                if stream.is_stuck(now):
                    stream.drop()
                elif stream.expires_at <= now:
                    stream.finish(_EXPIRED)
                else:
                    stream.push(_BEAT)

    def _due_streams(self, share: int) -> Iterable[Stream]:
        """The next streams in turn."""
        if not self._to_visit:
            self._to_visit.extend(self._streams)
        for _ in range(min(share, len(self._to_visit))):
            stream = self._to_visit.popleft()
            if stream in self._streams:
                yield stream

    # One stream.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            await _answer(send, 405)
            return
        query = parse_qs(scope["query_string"].decode("latin-1"))
        headers = dict(scope["headers"])
        token = self._token_of(query, headers)
        full = len(self._streams) >= MAX_STREAMS
        if full or self._stopping:
            await _answer(send, 503)
            return
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if token is None:
            # Not an error status: the browser would give up for good instead of asking for another token.
            await send({"type": "http.response.body", "body": _EXPIRED, "more_body": False})
            return
        last_seen = headers.get(b"last-event-id", b"").decode("latin-1") or query.get("last", [""])[0]
        stream = self._open(token, send)
        try:
            stream.push(self._greeting(stream, last_seen))
            await self._until_closed(stream, receive)
        finally:
            self._forget(stream)
        await self._say_goodbye(send)

    def _token_of(self, query: dict[str, list[str]], headers: dict[bytes, bytes]) -> LiveToken | None:
        try:
            token = read_token(query.get("token", [""])[0])
        except InvalidToken:
            return None
        if token.session != self._session_of(headers):
            return None
        if self._listening_since is not None and token.issued_at < self._listening_since - CLOCK_SLACK:
            return None  # revoked before we listened? We cannot know.
        for who in ((token.user_id, None), (token.user_id, token.session)):
            if self._revoked.get(who, 0.0) >= token.issued_at:
                return None
        return token

    def _session_of(self, headers: dict[bytes, bytes]) -> str:
        cookie: SimpleCookie = SimpleCookie()
        with contextlib.suppress(CookieError):
            cookie.load(headers.get(b"cookie", b"").decode("latin-1"))
        morsel = cookie.get(self._session_cookie)
        return session_fingerprint(morsel.value) if morsel is not None else ""

    def _open(self, token: LiveToken, send: Send) -> Stream:
        topics = frozenset(token.topics)
        stream = Stream(token=token, send=send, topics=topics, expires_at=token.expires_at)
        others = self._by_user[token.user_id]
        if len(others) >= MAX_STREAMS_PER_USER:
            next(iter(others)).finish(_EXPIRED)
        others.add(stream)
        self._streams.add(stream)
        metrics.LIVE_STREAMS.set(len(self._streams))
        for topic in topics:
            self._by_topic[topic].add(stream)
        return stream

    def _forget(self, stream: Stream) -> None:
        stream.drop()
        self._streams.discard(stream)
        metrics.LIVE_STREAMS.set(len(self._streams))
        _discard(self._by_user, stream.token.user_id, stream)
        for topic in stream.topics:
            _discard(self._by_topic, topic, stream)

    def _greeting(self, stream: Stream, last_seen: str) -> bytes:
        if self._listening_since is None:
            return _STALE
        if not last_seen or last_seen == self._position:
            return f"id: {self._position}\nevent: open\ndata:\n\n".encode()
        if last_seen not in self._ring:
            return self._encoded_resync()
        return b"".join(self._missed(stream, last_seen))

    def _missed(self, stream: Stream, last_seen: str) -> Iterable[bytes]:
        missed = itertools.takewhile(lambda event: event.id != last_seen, reversed(self._ring.values()))
        for event in reversed(list(missed)):
            common = stream.topics & event.topics
            if common:
                yield event.encoded_for(common)
        yield f"id: {self._position}\nevent: open\ndata:\n\n".encode()

    def _encoded_resync(self) -> bytes:
        return f"id: {self._position}\nevent: resync\ndata:\n\n".encode()

    async def _until_closed(self, stream: Stream, receive: Receive) -> None:
        gone = asyncio.ensure_future(_disconnection(receive))
        ended = asyncio.ensure_future(stream.closed.wait())
        try:
            await asyncio.wait({gone, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            ended.cancel()
            if stream.flushing is not None:
                stream.flushing.cancel()

    async def _say_goodbye(self, send: Send) -> None:
        with contextlib.suppress(Exception):
            async with asyncio.timeout(SEND_TIMEOUT):
                await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _disconnection(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Send, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0"), (b"retry-after", b"5")]})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _discard(index: defaultdict[str, set[Stream]], key: str, stream: Stream) -> None:
    members = index.get(key)
    if members is not None:
        members.discard(stream)
        if not members:
            del index[key]
