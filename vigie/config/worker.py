"""`vigie worker`: runs the jobs, and does again those of a worker that was killed."""

import asyncio
import os
import signal
import threading
from contextlib import suppress

import django
from procrastinate import App, PsycopgConnector

_JOB_SECONDS = 5
"""How long jobs under way may go on after a request to stop."""
_STOP_SECONDS = 8
"""A job stuck in a system call cannot be interrupted: the process leaves without it, and it is done again elsewhere."""


def main() -> None:
    """Run jobs until SIGTERM or SIGINT; jobs under way get a few seconds to end."""
    django.setup()
    from django.conf import settings
    from procrastinate.contrib.django import app

    # Past any transaction pooler: the worker listens.
    connector = PsycopgConnector(conninfo=settings.VIGIE_DIRECT_DATABASE_URL, min_size=1, max_size=4)
    # A copy of the app: jobs deferred inside a job go on through Django's connection, in its transaction.
    with suppress(asyncio.CancelledError):
        asyncio.run(_run(app.with_connector(connector)))


async def _run(worker_app: App) -> None:
    from vigie.foundation import tasks

    async with worker_app.open_async():
        worker = asyncio.ensure_future(
            worker_app.run_worker_async(
                concurrency=4,
                shutdown_graceful_timeout=_JOB_SECONDS,
                fetch_job_polling_interval=5,
                delete_jobs="successful",
                update_heartbeat_interval=tasks.HEARTBEAT_SECONDS,
                stalled_worker_timeout=tasks.STALLED_SECONDS,
                install_signal_handlers=False,
            )
        )

        def stop() -> None:
            worker.cancel()
            last_resort = threading.Timer(_STOP_SECONDS, os._exit, [0])
            last_resort.daemon = True
            last_resort.start()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
        await worker
