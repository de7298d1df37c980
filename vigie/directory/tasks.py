"""Jobs on invitations and on grants of support sites: what is due is found first; each is done in the scope of its site.

And what follows when a site leaves service.
"""

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from vigie.audit.middleware import acting
from vigie.directory import invitations, site_actions, support_actions, support_notices, support_queries
from vigie.directory.models import SupportGrant
from vigie.foundation import scope
from vigie.foundation.jobs import Patience
from vigie.foundation.scope import Scope

_MOST = 1_000


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


@app.periodic(cron="* * * * *")
@app.task(name="directory.follow_support_grants", queueing_lock="directory.follow_support_grants")
def follow_support_grants(timestamp: int) -> None:
    """Write down the ends that the clock has made, and propose to withdraw what is of no use any more (SEA-2)."""
    now = timezone.now()
    with scope.entered(Scope(platform=True), read_only=True):
        alive = SupportGrant.objects.filter(ended_at=None).order_by("expires_at")
        due = list(alive.filter(expires_at__lte=now).values_list("id", "site_id")[:_MOST])
        old = alive.filter(expires_at__gt=now, reminded_at=None, granted_at__lte=now - support_actions.IDLE)
        idle = list(old.values_list("id", "site_id")[:_MOST])
    for grants, follow in ((due, support_actions.end_expired), (idle, support_actions.remind_idle)):
        for grant_id, site_id in grants:
            with scope.entered(Scope(platform=True, site_ids=frozenset({site_id}))), acting("directory.follow_support_grants"):
                follow(grant_id, at=now)


@app.task(name="directory.tell_support_grant", retry=Patience(attempts=20))
def tell_support_grant(grant_id: str, site_id: str, support_site_id: str, event: str, turn: int) -> None:
    """Write to the administrators of both sites, each in the scope of their own."""
    for side in (UUID(site_id), UUID(support_site_id)):
        with scope.entered(Scope(site_ids=frozenset({side}))):
            grant = SupportGrant.objects.filter(id=grant_id).first()
            if grant is not None:
                readers = support_queries.administrators_of(side)
                support_notices.tell(grant, event, readers=readers, is_support=side == grant.support_site_id, turn=turn)
