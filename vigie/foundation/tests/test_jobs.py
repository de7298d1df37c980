"""Jobs exist if and only if the write that deferred them does."""

from uuid import UUID

import pytest
from django.core.cache import caches
from django.db import transaction
from procrastinate import exceptions
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from vigie.foundation import jobs, tasks
from vigie.foundation.models import CacheEntry

pytestmark = pytest.mark.django_db

IDENTIFIER = UUID("01a203e4-1361-7b5e-a3a1-b9e1b082f38e")


def test_a_job_goes_with_its_transaction() -> None:
    with transaction.atomic():
        jobs.defer("notifications.send", mail_id=IDENTIFIER, recipient_id=IDENTIFIER)
        transaction.set_rollback(True)
    assert not ProcrastinateJob.objects.exists()
    with transaction.atomic():
        jobs.defer("notifications.send", mail_id=IDENTIFIER, recipient_id=IDENTIFIER, priority=3)
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args, job.priority) == (
        "notifications.send",
        {"mail_id": str(IDENTIFIER), "recipient_id": str(IDENTIFIER)},
        3,
    )


def test_a_name_that_no_task_bears_is_refused_at_once() -> None:
    with pytest.raises(exceptions.TaskNotFound):
        jobs.defer("notifications.sendd")
    assert not ProcrastinateJob.objects.exists()


def test_patience_ends_after_so_many_attempts() -> None:
    patience = jobs.Patience(attempts=2)
    job = Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="x", priority=0, attempts=1)
    assert patience.get_retry_decision(exception=OSError(), job=job) is not None
    assert patience.get_retry_decision(exception=OSError(), job=job.evolve(attempts=2)) is None


def test_expired_values_of_the_cache_are_removed() -> None:
    cache = caches["default"]
    cache.set("lasting", 1, timeout=600)
    cache.set("gone", 1, timeout=-1)
    tasks.delete_expired_cache(timestamp=0)
    assert CacheEntry.objects.count() == 1
    assert cache.get("lasting") == 1
