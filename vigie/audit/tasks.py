"""Jobs on the journal: acts are linked to the chain of their space, and the chains are read again every night."""

from django.db import connection
from procrastinate.contrib.django import app

_MOST = 10_000


@app.periodic(cron="* * * * *")
@app.task(name="audit.link_acts", queueing_lock="audit.link_acts")
def link_acts(timestamp: int) -> None:
    """Link the acts of the last minute. Doing it twice links nothing twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_link_acts(%s)", [_MOST])


@app.periodic(cron="20 3 * * *")
@app.task(name="audit.verify_chains", queueing_lock="audit.verify_chains")
def verify_chains(timestamp: int = 0) -> None:
    """Link what waits, read every chain again, and note the result for operators."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_link_acts(%s)", [_MOST])
        cursor.execute("SELECT audit_verify_chains()")
