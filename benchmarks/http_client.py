"""A frugal HTTP/1.1 client: what the client burns, the servers on the same cores do not get.

Knows just what our servers answer: responses with a Content-Length, over kept connections.
"""

import asyncio
import gzip
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

TIMEOUT_SECONDS: Final = 30


class UnexpectedAnswer(Exception):
    """The server answered something else than the measured page."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    head: bytes
    body: bytes

    @property
    def body_text(self) -> bytes:
        """The body, decompressed if need be."""
        return gzip.decompress(self.body) if self.header("content-encoding") == "gzip" else self.body

    def header(self, name: str) -> str:
        """The first value of a header, empty when absent."""
        wanted = name.lower() + ":"
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            if line.lower().startswith(wanted):
                return line[len(wanted) :].strip()
        return ""


class _Exchange(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._waiting: asyncio.Future[Answer] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self, request: bytes) -> "asyncio.Future[Answer]":
        assert self.transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._waiting

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or self._waiting is None:
            return
        head = bytes(self._received[:end])
        lowered = head.lower()
        start = lowered.find(b"content-length:")
        length = int(lowered[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
        if len(self._received) < end + 4 + length:
            return
        body = bytes(self._received[end + 4 : end + 4 + length])
        self._received.clear()
        waiting, self._waiting = self._waiting, None
        waiting.set_result(Answer(int(head[9:12]), head, body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("closed by the server"))


class Connection:
    """One kept connection to one server."""

    def __init__(self, port: int, cookies: Mapping[str, str] | None = None) -> None:
        self.port = port
        self.cookies = dict(cookies or {})
        self._exchange: _Exchange | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answer:
        if self._exchange is None or self._exchange.transport is None or self._exchange.transport.is_closing():
            loop = asyncio.get_running_loop()
            _, self._exchange = await loop.create_connection(_Exchange, "127.0.0.1", self.port)
        lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{self.port}", "Accept-Encoding: gzip", "Accept: text/html"]
        if self.cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        if body or method == "POST":
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        request = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
        answer = await asyncio.wait_for(self._exchange.ask(request), TIMEOUT_SECONDS)
        self._keep_cookies(answer)
        return answer

    def _keep_cookies(self, answer: Answer) -> None:
        if b"et-cookie:" not in answer.head.lower():
            return
        for line in answer.head.decode("latin-1").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "set-cookie":
                key, _, content = value.strip().split(";", 1)[0].partition("=")
                self.cookies[key] = content

    def close(self) -> None:
        if self._exchange is not None and self._exchange.transport is not None:
            self._exchange.transport.close()


@dataclass(slots=True)
class Measure:
    """Durations in seconds, in the order of arrival, and how long the whole took."""

    durations: list[float] = field(default_factory=list)
    elapsed: float = 0.0
    size: int = 0

    @property
    def rate(self) -> float:
        return len(self.durations) / self.elapsed if self.elapsed else 0.0

    def percentile(self, share: float) -> float:
        ordered = sorted(self.durations)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0

    def extend(self, other: "Measure") -> None:
        self.durations += other.durations
        self.elapsed += other.elapsed
        self.size = other.size or self.size


Step = Callable[[Connection, int], Awaitable[Answer]]
"""One measured request: gets a connection and the number of the request."""


async def measure(step: Step, *, connections: list[Connection], count: int, accepted: frozenset[int] = frozenset({200})) -> Measure:
    """Make `count` requests over these connections, each sending its next one as soon as it is answered."""
    numbers = iter(range(count))
    result = Measure()

    async def run(connection: Connection) -> None:
        for number in numbers:
            begun = time.perf_counter()
            answer = await step(connection, number)
            result.durations.append(time.perf_counter() - begun)
            if answer.status not in accepted:
                raise UnexpectedAnswer(f"{answer.status}: {answer.body[:300]!r}")
            result.size = len(answer.body)

    begun = time.perf_counter()
    await asyncio.gather(*(run(connection) for connection in connections))
    result.elapsed = time.perf_counter() - begun
    return result
