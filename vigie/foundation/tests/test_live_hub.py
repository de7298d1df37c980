"""The hub is driven as the server drives it: ASGI scopes, messages in, messages out."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest

from vigie.foundation import live, live_hub
from vigie.foundation.live_hub import LiveHub

COOKIE = "vigie-session-test"
SESSION = "the-session-key"


class Screen:
    """One browser following a stream."""

    def __init__(self) -> None:
        self.received = b""
        self.status = 0
        self.ended = False
        self.reads = asyncio.Event()
        self.reads.set()
        self.left = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        await self.reads.wait()
        self.received += message["body"]
        self.ended = not message["more_body"]

    def events(self) -> list[str]:
        return [line[7:].decode() for line in self.received.split(b"\n") if line.startswith(b"event: ")]

    def changes(self) -> list[dict[str, Any]]:
        return [json.loads(line[6:]) for line in self.received.split(b"\n") if line.startswith(b"data: {")]

    def last_id(self) -> str:
        return [line[4:].decode() for line in self.received.split(b"\n") if line.startswith(b"id: ")][-1]


class Room:
    """A hub that hears what the test says, without PostgreSQL."""

    def __init__(self) -> None:
        self.hub = LiveHub(dsn="", session_cookie=COOKIE)
        self.tasks: list[asyncio.Task[None]] = []

    def open(self, *topics: str, user: str = "alice", session: str = SESSION, last: str = "", token: str | None = None) -> Screen:
        screen = Screen()
        token = token if token is not None else live.issue_token(user, topics, live.session_fingerprint(SESSION))
        scope = {
            "type": "http",
            "method": "GET",
            "query_string": f"token={token}".encode(),
            "headers": [(b"cookie", f"{COOKIE}={session}".encode()), (b"last-event-id", last.encode())],
        }
        self.tasks.append(asyncio.create_task(self.hub(scope, screen.receive, screen.send)))
        return screen

    def hears(self, *topics: str, event: str = "", kind: str = "incident.changed", **more: str) -> None:
        message = {"topics": list(topics), "kind": kind, "id": "42", "event": event or uuid4().hex, **more}
        self.hub.receive_notification(json.dumps(message))


async def soon() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
    # What waits for a time-out of nothing needs the clock to turn too.
    await asyncio.sleep(0.01)


@asynccontextmanager
async def listening_room() -> AsyncIterator[Room]:
    room = Room()
    room.hub._on_listening()
    yield room
    room.hub.end_streams()
    await asyncio.gather(*room.tasks)


def played(story: Callable[[Room], Awaitable[None]]) -> None:
    async def play() -> None:
        async with listening_room() as room:
            await story(room)

    asyncio.run(play())


def test_a_change_reaches_those_who_follow_its_topic_and_nobody_else() -> None:
    async def story(room: Room) -> None:
        alice, bob = room.open("incident:1", "site:9"), room.open("incident:2", user="bob")
        await soon()
        room.hears("incident:1", "desk:5")
        await soon()
        assert alice.changes() == [{"kind": "incident.changed", "id": "42", "topics": ["incident:1"]}]
        assert bob.changes() == []

    played(story)


def test_a_stream_resumes_after_its_last_event() -> None:
    async def story(room: Room) -> None:
        alice = room.open("incident:1")
        await soon()
        room.hears("incident:1", event="e1")
        await soon()
        alice.left.set()
        await soon()
        room.hears("incident:1", event="e2")
        room.hears("incident:2", event="e3")
        again = room.open("incident:1", last=alice.last_id())
        await soon()
        assert again.events() == ["change", "open"]
        assert again.last_id() == "e3"

    played(story)


def test_a_stream_resumes_in_another_process_that_heard_the_same_events() -> None:
    async def story(room: Room) -> None:
        async with listening_room() as other:
            for process in (room, other):
                process.hears("incident:1", event="e1")
                process.hears("incident:1", event="e2")
            screen = other.open("incident:1", last="e1")
            await soon()
            assert screen.events() == ["change", "open"]

    played(story)


def test_an_unknown_position_is_answered_with_resync() -> None:
    async def story(room: Room) -> None:
        screen = room.open("incident:1", last="from-a-former-process")
        await soon()
        assert screen.events() == ["resync"]

    played(story)


def test_what_happened_between_the_page_and_its_stream_is_replayed() -> None:
    async def story(room: Room) -> None:
        mark = room.hub.latest_event()
        room.hears("incident:1")
        screen = room.open("incident:1", last=mark)
        await soon()
        assert screen.events() == ["change", "open"]

    played(story)


def test_screens_are_stale_while_postgresql_is_away_and_resync_when_it_is_back() -> None:
    async def story(room: Room) -> None:
        screen = room.open("incident:1")
        await soon()
        room.hub._on_deaf(OSError())
        late = room.open("incident:1")
        await soon()
        room.hub._on_listening()
        await soon()
        assert screen.events() == ["open", "stale", "resync"]
        assert late.events() == ["stale", "resync"]

    played(story)


@pytest.mark.parametrize("token", ["", "forged", "a:b:c"])
def test_a_bad_token_opens_nothing_and_asks_for_another(token: str) -> None:
    async def story(room: Room) -> None:
        screen = room.open("incident:1", token=token)
        await soon()
        assert (screen.status, screen.events(), screen.ended) == (200, ["expired"], True)

    played(story)


def test_a_token_is_worth_nothing_in_another_session() -> None:
    async def story(room: Room) -> None:
        screen = room.open("incident:1", session="somebody-else")
        await soon()
        assert screen.events() == ["expired"]

    played(story)


def test_a_token_of_before_we_listened_is_refused_since_it_may_be_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(room: Room) -> None:
        token = live.issue_token("alice", ["incident:1"], live.session_fingerprint(SESSION))
        room.hub._listening_since = time.time() + 60
        screen = room.open(token=token)
        await soon()
        assert screen.events() == ["expired"]

    played(story)


def test_revocation_closes_the_streams_of_the_user_and_refuses_their_tokens() -> None:
    async def story(room: Room) -> None:
        token = live.issue_token("alice", ["incident:1"], live.session_fingerprint(SESSION))
        alice, bob = room.open(token=token), room.open("incident:1", user="bob")
        await soon()
        room.hears(kind="revoke", user="alice")
        await soon()
        assert alice.events() == ["open", "expired"]
        assert alice.ended
        assert bob.events() == ["open"]
        again = room.open(token=token)
        await soon()
        assert again.events() == ["expired"]

    played(story)


def test_ending_one_session_leaves_the_others() -> None:
    async def story(room: Room) -> None:
        here = room.open("incident:1")
        await soon()
        room.hears(kind="revoke", user="alice", session=live.session_fingerprint("another-session"))
        await soon()
        assert here.events() == ["open"]

    played(story)


def test_a_screen_that_does_not_read_is_dropped_and_the_others_go_on() -> None:
    async def story(room: Room) -> None:
        slow, quick = room.open("incident:1"), room.open("incident:1")
        await soon()
        slow.reads.clear()
        for _ in range(live_hub.QUEUE_SIZE + 10):
            room.hears("incident:1")
            await asyncio.sleep(0)
        await soon()
        assert len(quick.changes()) == live_hub.QUEUE_SIZE + 10
        assert len(room.hub._streams) == 1
        slow.reads.set()

    played(story)


def test_expired_streams_are_closed_and_live_ones_hear_a_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_hub, "BEAT_SECONDS", 0.01)

    async def story(room: Room) -> None:
        ending, lasting = room.open("incident:1"), room.open("incident:1")
        await soon()
        streams = {stream.send.__self__: stream for stream in room.hub._streams}  # type: ignore[attr-defined]
        streams[ending].expires_at = 0
        beating = asyncio.create_task(room.hub._beat_for_ever())
        await asyncio.sleep(0.6)
        beating.cancel()
        assert ending.events() == ["open", "expired"]
        assert lasting.events() == ["open", "beat"]

    played(story)


def test_a_user_cannot_hold_more_streams_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_hub, "MAX_STREAMS_PER_USER", 2)

    async def story(room: Room) -> None:
        for _ in range(5):
            room.open("incident:1")
            await soon()
        assert len(room.hub._streams) == 2

    played(story)


def test_nothing_remains_of_a_screen_that_left() -> None:
    async def story(room: Room) -> None:
        screen = room.open("incident:1", "site:2")
        await soon()
        screen.left.set()
        await soon()
        assert not room.hub._streams
        assert not room.hub._by_topic
        assert not room.hub._by_user

    played(story)


@pytest.mark.parametrize("payload", ["", "{", "[]", "null", '{"topics": 3, "kind": "x"}', '{"kind": "x"}'])
def test_nonsense_on_the_channel_harms_nobody(payload: str) -> None:
    async def story(room: Room) -> None:
        room.hub.receive_notification(payload)

    played(story)
