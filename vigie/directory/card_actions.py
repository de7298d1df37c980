"""Lending cards and taking them back (ACC-6). Each function is one transaction: rights, rules, row, journal."""

from datetime import date
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.audit.actions import record_act
from vigie.directory import policies
from vigie.directory.actors import Actor
from vigie.directory.models import LoanCard
from vigie.directory.policies import access_card, access_membership
from vigie.foundation.errors import DomainError, Invalid
from vigie.foundation.text import clean_line

LONGEST_NUMBER: Final = 40


class CardCameBack(DomainError):
    message = _("Cette carte est déjà rendue : quelqu’un d’autre vient de le noter.")


class NoCardForTheDeactivated(DomainError):
    message = _("Cette personne est désactivée : réactivez-la avant de lui prêter une carte.")


@transaction.atomic
def lend_card(actor: Actor, membership_id: UUID, *, number: str, due_on: date | None = None) -> LoanCard:
    """Lend a card of the site to one of its members. A card has one holder at a time."""
    access = access_membership(actor, membership_id, lock=True)
    member = access.membership
    access.require(policies.may_lend_cards(actor, member.site_id))
    if not member.is_active:
        raise NoCardForTheDeactivated
    number = clean_line(number).upper()
    if not number or len(number) > LONGEST_NUMBER:
        raise Invalid({"number": _("Écrivez le numéro de la carte, en 40 caractères au plus.")})
    if due_on is not None and due_on < timezone.localdate():
        raise Invalid({"due_on": _("Choisissez aujourd’hui ou un jour à venir.")})
    try:
        with transaction.atomic():
            card = LoanCard.objects.create(
                site=member.site, number=number, membership=member, lent_at=timezone.now(), due_on=due_on, lent_by_name=actor.name
            )
    except IntegrityError as error:
        holder = LoanCard.objects.select_related("membership").filter(site=member.site_id, number=number, returned_at=None).first()
        name = holder.membership.full_name if holder is not None else "?"
        raise Invalid({"number": _("Cette carte est déjà prêtée à %(name)s. Notez d’abord son retour.") % {"name": name}}) from error
    _record(actor, "card.lent", card)
    return card


@transaction.atomic
def return_card(actor: Actor, card_id: UUID) -> LoanCard:
    """Note that a card has come back."""
    card = access_card(actor, card_id, lock=True)
    if card.returned_at is not None:
        raise CardCameBack
    card.returned_at = timezone.now()
    card.returned_to_name = actor.name
    card.save(update_fields=["returned_at", "returned_to_name"])
    _record(actor, "card.returned", card)
    return card


def _record(actor: Actor, code: str, card: LoanCard) -> None:
    member = card.membership
    record_act(
        actor,
        code,
        site_id=card.site_id,
        space_id=card.site.space_id,
        object_kind="loan_card",
        object_id=str(card.id),
        object_name=member.full_name,
        subject_id=member.user_id,
        details={"card": card.number},
    )
