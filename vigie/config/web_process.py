"""One web process: assets and live streams on the event loop, pages in threads beside it."""

import asyncio
import os
import signal
from types import FrameType
from typing import Final

from vigie.config.static_files import StaticFiles
from vigie.config.wsgi_bridge import Receive, Scope, Send, WSGIBridge
from vigie.foundation import live
from vigie.foundation.live_hub import LiveHub

LIVE_PATH: Final = "/live/"
LAST_RESORT_SECONDS: Final = 9


class WebProcess:
    """Sends each request to who answers it, and lives as long as the server says."""

    def __init__(self, *, hub: LiveHub, static_files: StaticFiles, pages: WSGIBridge) -> None:
        self._hub = hub
        self._static_files = static_files
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            if path == LIVE_PATH:
                await self._hub(scope, receive, send)
            elif self._static_files.owns(path):
                await self._static_files(scope, send)
            else:
                await self._pages(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self._hub.start()
        live.set_event_source(self._hub.latest_event)
        self._end_streams_on_signal()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._hub.stop()
        await send({"type": "lifespan.shutdown.complete"})

    def _end_streams_on_signal(self) -> None:
        """End the streams when the server is told to stop: it waits for open answers, and these never end alone.

        The event loop keeps calling the server's own handler: it is woken by a descriptor, whoever handles the signal.
        """
        loop = asyncio.get_running_loop()

        def end_streams(_number: int, _frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._hub.end_streams)
            # A client that reads nothing would keep us; so would a parent that can no longer kill us.
            loop.call_soon_threadsafe(loop.call_later, LAST_RESORT_SECONDS, os._exit, 1)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end_streams)
