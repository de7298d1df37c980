"""`vigie worker`: runs the jobs, and does again those of a worker that was killed, or that a cut of the database made it forget."""

import asyncio
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import django
import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.job_context import JobContext
from procrastinate.worker import Worker

_WATCH_SECONDS = 10
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
        asyncio.run(_work(app.with_connector(connector)))


async def _work(app: App) -> None:
    from vigie.foundation import tasks

    watch = JobWatch()
    async with app.open_async():
        watching = asyncio.create_task(watch.give_back_forgotten_jobs(app))
        worker = asyncio.ensure_future(
            app.run_worker_async(
                concurrency=4,
                shutdown_graceful_timeout=_JOB_SECONDS,
                fetch_job_polling_interval=5,
                delete_jobs="successful",
                update_heartbeat_interval=tasks.HEARTBEAT_SECONDS,
                stalled_worker_timeout=tasks.STALLED_SECONDS,
                worker_middleware=[watch.middleware],
                install_signal_handlers=False,
            )
        )
        _stop_on_signal(worker)
        try:
            await worker
        finally:
            watching.cancel()


def _stop_on_signal(worker: asyncio.Future[None]) -> None:
    """End the worker gently at SIGTERM or SIGINT, and the process a few seconds later, whatever its jobs do."""

    def stop() -> None:
        worker.cancel()
        last_resort = threading.Timer(_STOP_SECONDS, os._exit, [0])
        last_resort.daemon = True
        last_resort.start()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


class JobWatch:
    """Finds the jobs that are « doing » under our name though we do nothing about them.

    When the database dies just after it gave us a job, or just before it notes that one has ended, we live on with other jobs:
    no heartbeat is missed, and the job would wait for ever.
    """

    def __init__(self) -> None:
        self.worker_id: int | None = None
        self.running: set[int] = set()
        self._suspects: set[int] = set()

    async def middleware(self, call_next: Callable[[], Awaitable[Any]], context: JobContext, worker: Worker) -> Any:
        """Note which jobs really run; for procrastinate's `worker_middleware`."""
        self.worker_id = worker.worker_id
        job_id = context.job.id or 0
        self.running.add(job_id)
        try:
            return await call_next()
        finally:
            self.running.discard(job_id)

    def forgotten(self, doing: Iterable[int]) -> set[int]:
        """Return the jobs of `doing` that did not run at the former look either: those just taken or just ended are left alone."""
        idle = set(doing) - self.running
        forgotten = idle & self._suspects
        self._suspects = idle - forgotten
        return forgotten

    async def give_back_forgotten_jobs(self, app: App) -> None:
        """Look from time to time, until cancelled."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                await self._look(app)
            except (ConnectorException, psycopg.Error):
                continue  # The database is away: the next look will do.

    async def _look(self, app: App) -> None:
        if self.worker_id is None:
            return
        rows = await app.connector.execute_query_all_async(
            "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %(worker_id)s", worker_id=self.worker_id
        )
        for job_id in self.forgotten(row["id"] for row in rows):
            await app.job_manager.retry_job_by_id_async(job_id=job_id, retry_at=datetime.now(UTC))
