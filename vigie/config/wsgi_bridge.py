"""Django's WSGI handler under an ASGI server, in a few threads that no client can hold.

A thread is taken only once the whole request is here, and given back before the first byte of the answer leaves: a screen that sends
or reads slowly costs a coroutine. Small bodies stay in memory, larger ones go through a temporary file. Every wait on the client has a
limit. Answers worth it are compressed here, outside of the page's transaction.

Written instead of a2wsgi, which crosses threads for each chunk, and whose thread waits for the slowest client (ADR in docs/adr).
"""

import asyncio
import contextlib
import io
import secrets
import sys
import tempfile
import zlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Any, Final

import structlog

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
WSGIApplication = Callable[[dict[str, Any], Callable[..., Callable[[bytes], object]]], Iterable[bytes]]

THREADS: Final = 8
MAX_WAITING: Final = 512
"""Requests waiting for a thread beyond which we answer 503: a queue that long is a minute of work."""
IN_MEMORY: Final = 1024 * 1024
CHUNK: Final = 256 * 1024
RECEIVE_TIMEOUT: Final = 30.0
SEND_TIMEOUT: Final = 30.0
COMPRESS_FROM: Final = 860
COMPRESSED_TYPES: Final = ("text/", "application/json", "image/svg+xml", "application/javascript")

log = structlog.get_logger(__name__)


class _ClientGone(Exception):
    """The client left, or stalled for longer than allowed."""


class _BodyTooLarge(Exception):
    """The request's body is larger than anything the application accepts."""


@dataclass(slots=True)
class _Answer:
    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    file: IO[bytes] | None = None


class FileWrapper:
    """What the application answers when it sends a file: read by the event loop, after the thread is given back."""

    def __init__(self, file: IO[bytes], block_size: int = CHUNK) -> None:
        self.file = file
        self.block_size = block_size

    def __iter__(self) -> "FileWrapper":
        return self

    def __next__(self) -> bytes:
        data = self.file.read(self.block_size)
        if not data:
            raise StopIteration
        return data


