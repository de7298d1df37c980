"""The queue keeps itself healthy."""

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import async_to_sync
from croniter import croniter
from django.db import connection
from procrastinate.contrib.django import app

from vigie.foundation import tasks


def test_jobs_of_dead_workers_are_looked_for_several_times_a_minute() -> None:
    [periodic] = [each for each in app.periodic_registry.periodic_tasks.values() if each.task.name == "foundation.requeue_stalled_jobs"]
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    times = croniter(periodic.cron, start)
    assert [times.get_next(datetime) - start for _ in range(3)] == [timedelta(seconds=seconds) for seconds in (20, 40, 60)]


@pytest.mark.django_db
def test_job_of_a_silent_worker_goes_back_to_the_queue_and_others_stay() -> None:
    with connection.cursor() as cursor:
        for seconds in (tasks.STALLED_SECONDS + 5, 1):
            cursor.execute(
                "WITH worker AS (INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - make_interval(secs => %s)) RETURNING id)"
                " INSERT INTO procrastinate_jobs (task_name, queue_name, status, worker_id)"
                " SELECT 'trial', 'default', 'doing', id FROM worker",
                [seconds],
            )
        async_to_sync(tasks.requeue_stalled_jobs.func)(timestamp=0)
        cursor.execute("SELECT status::text FROM procrastinate_jobs WHERE task_name = 'trial' ORDER BY id")
        assert cursor.fetchall() == [("todo",), ("doing",)]
