"""Thousands of screens on one process: how long from the commit of a change to each of them (PLA-22).

Runs in a process of its own, with plain sockets and epoll: two thousand asyncio clients would measure themselves.
"""

import argparse
import json
import os
import re
import resource
import select
import socket
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Final

import django
import psycopg
from django.conf import settings

from vigie.foundation import live

SESSION: Final = "bench-screen"
WRITES_PER_SECOND: Final = 25
_PUBLISHED: Final = re.compile(rb'"id":"(\d+)"')


@dataclass(slots=True)
class Outcome:
    screens: int
    followers_of_each_write: int
    writes: int
    received: int
    expected: int
    p50_ms: float
    p99_ms: float
    longest_ms: float


@dataclass(slots=True)
class Screens:
    """Open streams, read together."""

    port: int
    sockets: dict[int, socket.socket] = field(default_factory=dict)
    poll: select.epoll = field(default_factory=select.epoll)
    open: int = 0
    delays: list[float] = field(default_factory=list)

    def join(self, number: int, topics: list[str]) -> None:
        token = live.issue_token(f"bench-{number}", topics, live.session_fingerprint(SESSION))
        stream = socket.create_connection(("127.0.0.1", self.port))
        cookie = f"{settings.SESSION_COOKIE_NAME}={SESSION}"
        stream.sendall(f"GET /live/?token={token} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
        stream.setblocking(False)
        self.sockets[stream.fileno()] = stream
        self.poll.register(stream, select.EPOLLIN)

    def read(self, seconds: float) -> None:
        """Read whatever arrives, once."""
        for descriptor, _ in self.poll.poll(seconds):
            data = self.sockets[descriptor].recv(65536)
            now = time.monotonic_ns()
            if not data:
                raise ConnectionResetError("a screen was cut")
            self.open += data.count(b"event: open") + data.count(b"event: resync")
            for published in _PUBLISHED.findall(data):
                self.delays.append((now - int(published)) / 1e6)

    def close(self) -> None:
        for stream in self.sockets.values():
            stream.close()


def follow(port: int, *, screens: int, topics: int, seconds: float) -> Outcome:
    """Open the screens, write for some seconds, and time what each screen hears."""
    room = Screens(port)
    for number in range(screens):
        room.join(number, [f"incident:{number % topics}"])
        room.read(0)
    deadline = time.monotonic() + 30
    while room.open < screens and time.monotonic() < deadline:
        room.read(0.1)
    if room.open < screens:
        raise TimeoutError(f"{room.open} of {screens} screens opened")
    writes: list[int] = []
    writer = threading.Thread(target=_write, args=(topics, seconds, writes))
    writer.start()
    while writer.is_alive():
        room.read(0.05)
    expected = len(writes) * screens // topics
    deadline = time.monotonic() + 5
    while len(room.delays) < expected and time.monotonic() < deadline:
        room.read(0.1)
    room.close()
    ordered = sorted(room.delays)
    return Outcome(
        screens=screens,
        followers_of_each_write=screens // topics,
        writes=len(writes),
        received=len(ordered),
        expected=expected,
        p50_ms=ordered[len(ordered) // 2],
        p99_ms=ordered[int(len(ordered) * 0.99)],
        longest_ms=ordered[-1],
    )


def _write(topics: int, seconds: float, writes: list[int]) -> None:
    with psycopg.connect(os.environ["BENCH_DATABASE_URL"], autocommit=True) as connection:
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            message = {
                "topics": [f"incident:{len(writes) % topics}"],
                "kind": "incident.changed",
                "id": str(time.monotonic_ns()),
                "event": f"bench-{begun}-{len(writes)}",
            }
            connection.execute("SELECT pg_notify(%s, %s)", [live.CHANNEL, json.dumps(message)])
            writes.append(1)
            time.sleep(max(0.0, begun + len(writes) / WRITES_PER_SECOND - time.monotonic()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live_screens")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--screens", type=int, default=2000)
    parser.add_argument("--topics", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, options.screens + 200)), hard))
    django.setup()
    outcome = follow(options.port, screens=options.screens, topics=options.topics, seconds=options.seconds)
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
