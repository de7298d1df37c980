"""Publishing, hearing over PostgreSQL, and who may follow what."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import time_machine
from django.db import connection, transaction
from psycopg.conninfo import make_conninfo

from vigie.foundation import live
from vigie.foundation.live_hub import LiveHub


@dataclass(frozen=True)
class Somebody:
    id: str = "0199-alice"


@pytest.fixture
def listener(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(_test_database(), autocommit=True) as conn:
        conn.execute(f"LISTEN {live.CHANNEL}")
        yield conn


def _test_database() -> str:
    parameters = connection.get_connection_params()
    wanted = {key: parameters.get(key) for key in ("dbname", "user", "password", "host", "port")}
    return make_conninfo(**{key: value for key, value in wanted.items() if value})


def _heard(listener: psycopg.Connection[Any], *, seconds: float = 0.5) -> list[dict[str, Any]]:
    return [json.loads(notification.payload) for notification in listener.notifies(timeout=seconds)]


def test_a_message_is_heard_once_its_transaction_commits(listener: psycopg.Connection[Any]) -> None:
    incident = uuid4()
    with transaction.atomic():
        live.publish(topics=["site:2", "incident:1", "site:2"], kind="incident.changed", id=incident)
        assert _heard(listener, seconds=0.1) == []
    (message,) = _heard(listener)
    assert message["topics"] == ["incident:1", "site:2"]
    assert message["id"] == str(incident)


def test_a_message_of_a_transaction_rolled_back_is_never_heard(listener: psycopg.Connection[Any]) -> None:
    with transaction.atomic():
        live.publish(topics=["incident:1"], kind="incident.changed", id=uuid4())
        transaction.set_rollback(True)
    assert _heard(listener) == []


def test_a_message_too_long_for_postgresql_is_cut_into_several(listener: psycopg.Connection[Any]) -> None:
    topics = [f"user:{uuid4()}" for _ in range(500)]
    with transaction.atomic():
        live.publish(topics=topics, kind="incident.changed", id=uuid4())
    messages = _heard(listener)
    assert len(messages) > 1
    assert sorted(topic for message in messages for topic in message["topics"]) == sorted(topics)


def test_the_hub_hears_again_after_postgresql_cut_its_connection(transactional_db: None) -> None:
    async def story() -> list[str]:
        hub = LiveHub(dsn=_test_database(), session_cookie="s")
        await hub.start()
        await _until(lambda: hub._listening_since is not None)
        first = hub.latest_event()
        await asyncio.to_thread(_terminate_listeners)
        await _until(lambda: hub._listening_since is not None and hub.latest_event() != first)
        second = hub.latest_event()
        await asyncio.to_thread(_publish_one)
        await _until(lambda: hub.latest_event() != second)
        await hub.stop()
        return [first, second, hub.latest_event()]

    assert len(set(asyncio.run(story()))) == 3


async def _until(condition: Any, seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - conditions of another task, that tells nobody
            await asyncio.sleep(0.02)


def _terminate_listeners() -> None:
    with psycopg.connect(_test_database(), autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'vigie-live' AND datname = current_database()"
        )


def _publish_one() -> None:
    with psycopg.connect(_test_database(), autocommit=True) as conn:
        conn.execute("SELECT pg_notify(%s, %s)", [live.CHANNEL, json.dumps({"topics": [], "kind": "x", "id": "1", "event": "e1"})])


def test_everybody_may_follow_their_own_topic_and_no_other_user() -> None:
    assert live.may_follow(Somebody(), "user:0199-alice")
    assert not live.may_follow(Somebody(), "user:0199-bob")


@pytest.mark.parametrize("topic", ["", "incident", "incident:", "unknown:1", "incident:1\nx", "INCIDENT:1", "incident:" + "1" * 80])
def test_nonsense_and_unknown_kinds_may_not_be_followed(topic: str) -> None:
    assert not live.may_follow(Somebody(), topic)


def test_a_guard_decides_for_its_kind() -> None:
    @live.topic_guard("parcel")
    def may_follow_parcel(follower: live.Follower, identifier: str) -> bool:
        return identifier == "mine"

    assert live.may_follow(Somebody(), "parcel:mine")
    assert not live.may_follow(Somebody(), "parcel:theirs")


def test_a_token_carries_its_topics_until_it_expires() -> None:
    with time_machine.travel("2026-01-01T10:00:00Z", tick=False) as clock:
        token = live.issue_token("alice", ["incident:1"], "fingerprint")
        assert live.read_token(token).topics == ("incident:1",)
        clock.shift(live.TOKEN_LIFETIME + 2)
        with pytest.raises(live.InvalidToken):
            live.read_token(token)


def test_a_token_cannot_be_altered() -> None:
    token = live.issue_token("alice", ["incident:1"], "fingerprint")
    with pytest.raises(live.InvalidToken):
        live.read_token(token[:-2] + ("aa" if not token.endswith("aa") else "bb"))
