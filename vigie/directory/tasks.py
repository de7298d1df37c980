"""Jobs on invitations: what is due is found past row-level security; each is done in the scope of its site.

And what follows when a site leaves service.
"""

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from vigie.audit.middleware import acting
from vigie.directory import invitations, site_actions
from vigie.foundation import scope
from vigie.foundation.jobs import Patience
from vigie.foundation.scope import Scope


@app.periodic(cron="*/15 * * * *")
@app.task(name="directory.follow_invitations", queueing_lock="directory.follow_invitations")
def follow_invitations(timestamp: int) -> None:
    """Remind after three, seven and twelve days, and end what has expired after fourteen (ACC-11)."""
    now = timezone.now()
    for invitation_id, site_id, days in invitations.due_reminders(now):
        with scope.entered(Scope(site_ids=frozenset({site_id}))), acting("directory.follow_invitations"):
            invitations.remind(invitation_id, days, at=now)
    for invitation_id, site_id in invitations.due_ends(now):
        with scope.entered(Scope(site_ids=frozenset({site_id}))), acting("directory.follow_invitations"):
            invitations.end_expired(invitation_id, at=now)


@app.task(name="directory.leave_site_out_of_service", retry=Patience(attempts=130))
def leave_site_out_of_service(site_id: str) -> None:
    """End the sessions that a site out of service leaves without any site."""
    with scope.entered(Scope(platform=True)):
        site_actions.leave_site_out_of_service(UUID(site_id))
