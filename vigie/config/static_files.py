"""Assets, served from the event loop: hashed names for ever, precompressed when the browser accepts it.

WhiteNoise decides (types, cache headers, encodings, ranges, 304), we only send: a thread is too dear for a file of a few kilobytes
that the page cache holds.
"""

import re
import time
from pathlib import Path
from typing import Any, Final
from wsgiref.headers import Headers

from whitenoise import WhiteNoise

from vigie.config.wsgi_bridge import Scope, Send

_HASHED: Final = re.compile(r"/dist/.*[.-][0-9A-Za-z_]{8,}\.\w+(\.map)?$")


def _no_application(_environ: object, _start_response: object) -> list[bytes]:
    raise LookupError("only files are served here")


def _add_headers(headers: Headers, _path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


class StaticFiles:
    """The files of one folder under one prefix, listed once at start."""

    def __init__(self, *, folder: Path, prefix: str) -> None:
        self._prefix = prefix
        self._folder = folder
        self._index = self._scanned()
        self._scanned_at = time.monotonic()

    def _scanned(self) -> WhiteNoise:
        index = WhiteNoise(
            _no_application,
            max_age=3600,
            allow_all_origins=False,
            add_headers_function=_add_headers,
            immutable_file_test=lambda _path, url: _HASHED.search(url) is not None,
        )
        if self._folder.is_dir():
            index.add_files(str(self._folder), prefix=self._prefix)
        return index

    def _look_again(self, path: str) -> Any:
        """The assets may have been built again while we run; a stranger asking for nonsense costs one scan in five seconds."""
        if time.monotonic() - self._scanned_at < 5:
            return None
        self._index = self._scanned()
        self._scanned_at = time.monotonic()
        return self._index.files.get(path)

    def owns(self, path: str) -> bool:
        return path.startswith(self._prefix)

    async def __call__(self, scope: Scope, send: Send) -> None:
        file = self._index.files.get(scope["path"]) or self._look_again(scope["path"])
        if file is None:
            await _send(send, 404, [("Content-Length", "0")], b"")
            return
        asked = {"HTTP_" + name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1") for name, value in scope["headers"]}
        response = file.get_response(scope["method"], asked)
        body = b""
        if response.file is not None:
            with response.file:
                body = response.file.read()
        await _send(send, response.status, response.headers, body)


async def _send(send: Send, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": int(status), "headers": encoded})
    await send({"type": "http.response.body", "body": body, "more_body": False})
