"""The real server, in its own processes, with clients that stall and parents that die."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from vigie.config import server
from vigie.config.environment import ConfigurationError
from vigie.foundation import live


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def served(port: int, tmp_path: Path) -> "Iterator[subprocess.Popen[bytes]]":
    variables = os.environ | {"VIGIE_DATA": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-m", "vigie.config.tests.served", str(port)], env=variables)
    deadline = time.monotonic() + 20
    while not answers(port):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield process
    process.kill()
    process.wait()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


Ask = Callable[..., socket.socket]


@pytest.fixture
def ask(port: int) -> Iterator[Ask]:
    with ExitStack() as clients:

        def open_and_ask(path: str, cookie: str = "") -> socket.socket:
            client = clients.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode())
            return client

        yield open_and_ask


def stream_path() -> str:
    return f"/live/?token={live.issue_token('alice', [], live.session_fingerprint('key'))}"


def test_pages_answer_beside_twenty_stalled_clients_and_a_stream_and_all_stop_in_ten_seconds(
    served: "subprocess.Popen[bytes]", port: int, ask: Ask
) -> None:
    stream = ask(stream_path(), cookie="session=key")
    heard = b""
    while b"event: stale" not in heard:
        heard += stream.recv(1000)
    stalled = [ask("/large") for _ in range(20)]
    for client in stalled:
        client.recv(10)
    begun = time.monotonic()
    assert answers(port)
    assert time.monotonic() - begun < 1
    begun = time.monotonic()
    served.send_signal(signal.SIGTERM)
    served.wait(15)
    assert time.monotonic() - begun < 10
    assert not answers(port)


def test_a_quiet_server_stops_at_once_though_a_stream_is_open(served: "subprocess.Popen[bytes]", ask: Ask) -> None:
    stream = ask(stream_path(), cookie="session=key")
    stream.recv(1000)
    begun = time.monotonic()
    served.send_signal(signal.SIGTERM)
    assert served.wait(15) == 0
    assert time.monotonic() - begun < 3


def test_nothing_answers_any_more_once_the_parent_was_killed(served: "subprocess.Popen[bytes]", port: int) -> None:
    served.kill()
    served.wait()
    deadline = time.monotonic() + 10
    while answers(port):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_an_address_that_is_taken_is_refused_with_advice(port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(ConfigurationError, match="VIGIE_PORT"):
            server._claim_address("127.0.0.1", port)
    server._claim_address("127.0.0.1", port)
