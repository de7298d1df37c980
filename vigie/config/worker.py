"""`vigie worker`: runs the jobs, and does again those of a worker that was killed."""

import django
from procrastinate import PsycopgConnector


def main() -> None:
    """Run jobs until SIGTERM or SIGINT; jobs under way get a few seconds to end."""
    django.setup()
    from django.conf import settings
    from procrastinate.contrib.django import app

    from vigie.foundation import tasks

    # Past any transaction pooler: the worker listens.
    connector = PsycopgConnector(conninfo=settings.VIGIE_DIRECT_DATABASE_URL, min_size=1, max_size=4)
    # A copy of the app: jobs deferred inside a job go on through Django's connection, in its transaction.
    worker_app = app.with_connector(connector)
    worker_app.run_worker(
        concurrency=4,
        shutdown_graceful_timeout=5,
        fetch_job_polling_interval=5,
        delete_jobs="successful",
        update_heartbeat_interval=tasks.HEARTBEAT_SECONDS,
        stalled_worker_timeout=tasks.STALLED_SECONDS,
    )
