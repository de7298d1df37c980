"""What only the operator does is asked for by a request that is filled in, from wherever a page says so (ACC-15)."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.directory.models import Desk, Membership, Role, Site, SiteKind, Solution
from vigie.directory.operator_requests import Wish
from vigie.directory.tests.factories import MembershipFactory, SiteFactory, SolutionFactory, member
from vigie.foundation.testing import as_maintenance
from vigie.incidents.drafts import FILING
from vigie.incidents.models import Incident
from vigie.incidents.tests.factories import DeskFactory

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Territory:
    site: Site
    desk: Desk
    """The operator's."""
    solution: Solution
    nadia: User
    """Administrator and user of the site."""
    claire: Membership

    def record(self, user: User) -> str:
        return unescape(signed_in_client(user).get(reverse("directory:member", args=[self.claire.id])).content.decode())


@pytest.fixture
def territory(db: None) -> Territory:
    with as_maintenance():
        site = SiteFactory.create(name="CHU des Rives")
        DeskFactory.create(name="Support d’un éditeur", serves=[site])
        desk = DeskFactory.create(site=SiteFactory.create(kind=SiteKind.OPERATOR), name="Exploitation", phone="02 61 91 00 99")
        return Territory(
            site=site,
            desk=desk,
            solution=SolutionFactory.create(desk=desk, name="Portail", used_by=[site]),
            nadia=member(site, Role.USER, Role.ADMIN, first_name="Nadia", last_name="Benali"),
            claire=MembershipFactory.create(
                site=site, user__first_name="Claire", user__last_name="Moreau", user__email="c.moreau@chu.example"
            ),
        )


def links(page: str) -> list[str]:
    return re.findall(r'href="(/incidents/[^"]*demande=[^"]*)"', page)


def fields(page: Any) -> dict[str, str]:
    form = page.context["form"]
    return {name: str(form.initial.get(name, "")) for name in ("kind", "site", "solution", "subject", "description")}


def test_a_record_leads_to_a_request_to_the_desk_of_the_operator(territory: Territory) -> None:
    found = links(territory.record(territory.nadia))
    assert {re.search(r"demande=(\w+)", link)[1] for link in found} == set(Wish)  # type: ignore[index]
    page = signed_in_client(territory.nadia).get(next(link for link in found if "adresse" in link))
    filled = fields(page)
    assert filled["kind"] == "request"
    assert filled["solution"] == str(territory.solution.id)
    assert page.context["desk"] == territory.desk
    assert "Claire Moreau" in filled["description"]
    assert "c.moreau@chu.example" in filled["description"]
    assert "Moreau" not in filled["subject"]


def test_addresses_tell_nobodys_name(territory: Territory) -> None:
    assert not [link for link in links(territory.record(territory.nadia)) if "oreau" in link or "%40" in link or "@" in link]


def test_the_request_is_sent_as_it_was_filled_in(territory: Territory) -> None:
    client = signed_in_client(territory.nadia)
    page = client.get(next(link for link in links(territory.record(territory.nadia)) if "adresse" in link))
    form = page.context["form"]
    priority = form.fields["priority"].choices[0][0]
    sent = fields(page) | {"priority": priority, "submission": form["submission"].value(), "notify_requester": "on"}
    assert client.post(reverse("incidents:file"), sent).status_code == 302
    with as_maintenance():
        incident = Incident.objects.get()
    assert incident.desk_id == territory.desk.id
    assert "Claire Moreau" in incident.description


@pytest.mark.parametrize("wish", list(Wish))
def test_each_wish_says_what_is_still_to_be_written(territory: Territory, wish: Wish) -> None:
    page = signed_in_client(territory.nadia).get(reverse("incidents:file"), {"demande": wish, "fiche": str(territory.claire.id)})
    assert page.context["form"].initial["subject"]
    assert page.context["form"].initial["description"].endswith(":")


def test_somebody_asks_for_her_own_address_from_her_profile(territory: Territory) -> None:
    with as_maintenance():
        claire = User.objects.get(memberships=territory.claire.pk)
    client = signed_in_client(claire)
    (link,) = links(unescape(client.get(reverse("accounts:profile")).content.decode()))
    filled = fields(client.get(link))
    assert filled["subject"] == "Changer mon adresse électronique"
    assert "c.moreau@chu.example" in filled["description"]


def test_a_record_that_one_does_not_administer_tells_nothing(territory: Territory) -> None:
    with as_maintenance():
        stranger = member(SiteFactory.create(), Role.USER, Role.ADMIN)
        colleague = member(territory.site, Role.USER, Role.REFERENT)
    for user in (stranger, colleague):
        page = signed_in_client(user).get(reverse("incidents:file"), {"demande": "adresse", "fiche": str(territory.claire.id)})
        assert "Moreau" not in page.content.decode()
        assert "c.moreau" not in page.content.decode()


def test_whoever_files_nothing_is_told_whom_to_call(territory: Territory) -> None:
    with as_maintenance():
        adele = member(territory.site, Role.ADMIN)
    page = territory.record(adele)
    assert links(page) == []
    assert "02 61 91 00 99" in page


def test_operators_do_it_themselves(territory: Territory) -> None:
    with as_maintenance():
        paul = member(SiteFactory.create(), Role.OPERATOR)
    page = territory.record(paul)
    assert links(page) == []
    assert reverse("directory:platform_account", args=[territory.claire.user_id]) in page


def test_a_text_begun_before_is_not_lost_to_a_request(territory: Territory) -> None:
    client = signed_in_client(territory.nadia)
    client.post(reverse("incidents:draft", args=[FILING]), {"subject": "Mon brouillon", "description": "Long texte"})
    page = client.get(reverse("incidents:file"), {"demande": "adresse", "fiche": str(territory.claire.id)})
    assert "Mon brouillon" in page.content.decode()
    assert "Vous aviez commencé une autre déclaration" in page.content.decode()


def test_an_unknown_wish_is_an_ordinary_declaration(territory: Territory) -> None:
    page = signed_in_client(territory.nadia).get(reverse("incidents:file"), {"demande": "lune", "fiche": "x"})
    assert page.status_code == 200
    assert fields(page)["subject"] == ""


def test_the_operator_is_warned_on_the_record_of_the_last_administrator(territory: Territory) -> None:
    with as_maintenance():
        paul = member(SiteFactory.create(), Role.OPERATOR)
        own = Membership.objects.get(user=territory.nadia)
    client = signed_in_client(paul)
    warning = "C’est le dernier administrateur du site"
    assert warning in client.get(reverse("directory:member", args=[own.id])).content.decode()
    with as_maintenance():
        member(territory.site, Role.ADMIN)
    assert warning not in client.get(reverse("directory:member", args=[own.id])).content.decode()
