"""What sites hold about a person: what she is in each, and how she was invited."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.accounts.models import User
from vigie.directory.models import Habilitation, Invitation, LoanCard, MedicalIdentity, Membership, Role, ServiceMembership
from vigie.foundation import personal_data, scope
from vigie.foundation.personal_data import Row, Section
from vigie.foundation.scope import Scope


def register() -> None:
    personal_data.register("memberships", Section(_("Mes appartenances"), _MEMBERSHIPS, _memberships))
    personal_data.register("invitations", Section(_("Mes invitations"), _INVITATIONS, _invitations))
    personal_data.register("loan_cards", Section(_("Cartes de prêt qui m’ont été confiées"), _LOAN_CARDS, _loan_cards))


_MEMBERSHIPS = {
    "site": _("Site"),
    "status": _("Statut"),
    "email": _("Adresse électronique"),
    "first_name": _("Prénom"),
    "last_name": _("Nom"),
    "function": _("Fonction"),
    "roles": _("Rôles"),
    "services": _("Services"),
    "practitioners": _("Identités médicales"),
    "habilitations": _("Habilitations"),
    "created_at": _("Créée le"),
    "accepted_at": _("Acceptée le"),
    "activated_at": _("Active depuis"),
}
_INVITATIONS = {
    "site": _("Site"),
    "sent_at": _("Envoyée le"),
    "expires_at": _("Valable jusqu’au"),
    "ended_at": _("Terminée le"),
    "invited_by": _("Invitée par"),
    "reminders": _("Rappels"),
}

_LOAN_CARDS = {
    "site": _("Site"),
    "number": _("Numéro"),
    "lent_at": _("Prêtée le"),
    "lent_by": _("Prêtée par"),
    "returned_at": _("Rendue le"),
}


def sites_of(user: User) -> frozenset[UUID]:
    """Return every site where she is or was somebody: what it holds about her is hers to read, whatever she may do there now."""
    return frozenset(Membership.objects.filter(user=user).values_list("site_id", flat=True))


def _memberships(user: User) -> Iterator[Row]:
    with scope.entered(Scope(user_id=user.pk, site_ids=sites_of(user))):
        members = list(Membership.objects.filter(user=user).select_related("site").order_by("created_at"))
        services = _grouped(ServiceMembership.objects.filter(membership__in=members).values_list("membership_id", "service__name"))
        habilitations = _grouped(Habilitation.objects.filter(membership__in=members).values_list("membership_id", "code"))
        identities = _grouped(
            (identity.membership_id, str(identity.practitioner))
            for identity in MedicalIdentity.objects.filter(membership__in=members).select_related("practitioner")
        )
    now = timezone.now()
    for member in members:
        yield [
            member.site.name,
            str(member.status_at(now).label),
            member.email,
            member.first_name,
            member.last_name,
            member.function,
            [str(role.label) for role in Role if role in member.roles],
            services.get(member.id, []),
            identities.get(member.id, []),
            habilitations.get(member.id, []),
            member.created_at,
            member.accepted_at,
            member.activated_at,
        ]


def _invitations(user: User) -> Iterator[Row]:
    with scope.entered(Scope(user_id=user.pk, site_ids=sites_of(user))):
        sent = Invitation.objects.filter(membership__user=user).select_related("site").order_by("sent_at")
        rows = [[one.site.name, one.sent_at, one.expires_at, one.ended_at, one.invited_by_name, len(one.reminders)] for one in sent]
    yield from rows


def _loan_cards(user: User) -> Iterator[Row]:
    with scope.entered(Scope(user_id=user.pk, site_ids=sites_of(user))):
        lent = LoanCard.objects.filter(membership__user=user).select_related("site").order_by("lent_at")
        rows = [[card.site.name, card.number, card.lent_at, card.lent_by_name, card.returned_at] for card in lent]
    yield from rows


def _grouped(pairs: Iterable[tuple[UUID, str]]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    for member, name in pairs:
        found.setdefault(member, []).append(name)
    return {member: sorted(names) for member, names in found.items()}
