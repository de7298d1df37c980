"""What administrators do to members of their sites. Each function is one transaction: rights, rules, rows, journal.

Audit rows are written by triggers. Functions take the actor first and raise errors of `foundation.errors` whose text
is for people; then nothing was written.
"""

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.accounts.actions import end_sessions_of, forget_devices_of
from vigie.audit.actions import record_act
from vigie.directory import administrator_actions, member_queries, policies
from vigie.directory.actors import Actor
from vigie.directory.models import Habilitation, Invitation, Membership, Role, Service, ServiceMembership
from vigie.directory.policies import MemberAccess, access_membership
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid, NotAllowed
from vigie.foundation.text import clean_line

if TYPE_CHECKING:
    from django.utils.functional import Promise

LONGEST_NAME = 80
LONGEST_FUNCTION = 120


class LastAdministrator(DomainError):
    message = _(
        "C’est le dernier administrateur du site : sans lui, plus personne ne pourrait le gérer. "
        "Demandez à l’opérateur de la plateforme d’en nommer un autre d’abord."
    )


class NotOneself(NotAllowed):
    message = _("On ne change pas ses propres accès : adressez-vous à un autre administrateur ou à l’opérateur de la plateforme.")


class MemberChangedMeanwhile(ChangedMeanwhile):
    message = _(
        "Cette fiche a changé pendant votre saisie. Relisez ce qui a changé, puis enregistrez de nouveau : "
        "rien de ce que vous avez saisi n’est perdu."
    )


@transaction.atomic
def edit_member(actor: Actor, membership_id: UUID, *, first_name: str, last_name: str, function: str, revision: int) -> Membership:
    """Change what the site calls a member. `revision` is what the writer had read."""
    access = _to_administer(actor, membership_id, revision)
    member = access.membership
    stated = {"first_name": clean_line(first_name), "last_name": clean_line(last_name), "function": clean_line(function)}
    _check_identity(**stated)
    changed = [name for name, value in stated.items() if getattr(member, name) != value]
    if not changed:
        return member
    for name, value in stated.items():
        setattr(member, name, value)
    _store(member, *stated)
    _record(access, "member.edited", fields=changed)
    return member


@transaction.atomic
def change_access(
    actor: Actor,
    membership_id: UUID,
    *,
    roles: Collection[str],
    service_ids: Collection[UUID],
    habilitations: Collection[str],
    revision: int,
) -> Membership:
    """Change what a member may do and where she works. Roles that the writer may not give stay as they are."""
    access = _to_administer(actor, membership_id, revision)
    member = access.membership
    to_give = {str(role) for role in member_queries.roles_to_give(actor)}
    codes = {code for code, _label in member_queries.habilitations()}
    if not set(roles) <= to_give or not set(habilitations) <= codes:
        raise NotAllowed
    wanted_roles = {str(role) for role in roles} | (set(member.roles) - to_give)
    if not wanted_roles:
        raise Invalid({"roles": _("Choisissez au moins un rôle.")})
    if member.is_active and Role.ADMIN in member.roles and Role.ADMIN not in wanted_roles:
        _keep_an_administrator(access)
    former_codes = set(Habilitation.objects.filter(membership=member).values_list("code", flat=True))
    former_services = set(ServiceMembership.objects.filter(membership=member).values_list("service_id", flat=True))
    if not access.may_change_rights and (wanted_roles != set(member.roles) or set(habilitations) != former_codes):
        raise NotOneself
    details: dict[str, list[str]] = {}
    _note(details, "roles", set(member.roles), wanted_roles)
    _note(details, "habilitations", former_codes, set(habilitations))
    _note(details, "services", former_services, set(service_ids))
    if not details:
        return member
    _attach(member, former_services, set(service_ids))
    Habilitation.objects.filter(membership=member).exclude(code__in=habilitations).delete()
    Habilitation.objects.bulk_create(
        Habilitation(site_id=member.site_id, membership=member, code=code) for code in sorted(set(habilitations) - former_codes)
    )
    turns = (Role.ADMIN in member.roles) != (Role.ADMIN in wanted_roles)
    member.roles = [role.value for role in Role if role in wanted_roles]
    _store(member, "roles")
    _record(access, "member.access_changed", **details)
    if turns and member.is_active and member.accepted_at is not None:
        administrator_actions.tell(access, wanted_roles)
    return member


@transaction.atomic
def deactivate_member(actor: Actor, membership_id: UUID) -> Membership:
    """Take a member's rights in this site away; her sessions end at once, nothing she wrote is lost (ACC-14)."""
    access = _to_administer(actor, membership_id)
    member = access.membership
    if access.is_self:
        raise NotOneself
    if not member.is_active:
        return member
    if Role.ADMIN in member.roles:
        _keep_an_administrator(access)
    member.is_active = False
    _store(member, "is_active")
    Invitation.objects.filter(membership=member, ended_at=None).update(ended_at=timezone.now())
    if member.user_id is not None:
        end_sessions_of(member.user_id)
        forget_devices_of(member.user_id)
    _record(access, "member.deactivated")
    return member


