"""The demonstration's mail server: takes every mail and keeps it in a folder, for the pages under `/courrier/`.

    python -m vigie.notifications.demo_mailbox 127.0.0.1 9000 .data/mail

It answers 250 once the mail is surely on disk, as a real server would. It never sends anything anywhere, and never
imports Django.
"""

import argparse
import asyncio
import itertools
import os
import signal
import time
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import default as modern
from pathlib import Path
from typing import Any, Final

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_MAIL: Final = 5 * 1024 * 1024
_ENVELOPE_HEADER: Final = "Delivered-To"
_counter = itertools.count()


def keep(folder: Path, content: bytes, recipients: list[str]) -> str:
    """Store one mail as a Maildir does (`tmp`, then `new`); return its name. It is on disk when this returns."""
    waiting, arrived = folder / "tmp", folder / "new"
    for each in (waiting, arrived, folder / "cur"):
        each.mkdir(parents=True, exist_ok=True)
    name = f"{time.time_ns():020d}.{os.getpid()}-{next(_counter)}.vigie"
    head = "".join(f"{_ENVELOPE_HEADER}: {recipient}\r\n" for recipient in recipients).encode("utf-8", "replace")
    with (waiting / name).open("xb") as file:
        file.write(head + content)
        file.flush()
        os.fsync(file.fileno())
    (waiting / name).rename(arrived / name)
    descriptor = os.open(arrived, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return name


def newest(folder: Path, *, limit: int) -> list[Path]:
    """Return the latest mails, the newest first: names begin with the time of arrival."""
    arrived = folder / "new"
    if not arrived.exists():
        return []
    return sorted(arrived.iterdir(), key=lambda path: path.name, reverse=True)[:limit]


def headers_of(path: Path) -> Message:
    with path.open("rb") as file:
        return BytesHeaderParser().parse(file)


def mail_of(path: Path) -> Any:
    """Return the whole mail, decoded, as an `email.message.EmailMessage`."""
    with path.open("rb") as file:
        return BytesParser(policy=modern).parse(file)


def decoded(value: str | None) -> str:
    return str(make_header(decode_header(value or "")))


class _Sink:
    """aiosmtpd's handler."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.original_content or b""
        try:
            await asyncio.to_thread(keep, self.folder, content, envelope.rcpt_tos)
        except OSError:
            return "451 4.3.0 The mail could not be written; try again later"
        return "250 2.0.0 Kept"


async def serve(host: str, port: int, folder: Path) -> None:
    """Take mail until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    sink = _Sink(folder)
    server = await loop.create_server(
        lambda: SMTP(sink, data_size_limit=LARGEST_MAIL, enable_SMTPUTF8=True, ident="Vigie demonstration", loop=loop),
        host,
        port,
    )
    async with server:
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m vigie.notifications.demo_mailbox", description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    asyncio.run(serve(options.host, options.port, options.folder))


if __name__ == "__main__":
    main()
