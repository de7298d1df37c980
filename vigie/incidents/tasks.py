"""Jobs on incidents: they enter the scope that their identifiers name, and call an action."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from vigie.audit.middleware import acting
from vigie.foundation import scope
from vigie.foundation.jobs import Patience
from vigie.incidents import actions, mailing

DRAFTS_KEPT_FOR: Final = timedelta(days=7)


@app.task(name="incidents.notify", retry=Patience(attempts=130))
def notify(*, event: str, incident_id: str, entry_id: str | None, site_id: str, desk_id: str, desk_site_id: str) -> None:
    mailing.tell(
        mailing.Event(
            name=event,
            incident_id=UUID(incident_id),
            entry_id=UUID(entry_id) if entry_id else None,
            site_id=UUID(site_id),
            desk_id=UUID(desk_id),
            desk_site_id=UUID(desk_site_id),
        )
    )


@app.periodic(cron="*/15 * * * *")
@app.task(name="incidents.close_resolved", queueing_lock="incidents.close_resolved")
def close_resolved(timestamp: int) -> None:
    """Close the resolved incidents whose delay has passed (INC-12), each in its own transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT incident_id, site_id, desk_id FROM incidents_due_for_closing(%s)", [timezone.now()])
        due = cursor.fetchall()
    for incident_id, site_id, desk_id in due:
        only = frozenset({desk_id})
        with (
            scope.entered(scope.Scope(site_ids=frozenset({site_id}), desk_ids=only, reach_ids=only)),
            acting("incidents.close_resolved"),
        ):
            actions.close_after_delay(incident_id)


@app.periodic(cron="35 3 * * *")
@app.task(name="incidents.forget_drafts", queueing_lock="incidents.forget_drafts")
def forget_drafts(timestamp: int) -> None:
    """Remove what people typed and never sent, after seven days (CON-2)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT incidents_forget_drafts(%s)", [timezone.now() - DRAFTS_KEPT_FOR])
