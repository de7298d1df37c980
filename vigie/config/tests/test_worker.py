"""The worker finds the jobs that a cut of the database made it forget."""

from vigie.config.worker import JobWatch


def test_job_that_runs_is_left_alone() -> None:
    watch = JobWatch()
    watch.running = {1}
    assert watch.forgotten([1]) == set()
    assert watch.forgotten([1]) == set()


def test_job_just_taken_is_given_time_to_begin() -> None:
    watch = JobWatch()
    assert watch.forgotten([1]) == set()
    watch.running = {1}
    assert watch.forgotten([1]) == set()


def test_job_that_nobody_does_at_two_looks_is_given_back_once() -> None:
    watch = JobWatch()
    assert watch.forgotten([1, 2]) == set()
    assert watch.forgotten([1]) == {1}
    assert watch.forgotten([]) == set()
