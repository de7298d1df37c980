"""What tests need to step round row-level security and to run deferred jobs. Never imported outside of tests."""

import inspect
import json
from collections.abc import Iterator
from contextlib import contextmanager

from asgiref.sync import async_to_sync
from django.db import connection, transaction
from procrastinate.contrib.django import app


@contextmanager
def as_maintenance() -> Iterator[None]:
    """Arrange and check data past row-level security. Test servers alone allow it; see `database_roles.prepare_roles`.

    The block is atomic. It may be nested.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        already = cursor.fetchone() == ("vigie_maintenance",)
        if not already:
            cursor.execute("SET LOCAL ROLE vigie_maintenance")
        # After an error the savepoint's rollback gives the former role back.
        yield
        if not already:
            cursor.execute("RESET ROLE")


def run_jobs(*, include_scheduled: bool = False) -> list[str]:
    """Run the deferred jobs that are due, and those they defer, in this thread; return the names of their tasks in order."""
    done: list[str] = []
    while job := _take_job(include_scheduled=include_scheduled):
        name, arguments = job
        task = app.tasks[name]
        result = task.func(**arguments)
        if inspect.isawaitable(result):
            async_to_sync(_wait_for)(result)
        done.append(name)
    return done


def _take_job(*, include_scheduled: bool) -> tuple[str, dict[str, object]] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM procrastinate_jobs WHERE id = (SELECT id FROM procrastinate_jobs WHERE status = 'todo'"
            " AND (%s OR scheduled_at IS NULL OR scheduled_at <= now()) ORDER BY priority DESC, id LIMIT 1)"
            " RETURNING task_name, args::text",
            [include_scheduled],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    return row[0], json.loads(row[1])


async def _wait_for(awaitable: object) -> None:
    assert inspect.isawaitable(awaitable)
    await awaitable
