"""What administrators do to the services of their sites, and to who works there (ACC-23).

Each function is one transaction: rights, rules, rows, journal. Attaching and detaching are facts of their own, not the
state of a form: two people who do it at once lose nothing.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from vigie.audit.actions import record_act
from vigie.directory import member_actions, policies
from vigie.directory.actors import Actor
from vigie.directory.models import Membership, Service, ServiceFeature, ServiceMembership, Site
from vigie.directory.policies import access_service
from vigie.errands.kinds import Refusal
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid, Unseen
from vigie.foundation.text import clean_line

if TYPE_CHECKING:
    from django.utils.functional import Promise

LONGEST_NAME = 120


class ServiceChangedMeanwhile(ChangedMeanwhile):
    message = _(
        "Ce service a changé pendant votre saisie. Relisez ce qui a changé, puis enregistrez de nouveau : "
        "rien de ce que vous avez saisi n’est perdu."
    )


class ServiceGrewMeanwhile(ChangedMeanwhile):
    message = _("Le service a changé pendant que vous lisiez cette page. Relisez ce que sa suppression entraîne, puis confirmez.")


@dataclass(slots=True)
class Attached:
    """What came of a request about several people: how many changed, and who was left as she was."""

    done: int = 0
    refusals: list[Refusal] = field(default_factory=list)


@transaction.atomic
def add_service(actor: Actor, *, site_id: UUID, name: str) -> Service:
    """Add a service to a site."""
    site = Site.objects.filter(id=site_id).first()
    if site is None or not policies.may_administer(actor, site.id):
        raise Unseen
    name = _checked_name(site.id, name)
    try:
        with transaction.atomic():
            service = Service.objects.create(site=site, name=name)
    except IntegrityError as error:
        # Somebody added it between the question and the answer.
        raise Invalid({"name": _KNOWN}) from error
    _record(actor, service, "service.added")
    return service


@transaction.atomic
def rename_service(actor: Actor, service_id: UUID, *, name: str, revision: int) -> Service:
    """Call a service otherwise. `revision` is what the writer had read."""
    service = access_service(actor, service_id, lock=True)
    if revision != service.revision:
        raise ServiceChangedMeanwhile
    name = _checked_name(service.site_id, name, besides=service.id)
    if name == service.name:
        return service
    service.name = name
    service.revision += 1
    try:
        with transaction.atomic():
            service.save(update_fields=["name", "revision"])
    except IntegrityError as error:
        raise Invalid({"name": _KNOWN}) from error
    _record(actor, service, "service.renamed")
    return service


@transaction.atomic
def delete_service(actor: Actor, service_id: UUID, *, people: int, features: int) -> Service:
    """Delete a service; its people stay in the site, without what they had through it.

    `people` and `features` are what the writer was told: when there are others by now, she is asked again.
    """
    service = access_service(actor, service_id, lock=True)
    members = list(ServiceMembership.objects.filter(service=service).values_list("membership_id", flat=True))
    activated = ServiceFeature.objects.filter(service=service).count()
    if (len(members), activated) != (people, features):
        raise ServiceGrewMeanwhile
    _touch(members)
    identifier = service.id
    service.delete()
    service.id = identifier
    _record(actor, service, "service.deleted", members=[str(member) for member in members])
    return service


@transaction.atomic
def attach_members(actor: Actor, service_id: UUID, membership_ids: Collection[UUID]) -> Attached:
    """Attach members of the site to a service. Whoever is there already stays; one of another site is unseen."""
    return _each(actor, service_id, membership_ids, member_actions.attach_to_services, already=True)


@transaction.atomic
def detach_members(actor: Actor, service_id: UUID, membership_ids: Collection[UUID]) -> Attached:
    """Detach members from a service: they keep what another service, or a practitioner, still gives them."""
    return _each(actor, service_id, membership_ids, member_actions.remove_from_services, already=False)


def _each(
    actor: Actor, service_id: UUID, membership_ids: Collection[UUID], change: Callable[..., Membership], *, already: bool
) -> Attached:
    """Change members one by one, as their records do; those whom this person may not change are left, and said by name."""
    service = access_service(actor, service_id, lock=True)
    names = {member.id: member.full_name for member in Membership.objects.filter(site=service.site_id, id__in=membership_ids)}
    if set(names) != set(membership_ids):
        raise Unseen
    there = set(ServiceMembership.objects.filter(service=service, membership__in=names).values_list("membership_id", flat=True))
    outcome = Attached()
    # In one order: two people who tick the same rows do not wait for each other.
    for identifier in sorted(names):
        if (identifier in there) is already:
            continue
        try:
            change(actor, identifier, [service.id])
        except Unseen:
            raise
        except DomainError as error:
            outcome.refusals.append(Refusal(names[identifier], str(error.message)))
        else:
            outcome.done += 1
    return outcome


def _touch(membership_ids: Collection[UUID]) -> None:
    """Whoever has one of these records open is told that it has changed."""
    Membership.objects.filter(id__in=membership_ids).update(revision=F("revision") + 1)


_KNOWN = _("Un service de ce site porte déjà ce nom.")


def _checked_name(site_id: UUID, name: str, *, besides: UUID | None = None) -> str:
    name = clean_line(name)
    refused: str | Promise | None = None
    if not name:
        refused = _("Ce champ est obligatoire.")
    elif len(name) > LONGEST_NAME:
        refused = _("Écrivez au plus 120 caractères.")
    elif set(Service.objects.filter(site=site_id, name__iexact=name).values_list("id", flat=True)) - {besides}:
        refused = _KNOWN
    if refused is not None:
        raise Invalid({"name": refused})
    return name


def _record(actor: Actor, service: Service, code: str, **details: list[str]) -> None:
    record_act(
        actor,
        code,
        site_id=service.site_id,
        space_id=service.site.space_id,
        object_kind="service",
        object_id=service.id,
        object_name=service.name,
        details=details or None,
    )
