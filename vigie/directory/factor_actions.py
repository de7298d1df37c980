"""What administrators and the operator do to the factors, the sessions and the lock of a member (ACC-6, ACC-15, ACC-21).

Each is one transaction: rights, rows in the scope of the member herself, journal, and a letter to her.
"""

from datetime import datetime
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from vigie.accounts import actions as accounts
from vigie.accounts import letters, networks
from vigie.accounts.factors import ShownFactor
from vigie.accounts.models import TrustedNetwork, User
from vigie.audit.actions import record_act
from vigie.directory.actors import Actor
from vigie.directory.models import Membership, Role
from vigie.directory.policies import MemberAccess, access_membership
from vigie.foundation import scope
from vigie.foundation.errors import DomainError, Invalid, NotAllowed, Unseen
from vigie.foundation.scope import Scope
from vigie.foundation.text import clean_line

LONGEST_NAME = 80


class PlaceHelpsNoAdministrator(DomainError):
    message = _("Cette personne administre un site ou la plateforme : une plage d’adresses ne lui suffit jamais.")


@transaction.atomic
def remove_factor(actor: Actor, membership_id: UUID, factor_id: int) -> ShownFactor:
    """Remove one factor of a member; her sessions end."""
    access, user = _to_reset(actor, membership_id)
    with scope.entered(Scope(user_id=user.pk)):
        factor = accounts.remove_factor(user, factor_id, by=_author(access))
    if factor is None:
        raise Unseen
    _record(access, "factor.removed", factor=factor.kind.value)
    return factor


@transaction.atomic
def remove_identity(actor: Actor, membership_id: UUID, identity_id: int) -> ShownFactor:
    """Remove an identity that is linked to the account of a member; her sessions end."""
    access, user = _to_reset(actor, membership_id)
    with scope.entered(Scope(user_id=user.pk)):
        factor = accounts.remove_identity(user, identity_id, by=_author(access))
    if factor is None:
        raise Unseen
    _record(access, "factor.removed", factor=factor.kind.value)
    return factor


@transaction.atomic
def reset_factors(actor: Actor, membership_id: UUID) -> int:
    """Remove all that a member may have lost; she signs in by her password and an e-mail code, and enrols anew."""
    access, user = _to_reset(actor, membership_id)
    with scope.entered(Scope(user_id=user.pk)):
        removed = accounts.unlock(user, by=_author(access), removing_factors=True)
    _record(access, "factor.all_removed", count=removed)
    return removed


@transaction.atomic
def unlock_member(actor: Actor, membership_id: UUID) -> None:
    """Let in a member who is stopped, by failed attempts or by a password that her mailbox alone gave."""
    access, user = _to_reset(actor, membership_id)
    with scope.entered(Scope(user_id=user.pk)):
        accounts.unlock(user, by=_author(access))
    _record(access, "member.unlocked")


@transaction.atomic
def end_member_sessions(actor: Actor, membership_id: UUID, session: int | None = None) -> int:
    """End one session of a member, or all, and tell her; return how many ended."""
    access, user = _to_reset(actor, membership_id)
    if session is None:
        ended = accounts.end_sessions(user)
    else:
        found = UserSession.objects.filter(user_id=user.pk, pk=session).first()
        if found is None:
            raise Unseen
        accounts.end_session(found)
        ended = 1
    if ended:
        with scope.entered(Scope(user_id=user.pk)):
            accounts.tell_sessions_ended(user, by=_author(access), whole=session is None)
    _record(access, "member.sessions_ended", count=ended)
    return ended


@transaction.atomic
def grant_network(actor: Actor, membership_id: UUID, *, name: str, network: str, expires_at: datetime) -> TrustedNetwork:
    """Let a member sign in without a code from a range of addresses, until a day (ACC-15)."""
    access, user = _to_grant(actor, membership_id)
    name = clean_line(name)
    if not name or len(name) > LONGEST_NAME:
        raise Invalid({"name": _("Donnez un nom à la plage, en 80 caractères au plus.")})
    addresses = networks.read_network(network)
    networks.check_end(expires_at)
    if Membership.objects.in_force().filter(user=user, roles__overlap=[Role.ADMIN, Role.OPERATOR]).exists():
        raise PlaceHelpsNoAdministrator
    granted = TrustedNetwork.objects.create(user=user, name=name, network=str(addresses), expires_at=expires_at, granted_by_name=actor.name)
    _tell(user, "account/email/network_granted", granted)
    _record(access, "network.granted", network=granted.network, until=expires_at.date().isoformat())
    return granted


@transaction.atomic
def withdraw_network(actor: Actor, membership_id: UUID, network_id: UUID) -> TrustedNetwork:
    """Take a range back; the sessions that stand on it end."""
    access, user = _to_grant(actor, membership_id)
    granted = TrustedNetwork.objects.select_for_update().filter(user=user, pk=network_id).first()
    if granted is None:
        raise Unseen
    _tell(user, "account/email/network_withdrawn", granted)
    granted.delete()
    for session in UserSession.objects.filter(user_id=user.pk, data__by_network=True):
        accounts.end_session(session)
    _record(access, "network.withdrawn", network=granted.network)
    return granted


def _to_reset(actor: Actor, membership_id: UUID) -> tuple[MemberAccess, User]:
    access = access_membership(actor, membership_id, lock=True)
    access.require(access.may_administer)
    if (refusal := access.reset_refusal) is not None:
        raise NotAllowed(refusal)
    return access, _account(access)


def _to_grant(actor: Actor, membership_id: UUID) -> tuple[MemberAccess, User]:
    access = access_membership(actor, membership_id, lock=True)
    access.require(access.may_grant_networks)
    return access, _account(access)


def _account(access: MemberAccess) -> User:
    user = access.membership.user
    if user is None:
        raise NotAllowed
    return user


def _author(access: MemberAccess) -> str:
    return access.actor.name


def _tell(user: User, template: str, granted: TrustedNetwork) -> None:
    with scope.entered(Scope(user_id=user.pk)):
        letters.post(user, template, {"name": granted.name, "network": granted.network, "expires_at": granted.expires_at})


def _record(access: MemberAccess, code: str, **details: object) -> None:
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