class WSGIBridge:
    """An ASGI application that runs a WSGI application in threads."""

    def __init__(self, application: WSGIApplication, *, max_body: int, threads: int = THREADS) -> None:
        self._application = application
        self._max_body = max_body
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="page")
        self._files = ThreadPoolExecutor(4, thread_name_prefix="file")
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._waiting >= MAX_WAITING:
            await _refuse(send, 503)
            return
        try:
            body = await self._request_body(scope, receive)
        except _BodyTooLarge:
            await _refuse(send, 413)
            return
        except _ClientGone:
            await _refuse(send, 408)
            return
        try:
            answer = await self._run(scope, body)
        finally:
            body.close()
        with contextlib.suppress(_ClientGone):
            await self._send(answer, receive, send, is_head=scope["method"] == "HEAD")

    async def _request_body(self, scope: Scope, receive: Receive) -> IO[bytes]:
        declared = 0
        for name, value in scope["headers"]:
            if name == b"content-length":
                declared = int(value) if value.isdigit() else 0
        if declared > self._max_body:
            raise _BodyTooLarge
        first = await _next_message(receive)
        if not first.get("more_body", False):
            return io.BytesIO(first.get("body", b""))
        return await self._spooled_body(first, receive)

    async def _spooled_body(self, message: Message, receive: Receive) -> IO[bytes]:
        file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with the request
        size = 0
        try:
            while True:
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > self._max_body:
                    raise _BodyTooLarge  # noqa: TRY301 - the same clean-up as any other failure
                file.write(chunk)
                if not message.get("more_body", False):
                    break
                message = await _next_message(receive)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file

    async def _run(self, scope: Scope, body: IO[bytes]) -> _Answer:
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._call, _environ(scope, body))
        finally:
            self._waiting -= 1

    def _call(self, environ: dict[str, Any]) -> _Answer:
        """In a thread: the whole page, from its middleware to its compressed bytes."""
        answer = _Answer()

        def start_response(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> Callable[[bytes], object]:
            answer.status = int(status[:3])
            answer.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            return _unsupported_write

        result = self._application(environ, start_response)
        if isinstance(result, FileWrapper):
            answer.file = result.file
            return answer
        try:
            _gather(result, answer)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        if environ["REQUEST_METHOD"] != "HEAD":
            _compress(answer, environ.get("HTTP_ACCEPT_ENCODING", ""))
        return answer

    async def _send(self, answer: _Answer, receive: Receive, send: Send, *, is_head: bool) -> None:
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            if answer.file is None or is_head:
                await _patiently(send, b"" if is_head else answer.body, more=False)
            else:
                await self._send_file(answer.file, receive, send)
        finally:
            if answer.file is not None:
                answer.file.close()

    async def _send_file(self, file: IO[bytes], receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        # The server accepts bytes for a client that left without complaining: ask it.
        gone = asyncio.ensure_future(receive())
        try:
            while chunk := await loop.run_in_executor(self._files, file.read, CHUNK):
                if gone.done():
                    raise _ClientGone
                await _patiently(send, chunk, more=True)
        finally:
            gone.cancel()
        await _patiently(send, b"", more=False)


async def _next_message(receive: Receive) -> Message:
    try:
        async with asyncio.timeout(RECEIVE_TIMEOUT):
            message = await receive()
    except TimeoutError as error:
        raise _ClientGone from error
    if message["type"] == "http.disconnect":
        raise _ClientGone
    return message


async def _patiently(send: Send, body: bytes, *, more: bool) -> None:
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            await send({"type": "http.response.body", "body": body, "more_body": more})
    except TimeoutError as error:
        raise _ClientGone from error


def _environ(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    server_name, server_port = scope.get("server") or ("localhost", 80)
    client = scope.get("client")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server_name,
        "SERVER_PORT": str(server_port or 0),
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if "_" in name:
            continue  # `x_forwarded_for` must not pass for `x-forwarded-for`.
        if name == "content-length":
            environ["CONTENT_LENGTH"] = value
        elif name == "content-type":
            environ["CONTENT_TYPE"] = value
        else:
            key = "HTTP_" + name.upper().replace("-", "_")
            separator = "; " if name == "cookie" else ","
            environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    if "CONTENT_LENGTH" not in environ:
        # A body sent in chunks: it is all here by now, and Django reads nothing without a length.
        environ["CONTENT_LENGTH"] = str(body.seek(0, io.SEEK_END))
        body.seek(0)
    return environ


def _gather(chunks: Iterable[bytes], answer: _Answer) -> None:
    """Run the application to its end; what is large goes to a temporary file."""
    gathered: list[bytes] = []
    size = 0
    iterator = iter(chunks)
    for chunk in iterator:
        size += len(chunk)
        gathered.append(chunk)
        if size > IN_MEMORY:
            _spill(gathered, iterator, answer)
            return
    answer.body = gathered[0] if len(gathered) == 1 else b"".join(gathered)


def _spill(gathered: list[bytes], rest: Iterable[bytes], answer: _Answer) -> None:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed once sent
    try:
        file.writelines(gathered)
        file.writelines(rest)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    answer.file = file


def _compress(answer: _Answer, accepted: str) -> None:
    """Compress with gzip, its header padded at random.

    Compression can betray a secret reflected beside an attacker's words (BREACH). Here CSRF tokens are masked anew and nonces drawn for
    each page, cookies are SameSite, and the padding (« Heal the Breach ») drowns differences of a few bytes.
    """
    if len(answer.body) < COMPRESS_FROM or answer.status != 200:
        return
    headers = dict(answer.headers)
    if b"content-encoding" in headers or not headers.get(b"content-type", b"").decode("latin-1").startswith(COMPRESSED_TYPES):
        return
    vary = headers.get(b"vary")
    others = [(name, value) for name, value in answer.headers if name not in {b"vary", b"content-length"}]
    if "gzip" in accepted:
        answer.body = gzip_padded(answer.body)
        others.append((b"content-encoding", b"gzip"))
    answer.headers = [
        *others,
        (b"vary", b"Accept-Encoding" if vary is None else vary + b", Accept-Encoding"),
        (b"content-length", str(len(answer.body)).encode()),
    ]


def gzip_padded(data: bytes) -> bytes:
    """A gzip member whose file name, which readers ignore, has a random length."""
    padding = secrets.token_hex(50)[: 1 + secrets.randbelow(100)].encode()
    deflate = zlib.compressobj(5, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    return b"".join(
        (
            b"\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\xff",
            padding,
            b"\x00",
            deflate.compress(data),
            deflate.flush(),
            zlib.crc32(data).to_bytes(4, "little"),
            (len(data) & 0xFFFFFFFF).to_bytes(4, "little"),
        )
    )


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"connection", b"close"), (b"retry-after", b"5")]
    with contextlib.suppress(Exception):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _unsupported_write(_chunk: bytes) -> object:
    raise NotImplementedError("write() belongs to applications older than WSGI iterables")
