"""The register of loan cards: lent, late, back (ACC-6)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory import card_actions, card_queries
from vigie.directory.card_queries import CardState
from vigie.directory.keyset import Position
from vigie.directory.models import LoanCard, Membership, Role, Site
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, SiteFactory, member
from vigie.foundation.errors import Invalid, Unseen
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Desk:
    site: Site
    adele: User
    eve: User
    """Administrator of another site."""
    claire: UUID
    bob: UUID

    def get(self, name: str, *arguments: object, **query: str) -> Any:
        return signed_in_client(self.adele).get(reverse(f"directory:{name}", args=arguments), query)

    def post(self, name: str, *arguments: object, **fields: Any) -> Any:
        return signed_in_client(self.adele).post(reverse(f"directory:{name}", args=arguments), fields)

    def listed(self, state: str = "toutes", words: str = "") -> list[str]:
        with acting_as(self.adele):
            return [card.number for card in card_queries.cards_page(self.site, words, state, Position()).rows]


@pytest.fixture
def desk(db: None) -> Desk:
    with as_maintenance():
        site, other_site = SiteFactory.create(), SiteFactory.create()
        return Desk(
            site=site,
            adele=member(site, Role.ADMIN),
            eve=member(other_site, Role.ADMIN),
            claire=MembershipFactory.create(site=site, first_name="Claire", last_name="Moreau").pk,
            bob=MembershipFactory.create(site=site, first_name="Bob", last_name="Bobin").pk,
        )


def cards() -> list[LoanCard]:
    with as_maintenance():
        return list(LoanCard.objects.order_by("lent_at", "id"))


def acts() -> list[tuple[str, str]]:
    with as_maintenance():
        return [(act.code, act.details["card"]) for act in Act.objects.order_by("id")]


def test_card_is_lent_and_comes_back_and_the_journal_tells_both(desk: Desk) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    assert desk.get("card_lend", desk.claire).status_code == 200
    lent = desk.post("card_lend", desk.claire, number=" cps-0042 ", due_on=tomorrow.isoformat())
    assert lent["Location"] == reverse("directory:cards", args=[desk.site.number])
    (card,) = cards()
    assert (card.number, card.due_on, card.lent_by_name, card.returned_at) == ("CPS-0042", tomorrow, desk.adele.full_name, None)
    page = desk.get("cards", desk.site.number).content.decode()
    assert "Claire Moreau" in page
    assert "CPS-0042" in desk.get("member", desk.claire).content.decode()
    back = desk.post("card_return", card.pk, from_record="1")
    assert back["Location"] == reverse("directory:member", args=[desk.claire])
    (card,) = cards()
    assert card.returned_at is not None
    assert card.returned_to_name == desk.adele.full_name
    assert acts() == [("card.lent", "CPS-0042"), ("card.returned", "CPS-0042")]


def test_card_has_one_holder_at_a_time(desk: Desk) -> None:
    desk.post("card_lend", desk.claire, number="7")
    refused = desk.post("card_lend", desk.bob, number="7")
    assert refused.status_code == 422
    assert "déjà prêtée à Claire Moreau" in refused.content.decode()
    assert len(cards()) == 1
    desk.post("card_return", cards()[0].pk)
    assert desk.post("card_lend", desk.bob, number="7").status_code == 302
    assert desk.listed() == ["7", "7"], "both loans make its history"
    with as_maintenance(), pytest.raises(IntegrityError), transaction.atomic():
        LoanCard.objects.create(site=desk.site, number="7", membership_id=desk.claire, lent_at=timezone.now(), lent_by_name="x")


def test_return_is_noted_once(desk: Desk) -> None:
    desk.post("card_lend", desk.claire, number="7")
    (card,) = cards()
    desk.post("card_return", card.pk)
    first = cards()[0].returned_at
    assert (
        "déjà rendue" in signed_in_client(desk.adele).post(reverse("directory:card_return", args=[card.pk]), follow=True).content.decode()
    )
    assert cards()[0].returned_at == first
    assert len(acts()) == 2


def test_late_cards_are_shown_as_such(desk: Desk) -> None:
    for number, days in (("1", -1), ("2", 0), ("3", None)):
        with as_maintenance():
            due_on = None if days is None else timezone.localdate() + timedelta(days=days)
            LoanCard.objects.create(
                site=desk.site, number=number, membership_id=desk.claire, lent_at=timezone.now(), due_on=due_on, lent_by_name="x"
            )
    assert desk.listed(CardState.LATE) == ["1"]
    assert sorted(desk.listed(CardState.OUT)) == ["1", "2", "3"]
    assert desk.listed(CardState.RETURNED) == []
    assert "en retard" in desk.get("cards", desk.site.number).content.decode()
    desk.post("card_return", next(card.pk for card in cards() if card.number == "1"))
    assert desk.listed(CardState.LATE) == []
    assert desk.listed(CardState.RETURNED) == ["1"]


def test_register_is_searched_by_number_and_by_person(desk: Desk) -> None:
    desk.post("card_lend", desk.claire, number="CPS-1")
    desk.post("card_lend", desk.bob, number="CPE-2")
    assert desk.listed(words="cps") == ["CPS-1"]
    assert desk.listed(words="bobin") == ["CPE-2"]
    assert desk.listed(words="%") == []


@pytest.mark.parametrize(
    "fields",
    [{"number": ""}, {"number": " "}, {"number": "7" * 41}, {"number": "7", "due_on": "2020-01-01"}, {"number": "7", "due_on": "x"}],
)
def test_bad_loan_is_refused_and_nothing_is_written(desk: Desk, fields: dict[str, str]) -> None:
    assert desk.post("card_lend", desk.claire, **fields).status_code == 422
    assert cards() == []


def test_nothing_is_lent_to_a_deactivated_person(desk: Desk) -> None:
    with as_maintenance():
        Membership.objects.filter(pk=desk.claire).update(is_active=False)
    assert desk.post("card_lend", desk.claire, number="7").status_code == 409
    assert cards() == []
    assert "Moreau" not in desk.get("card_borrower", desk.site.number, q="moreau").content.decode().partition("<tbody>")[2]


def test_tab_appears_with_the_first_loan_and_lending_is_offered_before(desk: Desk) -> None:
    address = f'href="{reverse("directory:cards", args=[desk.site.number])}"'
    assert address not in desk.get("members", desk.site.number).content.decode()
    assert reverse("directory:card_lend", args=[desk.claire]) in desk.get("member", desk.claire).content.decode()
    assert "Aucune carte prêtée" in desk.get("cards", desk.site.number).content.decode()
    desk.post("card_lend", desk.claire, number="7")
    assert address in desk.get("members", desk.site.number).content.decode()


def test_cards_of_another_site_do_not_exist(desk: Desk) -> None:
    desk.post("card_lend", desk.claire, number="7")
    (card,) = cards()
    stranger = signed_in_client(desk.eve)
    for name, argument in (("cards", desk.site.number), ("card_borrower", desk.site.number), ("card_lend", desk.claire)):
        assert stranger.get(reverse(f"directory:{name}", args=[argument])).status_code == 404
    assert stranger.post(reverse("directory:card_return", args=[card.pk])).status_code == 404
    with acting_as(desk.eve) as actor:
        with pytest.raises(Unseen):
            card_actions.return_card(actor, card.pk)
        with pytest.raises(Unseen):
            card_actions.lend_card(actor, desk.claire, number="8")
        assert not LoanCard.objects.exists()
    with acting_as(desk.adele) as actor, pytest.raises(Invalid):
        card_actions.lend_card(actor, desk.bob, number="7")
    assert cards()[0].returned_at is None


def test_register_costs_the_same_with_one_card_and_with_thirty(desk: Desk) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert desk.get("cards", desk.site.number).status_code == 200
        return len(queries)

    desk.post("card_lend", desk.claire, number="0")
    with_one = statements()
    for number in range(1, 30):
        with acting_as(desk.adele) as actor:
            card_actions.lend_card(actor, desk.claire, number=str(number))
    assert statements() == with_one
    assert len(desk.listed()) == 25
