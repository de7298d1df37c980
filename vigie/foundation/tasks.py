"""Jobs that keep the queue and the cache healthy."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from vigie.foundation import cache

HEARTBEAT_SECONDS = 5
STALLED_SECONDS = 20
"""A worker silent for so long is taken for dead: its jobs are done again, so every job must bear being done twice."""
FINISHED_JOB_HOURS = 30 * 24
"""Jobs that failed or were cancelled stay this long, for whoever looks into it; those that succeeded are not kept."""


# The sixth field is the second.
@app.periodic(cron="* * * * * */20")
@app.task(
    name="foundation.requeue_stalled_jobs",
    queueing_lock="foundation.requeue_stalled_jobs",
    pass_context=False,
    retry=RetryStrategy(max_attempts=3, wait=5),
)
async def requeue_stalled_jobs(timestamp: int) -> None:
    """Give back to the queue the jobs of killed workers, which stay « doing » for ever otherwise."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await app.job_manager.retry_job(job)


@app.periodic(cron="*/10 * * * *")
@app.task(name="foundation.delete_expired_cache", queueing_lock="foundation.delete_expired_cache")
def delete_expired_cache(timestamp: int) -> None:
    cache.delete_expired()


@app.periodic(cron="25 3 * * *")
@app.task(name="foundation.delete_finished_jobs", queueing_lock="foundation.delete_finished_jobs")
async def delete_finished_jobs(timestamp: int) -> None:
    await app.job_manager.delete_old_jobs(nb_hours=FINISHED_JOB_HOURS, include_failed=True, include_cancelled=True, include_aborted=True)
