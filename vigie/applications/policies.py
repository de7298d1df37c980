"""Who may do what with the territory's applications."""

from uuid import UUID

from django.db.models import Q

from vigie.applications.models import Application
from vigie.directory import policies
from vigie.directory.actors import Actor
from vigie.foundation.errors import NotAllowed, Unseen


def require_operator(actor: Actor) -> None:
    if not policies.is_operator(actor):
        raise NotAllowed


def access_application(actor: Actor, application_id: UUID, *, lock: bool = False) -> Application:
    """Return an application that the operator manages; Unseen otherwise."""
    require_operator(actor)
    rows = Application.objects.select_for_update() if lock else Application.objects
    application = rows.filter(pk=application_id).first()
    if application is None:
        raise Unseen
    return application


def serves(actor: Actor) -> Q:
    """Say which applications this person may use: those in service that serve a site where she is an active member.

    Row-level security hides the others from everybody but operators, who see all and may use no more than anybody.
    """
    return Q(withdrawn_at=None) & (Q(serves_all=True) | Q(sites__in=actor.site_ids)) if actor.site_ids else Q(pk__in=())
