"""Work for later: deferred by name, in the transaction under way, so that it exists if and only if the write does."""

from datetime import datetime
from typing import Final
from uuid import UUID

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

Argument = UUID | str | int | bool | None
FIRST_WAIT_SECONDS: Final = 15
LONGEST_WAIT_SECONDS: Final = 3600


class Patience(BaseRetryStrategy):
    """Try again after 15 s, 30 s, 1 min… up to once an hour, at most `attempts` times: 130 make about five days."""

    def __init__(self, *, attempts: int) -> None:
        self.attempts = attempts

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts >= self.attempts:
            return None
        return RetryDecision(retry_in={"seconds": wait_before(job.attempts + 1)})


def wait_before(attempt: int) -> int:
    """Return the seconds between the failure of attempt `attempt` (from 1) and the next one."""
    doublings = min(attempt - 1, 20)
    return min(FIRST_WAIT_SECONDS << doublings, LONGEST_WAIT_SECONDS)


def defer(task: str, /, *, at: datetime | None = None, priority: int = 0, **identifiers: Argument) -> None:
    """Defer a task by its name; it gets `identifiers` (UUIDs as text) once the transaction has been committed.

    Jobs of a higher `priority` are taken first; `at` is the earliest moment.

    Raises:
        procrastinate.exceptions.TaskNotFound: no `tasks.py` declares this name.

    """
    app.configure_task(task, allow_unknown=False, schedule_at=at, priority=priority).defer(
        **{name: str(value) if isinstance(value, UUID) else value for name, value in identifiers.items()}
    )
