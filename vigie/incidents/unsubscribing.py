"""What the link at the foot of a mail about an incident does."""

from uuid import UUID

from django.utils.translation import gettext as _

from vigie.foundation import scope
from vigie.incidents import actions, notices
from vigie.incidents.notices import Audience
from vigie.notifications import unsubscribing
from vigie.notifications.actions import mute
from vigie.notifications.unsubscribing import Request


def register() -> None:
    unsubscribing.register(notices.UNSUBSCRIBE_KIND, describe=_describe, stop=_stop)


def _describe(request: Request) -> str:
    return _("les courriels de l’incident %(number)s") % {"number": request.details["number"]}


def _stop(request: Request) -> None:
    """End the news of one incident. Observers and technicians keep their access: only the mail stops, until they follow."""
    incident_id = UUID(request.details["incident"])
    if request.details["audience"] in {Audience.OBSERVER.value, Audience.DESK.value}:
        mute(request.user_id, notices.topic_of(incident_id))
        return
    hers = scope.Scope(user_id=request.user_id, site_ids=frozenset({UUID(request.details["site"])}))
    with scope.entered(hers):
        actions.stop_news(request.user_id, incident_id)
