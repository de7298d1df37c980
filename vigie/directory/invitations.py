"""Invitations (ACC-10 to 12): sent, sent again, reminded, withdrawn, accepted. See docs/explications/invitations.md.

The token is thirty-two random bytes; the database keeps its digest, and the mail that carries it is encrypted while it
waits. Nothing here looks for an account before somebody shows a token: inviting an address that has one is the same
work, and the same answer, as any other.
"""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from vigie.accounts.actions import create_account
from vigie.accounts.addresses import check_email, normal_email
from vigie.accounts.models import User
from vigie.audit.actions import record_act, signature
from vigie.directory import policies, rights
from vigie.directory.actors import Actor
from vigie.directory.entry import enter_as
from vigie.directory.models import (
    Habilitation,
    Invitation,
    MedicalIdentity,
    Membership,
    Practitioner,
    Role,
    Service,
    ServiceMembership,
    Site,
)
from vigie.foundation import scope
from vigie.foundation.errors import DomainError, Invalid, NotAllowed, Unseen
from vigie.foundation.ids import uuid7
from vigie.foundation.scope import NOTHING, Scope
from vigie.foundation.text import clean_line

VALID_FOR: Final = timedelta(days=14)
APPOINTED: Final = frozenset({Role.ADMIN.value, Role.OPERATOR.value})
"""Roles that the operator alone gives (ACC-15)."""
_TOKEN_BYTES: Final = 32
_LONGEST_TOKEN: Final = 100
_LONGEST_NAME: Final = 80
_LONGEST_FUNCTION: Final = 120


class AlreadyMember(Invalid):
    def __init__(self) -> None:
        super().__init__({"email": _("Une personne de ce site a déjà cette adresse. Ouvrez sa fiche depuis la liste des utilisateurs.")})


class AlreadyMemberDisabled(Invalid):
    def __init__(self) -> None:
        super().__init__(
            {"email": _("Cette personne est désactivée dans ce site. Réactivez-la depuis sa fiche plutôt que de l’inviter à nouveau.")}
        )


class OwnColleague(Invalid):
    def __init__(self) -> None:
        super().__init__(
            {"email": _("Cette personne est de votre organisation : un support agit pour un site sans jamais en devenir utilisateur.")}
        )


class OneselfInvited(Invalid):
    def __init__(self) -> None:
        super().__init__({"email": _("On ne s’invite pas soi-même : adressez-vous à un autre administrateur ou à un autre opérateur.")})


class NothingToAccept(DomainError):
    message = _("Cette personne a déjà accepté son invitation, ou elle est désactivée : il n’y a pas d’invitation à envoyer.")


class DeadLink(DomainError):
    """The one answer to all links that open nothing: unknown, tampered with, expired, replaced, used, withdrawn."""

    message = _("Ce lien n’est plus valable.")
    status = 404


@dataclass(frozen=True, slots=True)
class Opened:
    """What a good link says to whoever holds it."""

    invitation_id: UUID
    site_id: UUID
    site_name: str
    membership_id: UUID
    first_name: str
    last_name: str
    email: str
    invited_by_name: str
    expires_at: datetime
    account_id: UUID | None


# --- What an administrator does --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody to invite, as an administrator states her."""

    email: str
    first_name: str
    last_name: str
    function: str
    roles: Collection[str]
    service_ids: Collection[UUID] = ()
    practitioner_ids: Collection[UUID] = ()
    habilitations: Collection[str] = ()


def invite(
    actor: Actor,
    *,
    site_id: UUID,
    email: str,
    first_name: str,
    last_name: str,
    function: str,
    roles: Collection[str],
    service_ids: Collection[UUID] = (),
    practitioner_ids: Collection[UUID] = (),
    habilitations: Collection[str] = (),
) -> Membership:
    """Make somebody a member of a site as soon as she accepts, and write to her."""
    invitee = Invitee(email, first_name, last_name, function, roles, service_ids, practitioner_ids, habilitations)
    try:
        (outcome,) = invite_many(actor, site_id=site_id, invitees=[invitee])
    except IntegrityError as error:
        # Two administrators at once.
        raise AlreadyMember from error
    if isinstance(outcome, DomainError):
        raise outcome
    return outcome


