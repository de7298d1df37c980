"""Jobs that keep the queue itself healthy."""

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

HEARTBEAT_SECONDS = 5
STALLED_SECONDS = 20
"""A worker silent for so long is taken for dead: its jobs are done again, so every job must bear being done twice."""


@app.periodic(cron="*/20 * * * * *")
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
