"""What the console reads of the loan cards of a site (« cartes de prêt », ACC-6)."""

from typing import Final

from django.db.models import Q, QuerySet, TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.directory.keyset import Position, Slice, cut
from vigie.directory.member_queries import sought_members
from vigie.directory.models import LoanCard, Membership, Site

_ORDER: Final = ("lent_at", "id")


class CardState(TextChoices):
    OUT = "pretees", _("Prêtées")
    LATE = "retard", _("En retard")
    RETURNED = "rendues", _("Rendues")


def has_cards(site: Site) -> bool:
    """Tell whether this site has ever lent a card: what its reading said already, else one statement."""
    told: bool | None = getattr(site, "lends_cards", None)
    return LoanCard.objects.filter(site=site).exists() if told is None else told


def cards_page(site: Site, words: str, state: str, position: Position) -> Slice[LoanCard]:
    """Return a page of the loans of a site, the latest first; `state` is a CardState, or all."""
    cards = with_lateness(LoanCard.objects.filter(site=site)).select_related("membership")
    match state:
        case CardState.OUT:
            cards = cards.filter(returned_at=None)
        case CardState.LATE:
            cards = cards.filter(_late())
        case CardState.RETURNED:
            cards = cards.filter(returned_at__isnull=False)
    if words:
        cards = cards.filter(Q(number__istartswith=words) | Q(membership__in=sought_members(site, words).values("pk")))
    return cut(cards, _ORDER, position, descending=True)


def cards_held(member: Membership) -> list[LoanCard]:
    """Return the cards that a member has now."""
    return list(with_lateness(LoanCard.objects.filter(site=member.site_id, membership=member, returned_at=None)).order_by("lent_at", "id"))


def with_lateness(cards: "QuerySet[LoanCard]") -> "QuerySet[LoanCard]":
    """Annotate `is_late`: the card should have come back before today, in the reader's time zone."""
    return cards.annotate(is_late=_late())


def _late() -> Q:
    return Q(returned_at=None, due_on__isnull=False, due_on__lt=timezone.localdate())


def borrowers(site: Site, words: str, position: Position) -> Slice[Membership]:
    """Return a page of those to whom a card may be lent, by name."""
    return cut(sought_members(site, words).filter(is_active=True), ("last_name", "first_name", "id"), position)