@transaction.atomic
def invite_many(actor: Actor, *, site_id: UUID, invitees: Sequence[Invitee]) -> list[Membership | DomainError]:
    """Invite several people, in a number of statements that hardly grows; return for each the member, or why she is none.

    Raises IntegrityError, and nothing was written, when somebody else invites one of them at the same moment.
    """
    site = _site_to_invite_to(actor, site_id)
    known = _known(site, [normal_email(invitee.email) for invitee in invitees])
    services = _of_site(Service.objects.all(), site, {one for invitee in invitees for one in invitee.service_ids})
    practitioners = _of_site(
        Practitioner.objects.filter(is_active=True), site, {one for invitee in invitees for one in invitee.practitioner_ids}
    )
    own = _colleagues(actor, site, [normal_email(invitee.email) for invitee in invitees])
    outcomes: list[Membership | DomainError] = []
    accepted: list[tuple[Membership, Invitee]] = []
    for invitee in invitees:
        try:
            member = checked(actor, site, invitee)
            if not set(invitee.service_ids) <= services:
                raise Invalid({"services": _("Ce service n’est pas de ce site.")})
            if not set(invitee.practitioner_ids) <= practitioners:
                raise Invalid({"practitioners": _("Ce médecin n’est pas de ce site, ou n’y exerce plus.")})
            if member.email in own:
                raise OwnColleague
            if (is_active := known.get(member.email)) is not None:
                raise AlreadyMember if is_active else AlreadyMemberDisabled
        except DomainError as error:
            outcomes.append(error)
        else:
            known[member.email] = True
            outcomes.append(member)
            accepted.append((member, invitee))
    _store(actor, site, accepted)
    return outcomes


def checked(actor: Actor, site: Site, invitee: Invitee) -> Membership:
    """Return, not stored, the member that somebody would be. Raises Invalid and NotAllowed; reads nothing."""
    member = Membership(
        site=site,
        email=normal_email(invitee.email),
        first_name=clean_line(invitee.first_name),
        last_name=clean_line(invitee.last_name),
        function=clean_line(invitee.function),
        roles=[role.value for role in Role if role in set(invitee.roles)],
    )
    _check(actor, member, invitee)
    return member


def _site_to_invite_to(actor: Actor, site_id: UUID) -> Site:
    if not policies.may_administer(actor, site_id):
        raise NotAllowed
    site = Site.objects.filter(id=site_id).first()
    if site is None:
        raise Unseen
    return site


def _known(site: Site, addresses: Collection[str]) -> dict[str, bool]:
    """Return, of these addresses, those of members of the site, and whether they are active."""
    return dict(Membership.objects.filter(site=site, email__in=addresses).values_list("email", "is_active"))


def _colleagues(actor: Actor, site: Site, addresses: Collection[str]) -> frozenset[str]:
    """Return, of these addresses, those of her own organisation, when she acts for a site that is not hers."""
    if not policies.is_delegate(actor, site.id):
        return frozenset()
    return frozenset(Membership.objects.filter(site__in=actor.site_ids, email__in=addresses).values_list("email", flat=True))


def _of_site(rows: QuerySet[Any], site: Site, wanted: Collection[UUID]) -> set[UUID]:
    return set(rows.filter(site=site, id__in=wanted).values_list("id", flat=True)) if wanted else set()


