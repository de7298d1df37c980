"""The job that links acts to the chain of their space."""

from django.db import connection
from procrastinate.contrib.django import app

_MOST = 10_000


@app.periodic(cron="* * * * *")
@app.task(name="audit.link_acts", queueing_lock="audit.link_acts")
def link_acts(timestamp: int) -> None:
    """Link the acts of the last minute. Doing it twice links nothing twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_link_acts(%s)", [_MOST])
