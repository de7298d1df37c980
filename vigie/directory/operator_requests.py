"""What only the operator does, and the request by which everybody else asks for it (ACC-15).

A page gives the address of the declaration, which names the wish and the record; the declaration is filled in from
there, so that addresses tell nobody's name. The request goes to the operator's desk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from vigie.directory import policies
from vigie.directory.actors import Actor
from vigie.directory.keyset import uuid_or_none
from vigie.directory.models import Desk, Membership, Role, SiteSolution
from vigie.foundation.errors import Unseen


class Wish(StrEnum):
    """What is asked for, as addresses name it."""

    ADDRESS = "adresse"
    ADMINISTRATOR = "administrateur"
    NETWORK = "reseau"


@dataclass(frozen=True, slots=True)
class Way:
    """How to ask: by a request when she may file one, else by the desk's telephone or mail. All empty: nothing is known."""

    url: str = ""
    desk: str = ""
    phone: str = ""
    email: str = ""


def way_to_ask(actor: Actor, wish: Wish, member: Membership | None = None) -> Way | None:
    """Return how this person asks; None for an operator, who does it herself."""
    if policies.is_operator(actor):
        return None
    if _link(actor, member) is not None:
        named = {"demande": wish.value} | ({"fiche": str(member.id)} if member is not None else {})
        return Way(url=f"{reverse('incidents:file')}?{urlencode(named)}")
    desk = _desks().values("name", "phone", "email").order_by("name").first()
    return Way(desk=desk["name"], phone=desk["phone"], email=desk["email"]) if desk is not None else Way()


def prefilled(actor: Actor, query: Mapping[str, str]) -> QueryDict | None:
    """Return what the declaration starts with when it is opened for a wish; None when it is not.

    Whoever may not read the record gets the same as for one that does not exist: a request about herself.
    """
    if query.get("demande") not in set(Wish):
        return None
    wish = Wish(query["demande"])
    member = _member(actor, query.get("fiche", ""))
    subject, lines = _words(wish, actor, member)
    typed = QueryDict(mutable=True)
    typed.update({"kind": "request", "subject": subject, "description": "\n".join(lines), "notify_requester": "on"})
    if (link := _link(actor, member)) is not None:
        site, solution = link
        typed.update({"site": str(site), "solution": str(solution)})
    return typed


def _words(wish: Wish, actor: Actor, member: Membership | None) -> tuple[str, list[str]]:
    """Return the subject, which names nobody, and the lines of the description, the last ones to be completed."""
    if member is None:
        lines = [_("Adresse actuelle : %(email)s") % {"email": actor.user.email}]
    else:
        lines = [
            _("Personne : %(name)s") % {"name": member.full_name},
            _("Site : %(site)s") % {"site": member.site.name},
            _("Adresse actuelle : %(email)s") % {"email": member.email},
        ]
    if wish is Wish.ADMINISTRATOR:
        return _("Nommer ou retirer un administrateur de site"), [*lines, _("À nommer ou à retirer, et pourquoi :")]
    if wish is Wish.NETWORK:
        return _("Accorder une plage d’adresses de confiance"), [*lines, _("Plage d’adresses :"), _("Jusqu’au :"), _("Raison :")]
    subject = _("Changer mon adresse électronique") if member is None else _("Changer l’adresse électronique d’une personne")
    return subject, [*lines, _("Nouvelle adresse :"), _("Raison du changement :")]


def _member(actor: Actor, text: str) -> Membership | None:
    identifier = uuid_or_none(text)
    if identifier is None:
        return None
    try:
        access = policies.access_membership(actor, identifier)
    except Unseen:
        return None
    return access.membership if access.may_administer else None


def _link(actor: Actor, member: Membership | None) -> tuple[UUID, UUID] | None:
    """Return the site and the solution of a request to the operator's desk, where this person may file it."""
    sites = actor.sites_as(Role.USER) | actor.sites_as(Role.REFERENT)
    if member is not None:
        sites &= {member.site_id}
    links = SiteSolution.objects.filter(site__in=sites, is_active=True, solution__is_active=True, desk__in=_desks())
    found = links.order_by("solution__name", "site", "id").values_list("site_id", "solution_id").first()
    return (found[0], found[1]) if found is not None else None


def _desks() -> QuerySet[Desk]:
    return Desk.objects.filter(pk__in=RawSQL("SELECT directory_operator_desks()", []))