def _store(actor: Actor, site: Site, accepted: Sequence[tuple[Membership, Invitee]]) -> None:
    now = timezone.now()
    sendings = [_sending(actor, member, now) for member, _invitee in accepted]
    with transaction.atomic():
        Membership.objects.bulk_create([member for member, _invitee in accepted])
    ServiceMembership.objects.bulk_create(
        ServiceMembership(site=site, membership=member, service_id=service)
        for member, invitee in accepted
        for service in sorted(set(invitee.service_ids))
    )
    MedicalIdentity.objects.bulk_create(
        MedicalIdentity(site=site, membership=member, practitioner_id=practitioner)
        for member, invitee in accepted
        for practitioner in sorted(set(invitee.practitioner_ids))
    )
    Habilitation.objects.bulk_create(
        Habilitation(site=site, membership=member, code=code) for member, invitee in accepted for code in sorted(set(invitee.habilitations))
    )
    Invitation.objects.bulk_create([invitation for invitation, _token in sendings])
    for (member, invitee), (invitation, token) in zip(accepted, sendings, strict=True):
        _write(invitation, member, token, event=f"invitation:{invitation.id}", reminder=False)
        given = {"habilitations": sorted(set(invitee.habilitations))} if invitee.habilitations else {}
        _record(actor, member, "member.invited", roles=member.roles, **given)


@transaction.atomic
def resend(actor: Actor, membership_id: UUID) -> Membership:
    """Write again, with another link that is valid fourteen days from now; the former link dies."""
    member = _awaiting(actor, membership_id)
    _send(actor, member)
    _record(actor, member, "invitation.resent")
    return member


@transaction.atomic
def withdraw(actor: Actor, membership_id: UUID) -> None:
    """Take an invitation back, and with it a member who never was one."""
    member = _awaiting(actor, membership_id)
    _record(actor, member, "invitation.withdrawn")
    try:
        member.delete()
    except ProtectedError as error:
        raise DomainError(_("Cette personne ne peut pas être retirée : une carte de prêt est à son nom.")) from error


def _check(actor: Actor, member: Membership, invitee: Invitee) -> None:
    roles = invitee.roles
    problems: dict[str, Any] = {}
    try:
        check_email(member.email)
    except ValidationError:
        problems["email"] = _("Saisissez une adresse électronique valide.")
    if not member.first_name or len(member.first_name) > _LONGEST_NAME:
        problems["first_name"] = _("Saisissez un prénom, de 80 caractères au plus.")
    if not member.last_name or len(member.last_name) > _LONGEST_NAME:
        problems["last_name"] = _("Saisissez un nom, de 80 caractères au plus.")
    if len(member.function) > _LONGEST_FUNCTION:
        problems["function"] = _("La fonction fait 120 caractères au plus.")
    if not roles or not set(roles) <= set(Role.values):
        problems["roles"] = _("Choisissez au moins un rôle.")
    if not set(invitee.habilitations) <= rights.habilitations():
        problems["habilitations"] = _("Cette habilitation n’existe pas.")
    if problems:
        raise Invalid(problems)
    if member.email == actor.user.email and policies.is_operator(actor) and member.site_id not in actor.site_ids:
        # Nobody gives herself rights, operators no more than others. Who helps a site is told why by `_colleagues`.
        raise OneselfInvited
    if APPOINTED & set(roles) and not policies.may_appoint(actor):
        raise NotAllowed(_("Seul l’opérateur de la plateforme nomme les administrateurs."))


def _awaiting(actor: Actor, membership_id: UUID) -> Membership:
    access = policies.access_membership(actor, membership_id, lock=True)
    member = access.membership
    access.require(access.may_administer)
    if APPOINTED & set(member.roles) and not policies.may_appoint(actor):
        raise NotAllowed(_("Seul l’opérateur de la plateforme nomme les administrateurs."))
    if not member.is_active or member.accepted_at is not None:
        raise NothingToAccept
    return member


def _send(actor: Actor, member: Membership) -> None:
    now = timezone.now()
    Invitation.objects.filter(membership=member, ended_at=None).update(ended_at=now)
    invitation, token = _sending(actor, member, now)
    invitation.save()
    member.save(update_fields=["invitation_sent_at", "invitation_expires_at"])
    _write(invitation, member, token, event=f"invitation:{invitation.id}", reminder=False)


