"""Asking a clamd whether bytes are dangerous, by its INSTREAM command."""

import socket
import struct
from enum import Enum
from typing import Final
from urllib.parse import urlsplit

_SECONDS: Final = 30
_CHUNK: Final = 64 * 1024
_LONGEST_ANSWER: Final = 4096


class Verdict(Enum):
    CLEAN = "clean"
    INFECTED = "infected"


class ScannerUnavailable(Exception):
    """The scanner did not answer, or not with a verdict: ask again later."""


def scan(data: bytes, *, url: str) -> Verdict:
    """Return the verdict of the clamd at `url` (`tcp://host:port` or `unix:///path`).

    Raises:
        ScannerUnavailable: no verdict within the time allowed.

    """
    try:
        with _connected(url) as connection:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), _CHUNK):
                chunk = data[start : start + _CHUNK]
                connection.sendall(struct.pack("!I", len(chunk)) + chunk)
            connection.sendall(struct.pack("!I", 0))
            answer = _answer(connection)
    except OSError as error:
        raise ScannerUnavailable(type(error).__name__) from error
    if answer.endswith("FOUND"):
        return Verdict.INFECTED
    if answer == "stream: OK":
        return Verdict.CLEAN
    raise ScannerUnavailable(answer[:100])


def _connected(url: str) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_SECONDS)
        try:
            connection.connect(parts.path)
        except OSError:
            connection.close()
            raise
        return connection
    return socket.create_connection((parts.hostname or "", parts.port or 3310), timeout=_SECONDS)


def _answer(connection: socket.socket) -> str:
    received = b""
    while b"\0" not in received and len(received) < _LONGEST_ANSWER:
        part = connection.recv(_LONGEST_ANSWER)
        if not part:
            break
        received += part
    return received.split(b"\0")[0].decode("utf-8", "replace").strip()
