"""What operators do to the administrators of sites (ACC-15). Each function is one transaction: rights, rules, rows, journal, mail.

Administrators are appointed and removed here and by `member_actions.change_access`; nobody appoints herself.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from vigie.accounts import letters
from vigie.audit.actions import record_act
from vigie.directory import invitations, policies
from vigie.directory.actors import Actor
from vigie.directory.models import Membership, Role
from vigie.directory.policies import MemberAccess, access_membership
from vigie.foundation.errors import DomainError, NotAllowed


class NotOneself(NotAllowed):
    message = _("On ne se nomme pas soi-même, et on ne se retire pas : adressez-vous à un autre opérateur.")


class Deactivated(DomainError):
    message = _("Cette personne est désactivée dans ce site. Réactivez-la d’abord depuis sa fiche.")


@transaction.atomic
def appoint(actor: Actor, membership_id: UUID) -> Membership:
    """Make a member administer her site, and write to her. Whoever has not accepted yet gets a new invitation."""
    access = _to_change(actor, membership_id)
    member = access.membership
    if not member.is_active:
        raise Deactivated
    if Role.ADMIN in member.roles:
        return member
    _give(access, {*member.roles, Role.ADMIN})
    _record(access, "admin.appointed")
    if member.accepted_at is None:
        # Her link was for fewer rights.
        return invitations.resend(actor, member.id)
    tell(access, {Role.ADMIN})
    return member


@transaction.atomic
def invite_administrator(
    actor: Actor, *, site_id: UUID, email: str, first_name: str, last_name: str, function: str, is_user: bool
) -> Membership:
    """Invite somebody to administer a site. `is_user`: she files incidents too, for herself."""
    roles = [Role.USER.value, Role.ADMIN.value] if is_user else [Role.ADMIN.value]
    return invitations.invite(
        actor, site_id=site_id, email=email, first_name=first_name, last_name=last_name, function=function, roles=roles
    )


@transaction.atomic
def remove(actor: Actor, membership_id: UUID) -> None:
    """Take the administration of the site away from a member, and write to her; her other roles stay.

    Whoever has no other becomes a user, who sees what she files and nothing else. One who was only invited to
    administer is not invited any more.
    """
    access = _to_change(actor, membership_id)
    member = access.membership
    if Role.ADMIN not in member.roles:
        return
    others = {role for role in member.roles if role != Role.ADMIN}
    if member.accepted_at is None and not others:
        invitations.withdraw(actor, member.id)
        return
    _give(access, others or {Role.USER})
    _record(access, "admin.removed")
    if member.accepted_at is None and member.is_active:
        invitations.resend(actor, member.id)
    elif member.is_active:
        tell(access, set())


def tell(access: MemberAccess, roles: Collection[str]) -> None:
    """Write to a member, in her language, that she administers the site from now on, or does not any more."""
    member = access.membership
    if member.user is not None:
        template = "directory/mail/admin_appointed" if Role.ADMIN in roles else "directory/mail/admin_removed"
        letters.post(member.user, template, {"site": member.site.name})


def _to_change(actor: Actor, membership_id: UUID) -> MemberAccess:
    access = access_membership(actor, membership_id, lock=True)
    access.require(policies.may_appoint(actor))
    if access.is_self:
        raise NotOneself
    return access


def _give(access: MemberAccess, roles: Collection[str]) -> None:
    member = access.membership
    member.roles = [role.value for role in Role if role in roles]
    member.revision += 1
    member.save(update_fields=["roles", "revision"])


def _record(access: MemberAccess, code: str) -> None:
    member = access.membership
    record_act(
        access.actor,
        code,
        site_id=member.site_id,
        space_id=member.site.space_id,
        object_kind="membership",
        object_id=member.id,
        object_name=member.full_name,
        subject_id=member.user_id,
    )