def _sending(actor: Actor, member: Membership, now: datetime) -> tuple[Invitation, str]:
    """Return, not stored, an invitation that leaves now, and the only copy of its token; the member knows its dates."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    member.invitation_sent_at = now
    member.invitation_expires_at = now + VALID_FOR
    delegation = actor.delegation_at(member.site_id)
    invitation = Invitation(
        site_id=member.site_id,
        membership=member,
        digest=digest_of(token),
        bound=bond_of(member),
        invited_by=actor.user,
        invited_by_name=signature(actor, member.site_id),
        support_grant_id=delegation.grant_id if delegation is not None else None,
        sent_at=now,
        expires_at=member.invitation_expires_at,
    )
    return invitation, token


def _write(invitation: Invitation, member: Membership, token: str, *, event: str, reminder: bool) -> bool:
    context = {
        "member": member,
        "site": member.site,
        "invitation": invitation,
        "reminder": reminder,
        "url": f"{settings.VIGIE_BASE_URL}{reverse('invitation', args=[token])}",
        "base_url": settings.VIGIE_BASE_URL,
    }
    # Of somebody who has no account no language is known: that of the portal. Asking accounts would tell them apart.
    with override(settings.LANGUAGE_CODE), timezone.override(member.site.time_zone):
        subject = gettext("Rappel : votre invitation dans Vigie") if reminder else gettext("Votre invitation dans Vigie")
        text = render_to_string("directory/mail/invitation.txt", context)
        sent: bool = import_string(settings.VIGIE_GUEST_MAILER)(
            guest_id=member.id, address=member.email, event=event, subject=subject, text=text.strip() + "\n"
        )
    return sent


# --- What happens with time ------------------------------------------------------------------------------------------


def due_reminders(at: datetime) -> list[tuple[UUID, UUID, int]]:
    """Return (invitation, site, days) of the reminders that are due at this moment and did not go out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT invitation_id, site_id, days FROM directory_invitations_to_remind(%s)", [at])
        rows: list[tuple[UUID, UUID, int]] = cursor.fetchall()
    return rows


def remind(invitation_id: UUID, days: int, *, at: datetime) -> bool:
    """Remind once; return whether it was this time. The scope holds the site.

    The reminder carries a new link, since the database does not know the former one, which dies; the end stays where it
    was. The lock, the list of reminders and the mail are one transaction: two workers, or one that died, remind once.
    """
    with transaction.atomic():
        invitation = (
            Invitation.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("membership__site")
            .filter(id=invitation_id, ended_at=None, expires_at__gt=at)
            .first()
        )
        if invitation is None or days in invitation.reminders or not _stands(invitation):
            return False
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        invitation.digest = digest_of(token)
        invitation.reminders = [*invitation.reminders, days]
        invitation.save(update_fields=["digest", "reminders"])
        return _write(invitation, invitation.membership, token, event=f"invitation.reminder:{invitation.id}:{days}", reminder=True)


