"""What people do to accounts by mistake or on purpose, where no other module holds the case; docs/security.md lists them all."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.tests.factories import UserFactory
from vigie.accounts.tests.signing_in import give_password, signed_in_client
from vigie.audit.models import Act
from vigie.directory import member_actions
from vigie.directory.models import Invitation, Membership, MemberStatus, Role, Site
from vigie.directory.tests import factories
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.test_invitations import Postbox, accept, address_of, invited, is_dead, postbox, stored
from vigie.directory.tests.test_people_import import HEADER, planned
from vigie.foundation.errors import DomainError, Invalid
from vigie.foundation.testing import as_maintenance

__all__ = ["postbox"]
pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Place:
    site: Site
    admin: User

    def form(self, **changes: Any) -> Any:
        """Send the form that invites somebody."""
        person = {"email": "ines@val.example", "first_name": "Inès", "last_name": "Roy", "function": "Interne de garde", "roles": ["user"]}
        return signed_in_client(self.admin).post(reverse("directory:member_add", args=[self.site.number]), person | changes)

    def emails(self) -> list[str]:
        with as_maintenance():
            return sorted(Membership.objects.filter(site=self.site).exclude(user=self.admin).values_list("email", flat=True))


@pytest.fixture
def place(db: None) -> Place:
    cache.clear()
    with as_maintenance():
        site = factories.SiteFactory.create(name="CH du Val")
        return Place(site, factories.member(site, Role.ADMIN, email="claire@val.example"))


# --- The same address again ------------------------------------------------------------------------------------------
VARIANTS = [
    "INES@Hôpital.EXAMPLE",
    " ines@hôpital.example ",
    "ines@ho\u0302pital.example",
    "ines@hôpital.example\u200b",
    "ines@xn--hpital-ixa.example",
    "ines@XN--HPITAL-IXA.example",
]


@pytest.mark.parametrize("again", VARIANTS)
def test_the_form_refuses_a_known_address_however_it_is_written(place: Place, postbox: Postbox, again: str) -> None:
    assert place.form(email="ines@hôpital.example").status_code == 302
    answer = place.form(email=again)
    assert answer.status_code == 422
    assert "a déjà cette adresse" in answer.content.decode()
    assert 'value="Interne de garde"' in answer.content.decode()
    assert place.emails() == ["ines@hôpital.example"]
    assert len(postbox.sent) == 1


def test_a_file_that_repeats_an_address_in_other_writings_invites_once(place: Place, postbox: Postbox) -> None:
    lines = "".join(f"{address};Roy;Inès;;;;\n" for address in ["ines@hôpital.example", *VARIANTS])
    page, _confirm = planned(signed_in_client(place.admin), place.site, HEADER + lines)
    plan = page.context["plan"]
    assert [one.line for one in plan.invited] == [2]
    assert [one.line for one in plan.errors] == [3, 4, 5, 6, 7, 8]
    assert {"ligne 2" in one.reason for one in plan.errors} == {True}


@pytest.mark.parametrize("looks_alike", ["ınes@val.example", "іnes@val.example", "inеs@val.example"])
def test_an_address_that_only_looks_like_another_is_refused(place: Place, postbox: Postbox, looks_alike: str) -> None:
    assert place.form().status_code == 302
    answer = place.form(email=looks_alike)
    assert answer.status_code == 422
    assert "valide" in str(answer.context["form"].errors["email"])
    assert place.emails() == ["ines@val.example"]


def test_two_sites_that_write_one_address_differently_make_one_account(place: Place, postbox: Postbox) -> None:
    with as_maintenance():
        elsewhere = factories.SiteFactory.create()
        other = factories.member(elsewhere, Role.ADMIN)
    for admin, site, email in ((place.admin, place.site, "ines@hôpital.example"), (other, elsewhere, "INES@xn--hpital-ixa.example")):
        invited(admin, site, email=email)
    here, there = postbox.tokens()
    assert accept(here).status_code == 302
    # The second link now asks for the account that the first one made.
    assert accept(there).status_code == 409
    with as_maintenance():
        account = User.objects.get(email="ines@hôpital.example")
    assert accept(there, signed_in_client(account)).status_code == 302
    with as_maintenance():
        assert Membership.objects.filter(user=account).count() == 2


# --- Somebody disabled, invited again --------------------------------------------------------------------------------
def test_a_disabled_member_invited_again_is_left_as_she_is_and_the_page_says_what_to_do(place: Place, postbox: Postbox) -> None:
    with as_maintenance():
        member = factories.MembershipFactory.create(site=place.site, email="ines@val.example", is_active=False)
        before = Membership.objects.values().get(pk=member.pk)
    answer = place.form(email="INES@val.example", roles=["user", "referent"])
    assert answer.status_code == 422
    assert "Réactivez-la depuis sa fiche" in answer.content.decode()
    assert 'value="Interne de garde"' in answer.content.decode()
    with as_maintenance():
        assert Membership.objects.values().get(pk=member.pk) == before
    assert postbox.sent == []


def test_a_disabled_member_is_not_written_to_again(place: Place, postbox: Postbox) -> None:
    member = invited(place.admin, place.site)
    with acting_as(place.admin) as actor:
        member_actions.deactivate_member(actor, member.id)
    address = reverse("directory:members_resend", args=[place.site.number])
    page = signed_in_client(place.admin).post(address, {"membre": [str(member.id)]}, follow=True).content.decode()
    assert "désactivée" in page
    assert len(postbox.sent) == 1
    assert is_dead(postbox.token)


def test_an_account_that_the_operator_closed_comes_back_by_no_invitation(place: Place, postbox: Postbox) -> None:
    with as_maintenance():
        closed = UserFactory.create(email="ines@val.example", is_active=False, second_factor=True)
    member = invited(place.admin, place.site)
    assert accept(postbox.token).status_code == 409
    assert accept(postbox.token, signed_in_client(closed)).status_code == 409
    assert reverse("mfa_authenticate") not in give_password(Client(), "ines@val.example").headers.get("Location", "")
    assert stored(member).status_at(timezone.now()) == MemberStatus.INVITED
    with as_maintenance():
        assert not User.objects.get(pk=closed.pk).is_active


# --- What belongs to another site ------------------------------------------------------------------------------------
@pytest.mark.parametrize("whose", ["another site", "nobody's any more", "nobody's"])
def test_nobody_is_invited_with_a_practitioner_whom_the_site_has_not(place: Place, postbox: Postbox, whose: str) -> None:
    with as_maintenance():
        practitioner = {
            "another site": factories.PractitionerFactory.create,
            "nobody's any more": lambda: factories.PractitionerFactory.create(site=place.site, is_active=False),
            "nobody's": factories.PractitionerFactory.build,
        }[whose]()
    with pytest.raises(Invalid) as refusal:
        invited(place.admin, place.site, practitioner_ids=[practitioner.id])
    assert set(refusal.value.fields) == {"practitioners"}
    assert place.emails() == []
    assert postbox.sent == []


# --- At the same moment ----------------------------------------------------------------------------------------------
def together(*acts: Callable[[], object]) -> list[object]:
    """Do these at once, each on connections of its own; return what each gave, or why it was refused."""
    barrier, outcomes = threading.Barrier(len(acts)), list[object]([None] * len(acts))

    def do(place: int, act: Callable[[], object]) -> None:
        try:
            barrier.wait()
            outcomes[place] = act()
        except DomainError as error:
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=do, args=numbered) for numbered in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_one_address_invited_twice_at_the_same_moment_is_one_member_and_one_mail(place: Place, postbox: Postbox) -> None:
    outcomes = together(*[lambda: invited(place.admin, place.site)] * 4)
    assert sorted(type(one).__name__ for one in outcomes) == ["AlreadyMember"] * 3 + ["Membership"]
    assert place.emails() == ["ines@val.example"]
    with as_maintenance():
        assert Invitation.objects.count() == Act.objects.filter(code="member.invited").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_link_used_twice_at_the_same_moment_makes_one_account(place: Place, postbox: Postbox) -> None:
    invited(place.admin, place.site)
    answers = together(*[lambda: accept(postbox.token).status_code] * 3)
    assert sorted(map(str, answers)) == ["302", "404", "404"]
    with as_maintenance():
        assert User.objects.filter(email="ines@val.example").count() == 1
        assert Act.objects.filter(code="invitation.accepted").count() == 1
    assert Client().get(address_of(postbox.token)).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_save_one_record_at_the_same_moment_are_not_both_told_yes(place: Place, postbox: Postbox) -> None:
    with as_maintenance():
        other = factories.member(place.site, Role.ADMIN)
        member = factories.MembershipFactory.create(site=place.site, function="Interne")

    def save(admin: User, function: str) -> str:
        with acting_as(admin) as actor:
            return member_actions.edit_member(
                actor, member.id, first_name="Inès", last_name="Roy", function=function, revision=member.revision
            ).function

    outcomes = together(lambda: save(place.admin, "Cheffe de clinique"), lambda: save(other, "Praticienne"))
    refused = [one for one in outcomes if isinstance(one, member_actions.MemberChangedMeanwhile)]
    assert len(refused) == 1
    assert stored(member).function in outcomes
    assert stored(member).revision == member.revision + 1
