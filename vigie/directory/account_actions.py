"""What operators do to accounts (ACC-14, ACC-15). Each function is one transaction: rights, rules, rows, journal, mail.

What belongs to the person (sessions, browsers, factors) is written under her own scope: row-level security lets nobody
else do it.
"""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.accounts import actions as accounts
from vigie.accounts.addresses import check_email, normal_email
from vigie.accounts.models import User
from vigie.audit.actions import record_act
from vigie.directory import invitations, policies
from vigie.directory.actors import Actor
from vigie.directory.models import Invitation, Membership
from vigie.foundation import scope
from vigie.foundation.errors import ChangedMeanwhile, Invalid, NotAllowed, Unseen
from vigie.foundation.scope import Scope

_LONGEST_ADDRESS = 254


class NotOneself(NotAllowed):
    message = _("On ne fait pas cela sur son propre compte : adressez-vous à un autre opérateur.")


class AddressChangedMeanwhile(ChangedMeanwhile):
    message = _("Un autre opérateur a changé cette adresse pendant votre saisie. Relisez celle du compte, puis confirmez la vôtre.")


class AddressTaken(Invalid):
    def __init__(self) -> None:
        super().__init__({"email": _("Un autre compte a déjà cette adresse. Une adresse ne sert qu’à un seul compte.")})


class AddressTakenInSite(Invalid):
    def __init__(self, site: str) -> None:
        reason = _(
            "Une autre fiche de %(site)s porte déjà cette adresse, sans doute une invitation : retirez-la d’abord, puis recommencez."
        )
        super().__init__({"email": reason % {"site": site}})


@transaction.atomic
def change_email(actor: Actor, account_id: UUID, *, email: str, former: str) -> User:
    """Give an account another address, and tell both (ACC-15). `former` is the address that the writer had read.

    The records that sites keep of her follow. Invitations that wait for her under the former address are sent again to the
    new one: whoever has the former mailbox now opens nothing.
    """
    user = _to_write(actor, account_id, allowed=policies.may_change_email(actor))
    if user.email != normal_email(former):
        raise AddressChangedMeanwhile
    address = _checked(email, user)
    own = Q(user=user) | Q(user=None, email=user.email)
    members = list(Membership.objects.select_for_update(of=("self",)).select_related("site").filter(own).order_by("id"))
    sites = [member.site_id for member in members]
    taken = Membership.objects.filter(site__in=sites, email=address).exclude(pk__in=[member.pk for member in members])
    if (clash := taken.select_related("site").order_by("id").first()) is not None:
        raise AddressTakenInSite(clash.site.name)
    alive = Invitation.objects.filter(membership__in=members, ended_at=None, expires_at__gt=timezone.now())
    waiting = list(alive.values_list("membership_id", flat=True))
    try:
        with scope.entered(Scope(user_id=user.pk)):
            accounts.change_email(user, address)
        with transaction.atomic():
            Membership.objects.filter(pk__in=[member.pk for member in members]).update(email=address, revision=F("revision") + 1)
    except IntegrityError as error:
        # Another account, or another record, took it at the same moment.
        raise AddressTaken from error
    _record(actor, user, "account.email_changed", records=len(members), invitations=len(waiting))
    for member in members:
        record_act(
            actor,
            "member.email_changed",
            site_id=member.site_id,
            space_id=member.site.space_id,
            object_kind="membership",
            object_id=member.id,
            object_name=member.full_name,
            subject_id=member.user_id,
        )
        if member.id in waiting and member.is_active and member.accepted_at is None:
            invitations.resend(actor, member.id)
    return user


@transaction.atomic
def deactivate_account(actor: Actor, account_id: UUID) -> User:
    """Close an account in all sites at once (ACC-14): sessions and known browsers end with it, nothing it wrote is lost."""
    user = _to_write(actor, account_id, allowed=policies.may_deactivate_accounts(actor))
    if user.pk == actor.id:
        raise NotOneself
    if not user.is_active:
        return user
    with scope.entered(Scope(user_id=user.pk)):
        accounts.deactivate(user)
    _record(actor, user, "account.deactivated")
    return user


@transaction.atomic
def reactivate_account(actor: Actor, account_id: UUID) -> User:
    """Open an account again, with the memberships that it has; its former sessions stay closed."""
    user = _to_write(actor, account_id, allowed=policies.may_deactivate_accounts(actor))
    if user.is_active:
        return user
    with scope.entered(Scope(user_id=user.pk)):
        accounts.reactivate(user)
    _record(actor, user, "account.reactivated")
    return user


@transaction.atomic
def unlock_account(actor: Actor, account_id: UUID, *, removing_factors: bool) -> int:
    """Let in, at her next try, somebody whose identity the operator has checked (ACC-6); return how many factors went.

    What `factor_actions.unlock_member` does from a record, for an account that has perhaps none.
    """
    user = _to_write(actor, account_id, allowed=policies.may_unlock_accounts(actor))
    if user.pk == actor.id:
        raise NotOneself
    with scope.entered(Scope(user_id=user.pk)):
        removed = accounts.unlock(user, by=actor.name, removing_factors=removing_factors)
    if removing_factors:
        _record(actor, user, "account.factors_removed", count=removed)
    else:
        _record(actor, user, "account.unlocked")
    return removed


def _to_write(actor: Actor, account_id: UUID, *, allowed: bool) -> User:
    if not allowed:
        raise NotAllowed
    user = User.objects.select_for_update().filter(pk=account_id).first()
    if user is None:
        raise Unseen
    return user


def _checked(email: str, user: User) -> str:
    address = normal_email(email)
    try:
        check_email(address)
    except ValidationError as error:
        raise Invalid({"email": _("Saisissez une adresse électronique valide.")}) from error
    if len(address) > _LONGEST_ADDRESS:
        raise Invalid({"email": _("Saisissez une adresse électronique valide.")})
    if address == user.email:
        raise Invalid({"email": _("C’est déjà l’adresse de ce compte.")})
    if User.objects.filter(email=address).exists():
        raise AddressTaken
    return address


def _record(actor: Actor, user: User, code: str, **details: int) -> None:
    record_act(
        actor,
        code,
        site_id=None,
        space_id=None,
        object_kind="account",
        object_id=user.pk,
        object_name=user.full_name,
        subject_id=user.pk,
        details=details or None,
    )