@transaction.atomic
def reactivate_member(actor: Actor, membership_id: UUID) -> Membership:
    """Give a member her rights back; she signs in anew, and an invitation that had not been accepted is sent again by hand."""
    access = _to_administer(actor, membership_id)
    member = access.membership
    if access.is_self:
        raise NotOneself
    if member.is_active:
        return member
    member.is_active = True
    if member.accepted_at is None:
        # The link died with the deactivation.
        member.invitation_expires_at = timezone.now()
    _store(member, "is_active", "invitation_expires_at")
    _record(access, "member.reactivated")
    return member


@transaction.atomic
def attach_to_services(actor: Actor, membership_id: UUID, service_ids: Collection[UUID]) -> Membership:
    """Add services of the site to those where a member works (ACC-23); those that she has already stay."""
    return _change_services(actor, membership_id, lambda former: former | set(service_ids))


@transaction.atomic
def remove_from_services(actor: Actor, membership_id: UUID, service_ids: Collection[UUID]) -> Membership:
    """Take services away from those where a member works."""
    return _change_services(actor, membership_id, lambda former: former - set(service_ids))


def _change_services(actor: Actor, membership_id: UUID, change: Callable[[set[UUID]], set[UUID]]) -> Membership:
    access = _to_administer(actor, membership_id)
    member = access.membership
    former = set(ServiceMembership.objects.filter(membership=member).values_list("service_id", flat=True))
    wanted = change(former)
    details: dict[str, list[str]] = {}
    _note(details, "services", former, wanted)
    if not details:
        return member
    _attach(member, former, wanted)
    _store(member)
    _record(access, "member.access_changed", **details)
    return member


def _to_administer(actor: Actor, membership_id: UUID, revision: int | None = None) -> MemberAccess:
    access = access_membership(actor, membership_id, lock=True)
    access.require(access.may_administer)
    if revision is not None and revision != access.membership.revision:
        raise MemberChangedMeanwhile
    return access


def _keep_an_administrator(access: MemberAccess) -> None:
    """Refuse, unless the operator asks, to leave a site without an administrator."""
    if policies.is_operator(access.actor):
        return
    # Lock them all: two administrators often leave at once, each deactivated by the other.
    administrators = (
        Membership.objects.in_force()
        .filter(site=access.membership.site_id, roles__contains=[Role.ADMIN], user__is_active=True)
        .select_for_update(of=("self",))
        .order_by("id")
        .values_list("id", flat=True)
    )
    if not set(administrators) - {access.membership.id}:
        raise LastAdministrator


def _attach(member: Membership, former: set[UUID], wanted: set[UUID]) -> None:
    known = set(Service.objects.filter(site=member.site_id, id__in=wanted).values_list("id", flat=True))
    if known != wanted:
        raise Invalid({"services": _("Ce service n’est pas de ce site.")})
    ServiceMembership.objects.filter(membership=member).exclude(service__in=wanted).delete()
    ServiceMembership.objects.bulk_create(
        ServiceMembership(site_id=member.site_id, membership=member, service_id=service) for service in sorted(wanted - former)
    )


def _check_identity(*, first_name: str, last_name: str, function: str) -> None:
    fields: dict[str, str | Promise] = {}
    for name, value in (("first_name", first_name), ("last_name", last_name)):
        if not value:
            fields[name] = _("Ce champ est obligatoire.")
        elif len(value) > LONGEST_NAME:
            fields[name] = _("Écrivez au plus 80 caractères.")
    if len(function) > LONGEST_FUNCTION:
        fields["function"] = _("Écrivez au plus 120 caractères.")
    if fields:
        raise Invalid(fields)


def _note(details: dict[str, list[str]], name: str, former: Collection[object], wanted: Collection[object]) -> None:
    changes = [f"+{one}" for one in wanted if one not in former] + [f"-{one}" for one in former if one not in wanted]
    if changes:
        details[name] = sorted(changes)


def _store(member: Membership, *fields: str) -> None:
    member.revision += 1
    member.save(update_fields=[*fields, "revision"])


def _record(access: MemberAccess, code: str, **details: list[str]) -> None:
    member = access.membership
    record_act(
        access.actor,
        code,
        site_id=member.site_id,
        space_id=member.site.space_id,
        object_kind="membership",
        object_id=str(member.id),
        object_name=member.full_name,
        subject_id=member.user_id,
        details=details or None,
    )