def due_ends(at: datetime) -> list[tuple[UUID, UUID]]:
    """Return (invitation, site) of those whose time has passed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT invitation_id, site_id FROM directory_invitations_to_end(%s)", [at])
        rows: list[tuple[UUID, UUID]] = cursor.fetchall()
    return rows


def end_expired(invitation_id: UUID, *, at: datetime) -> bool:
    """End an invitation whose time has passed, once, and say so in the journal. The scope holds the site."""
    with transaction.atomic():
        invitation = (
            Invitation.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("membership__site")
            .filter(id=invitation_id, ended_at=None, expires_at__lte=at)
            .first()
        )
        if invitation is None:
            return False
        invitation.ended_at = invitation.expires_at
        invitation.save(update_fields=["ended_at"])
        _record(None, invitation.membership, "invitation.expired")
        return True


# --- What the invited person does ------------------------------------------------------------------------------------


def open_link(token: str) -> Opened:
    """Read what a link invites to; nothing changes. Raises DeadLink."""
    found = _find(token)
    if found is None:
        raise DeadLink
    invitation_id, site_id, account_id = found
    with scope.entered(Scope(site_ids=frozenset({site_id}))):
        invitation = Invitation.objects.select_related("membership__site").filter(id=invitation_id).first()
        if invitation is None or not _is_good(invitation, token):
            raise DeadLink
        member = invitation.membership
        return Opened(
            invitation_id=invitation.id,
            site_id=site_id,
            site_name=member.site.name,
            membership_id=member.id,
            first_name=member.first_name,
            last_name=member.last_name,
            email=member.email,
            invited_by_name=invitation.invited_by_name,
            expires_at=invitation.expires_at,
            account_id=account_id,
        )


def accept_as_new_person(token: str, *, password: str, language: str) -> User:
    """Make the account of somebody who has none, with the password she chose, and her membership. Raises DeadLink."""
    opened = open_link(token)
    if opened.account_id is not None:
        raise DeadLink
    identifier = uuid7()
    try:
        with scope.entered(Scope(user_id=identifier, site_ids=frozenset({opened.site_id}))):
            user = create_account(
                id=identifier,
                email=opened.email,
                first_name=opened.first_name,
                last_name=opened.last_name,
                password=password,
                language=language,
            )
            _accept(opened, token, user)
    except IntegrityError as error:
        # She has accepted another invitation at the same moment: now she has an account.
        raise DeadLink from error
    return user


def accept_as(token: str, user: User) -> None:
    """Add a membership to the account of somebody who has shown two factors, if the link is hers. Raises DeadLink."""
    opened = open_link(token)
    if opened.account_id != user.pk:
        raise DeadLink
    with scope.entered(Scope(user_id=user.pk, site_ids=frozenset({opened.site_id}))):
        if Membership.objects.filter(site=opened.site_id, user=user).exists():
            raise DeadLink
        _accept(opened, token, user)


def _accept(opened: Opened, token: str, user: User) -> None:
    """Consume the link under lock: of two requests with one link, the second finds it dead."""
    member = Membership.objects.select_for_update(of=("self",)).select_related("site").filter(id=opened.membership_id).first()
    invitation = Invitation.objects.select_for_update(of=("self",)).filter(id=opened.invitation_id).first()
    if member is None or invitation is None:
        raise DeadLink
    invitation.membership = member
    if not _is_good(invitation, token):
        raise DeadLink
    now = timezone.now()
    invitation.ended_at = now
    invitation.save(update_fields=["ended_at"])
    member.user = user
    member.accepted_at = now
    member.revision += 1
    member.save(update_fields=["user", "accepted_at", "revision"])
    _record(Actor(user=user, memberships=(), desks=(), reach=frozenset()), member, "invitation.accepted")


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def bond_of(member: Membership) -> str:
    """Return what a link is bound to: the site, the address and the roles, all together."""
    return hashlib.sha256("\n".join([str(member.site_id), member.email, *sorted(member.roles)]).encode()).hexdigest()


def _find(token: str) -> tuple[UUID, UUID, UUID | None] | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT invitation_id, site_id, account_id FROM directory_find_invitation(%s)", [digest_of(token[:_LONGEST_TOKEN])])
        row: tuple[UUID, UUID, UUID | None] | None = cursor.fetchone()
    return row


def _is_good(invitation: Invitation, token: str) -> bool:
    return (
        secrets.compare_digest(invitation.digest, digest_of(token))
        and invitation.ended_at is None
        and invitation.expires_at > timezone.now()
        and _stands(invitation)
    )


def _stands(invitation: Invitation) -> bool:
    """Tell whether the member still waits, unchanged, in a site in service, and whether who invited her still could.

    What a support site sent under a grant stands after the grant: it was sent for the site, which may withdraw it.
    """
    member = invitation.membership
    if not member.is_active or member.accepted_at is not None or not member.site.is_active or bond_of(member) != invitation.bound:
        return False
    if invitation.invited_by_id is None:
        return False
    with scope.entered(NOTHING):
        inviter = enter_as(invitation.invited_by_id)
        if inviter is None:
            return False
        if invitation.support_grant_id is not None:
            return not APPOINTED & set(member.roles)
        if not policies.may_administer(inviter, member.site_id):
            return False
        return not APPOINTED & set(member.roles) or policies.may_appoint(inviter)


def _record(actor: Actor | None, member: Membership, code: str, **details: object) -> None:
    record_act(
        actor,
        code,
        site_id=member.site_id,
        space_id=member.site.space_id,
        object_kind="membership",
        object_id=member.id,
        object_name=member.full_name,
        subject_id=member.user_id,
        details=details or None,
    )
