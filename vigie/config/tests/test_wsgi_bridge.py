"""The bridge between the event loop and Django's threads, with clients that misbehave."""

import asyncio
import gzip
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from io import BytesIO
from typing import Any

import pytest

from vigie.config import wsgi_bridge
from vigie.config.wsgi_bridge import WSGIBridge

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Client:
    """One request: its body in pieces, and what it received."""

    def __init__(self, *pieces: bytes, stalls: bool = False) -> None:
        self.pieces = list(pieces) or [b""]
        self.stalls = stalls
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.complete = False

    async def receive(self) -> dict[str, Any]:
        if not self.pieces:
            await asyncio.Event().wait()
        piece = self.pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self.pieces)}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        if self.stalls:
            await asyncio.Event().wait()
        self.body += message["body"]
        self.complete = not message["more_body"]


def scope(method: str = "GET", path: str = "/", headers: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"a=1",
        "http_version": "1.1",
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
        "client": ("127.0.0.1", 4242),
        "server": ("127.0.0.1", 8000),
    }


def asked(application: Application, client: Client, **request: Any) -> Client:
    bridge = WSGIBridge(application, max_body=10_000_000)
    asyncio.run(bridge(scope(**request), client.receive, client.send))
    return client


def page(body: bytes = b"bonjour", content_type: str = "text/html; charset=utf-8", status: str = "200 OK") -> Application:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [body]

    return application


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(body)))])
    return [body]


def test_a_page_is_answered_with_its_status_headers_and_body() -> None:
    client = asked(page(status="404 Not Found"), Client())
    assert (client.status, client.body, client.headers["content-length"], client.complete) == (404, b"bonjour", "7", True)


def test_a_body_sent_in_pieces_reaches_the_application_whole() -> None:
    pieces = [bytes([n]) * 700_000 for n in range(5)]
    assert asked(echo, Client(*pieces), method="POST").body == b"".join(pieces)


def test_a_body_larger_than_allowed_is_refused_before_the_application() -> None:
    client = asked(echo, Client(b"x"), method="POST", headers={"content-length": "99999999"})
    assert client.status == 413
    assert asked(echo, Client(*[b"x" * 1_000_000] * 11), method="POST").status == 413


def test_a_client_that_stops_sending_never_takes_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi_bridge, "RECEIVE_TIMEOUT", 0.05)
    called = threading.Event()

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        called.set()
        return page()(environ, start_response)

    client = Client(b"begun", b"never sent")
    original = client.receive

    async def receive() -> dict[str, Any]:
        if len(client.pieces) == 1:
            await asyncio.Event().wait()
        return await original()

    client.receive = receive  # type: ignore[method-assign]
    assert asked(application, client, method="POST").status == 408
    assert not called.is_set()


def test_clients_that_read_nothing_hold_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi_bridge, "SEND_TIMEOUT", 0.3)

    async def story() -> float:
        bridge = WSGIBridge(page(b"x" * 100_000), max_body=1000, threads=2)
        stalled = [asyncio.create_task(_ask(bridge, Client(stalls=True))) for _ in range(20)]
        await asyncio.sleep(0.05)
        begun = time.perf_counter()
        answered = await _ask(bridge, Client())
        elapsed = time.perf_counter() - begun
        assert answered.complete
        await asyncio.gather(*stalled)
        return elapsed

    assert asyncio.run(story()) < 0.2


async def _ask(bridge: Callable[..., Awaitable[None]], client: Client) -> Client:
    await bridge(scope(), client.receive, client.send)
    return client


def test_more_waiting_requests_than_threads_can_serve_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi_bridge, "MAX_WAITING", 3)
    going = threading.Event()

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        going.wait(5)
        return page()(environ, start_response)

    async def story() -> list[int]:
        bridge = WSGIBridge(application, max_body=1000, threads=1)
        requests = [asyncio.create_task(_ask(bridge, Client())) for _ in range(5)]
        await asyncio.sleep(0.1)
        going.set()
        return sorted(client.status for client in await asyncio.gather(*requests))

    assert asyncio.run(story()) == [200, 200, 200, 503, 503]


def test_a_file_is_sent_in_chunks_and_closed() -> None:
    file = BytesIO(b"0123456789" * 100_000)

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "application/pdf")])
        return environ["wsgi.file_wrapper"](file)

    client = asked(application, Client())
    assert (len(client.body), client.complete, file.closed) == (1_000_000, True, True)


def test_a_long_answer_goes_through_a_file_and_its_iterable_is_closed() -> None:
    closed = threading.Event()

    class Rows:
        def __iter__(self) -> Any:
            return iter([b"x" * 300_000] * 10)

        def close(self) -> None:
            closed.set()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/csv")])
        return Rows()

    client = asked(application, Client())
    assert (len(client.body), client.complete, closed.is_set()) == (3_000_000, True, True)


def test_pages_are_compressed_with_a_padding_of_random_length() -> None:
    body = "é".encode() * 5000
    client = asked(page(body), Client(), headers={"accept-encoding": "gzip, br"})
    assert gzip.decompress(client.body) == body
    assert client.headers["content-length"] == str(len(client.body))
    assert client.headers["vary"] == "Accept-Encoding"
    assert len({len(wsgi_bridge.gzip_padded(body)) for _ in range(30)}) > 5


@pytest.mark.parametrize(
    ("body", "content_type", "accepted"),
    [(b"court", "text/html", "gzip"), (b"x" * 5000, "image/png", "gzip"), (b"x" * 5000, "text/html", "")],
)
def test_what_is_short_already_compressed_or_not_understood_is_sent_as_it_is(body: bytes, content_type: str, accepted: str) -> None:
    client = asked(page(body, content_type), Client(), headers={"accept-encoding": accepted})
    assert client.body == body


def test_a_header_with_an_underscore_cannot_pass_for_another() -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.update(environ)
        return page()(environ, start_response)

    asked(application, Client(), headers={"x_forwarded_for": "6.6.6.6", "x-real": "1"})
    assert "HTTP_X_FORWARDED_FOR" not in seen
    assert (seen["HTTP_X_REAL"], seen["QUERY_STRING"], seen["REMOTE_ADDR"]) == ("1", "a=1", "127.0.0.1")


def test_an_application_that_fails_gives_its_thread_back() -> None:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise ZeroDivisionError

    async def story() -> None:
        bridge = WSGIBridge(application, max_body=1000, threads=1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(_ask(bridge, Client()), 1)

    asyncio.run(story())
