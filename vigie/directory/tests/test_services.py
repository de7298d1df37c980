"""The register of services of a site, as administrators handle it through pages (ACC-23)."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory import service_actions
from vigie.directory.models import Feature, Membership, Role, Service, ServiceFeature, ServiceMembership, Site, SiteFeature
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, ServiceFactory, SiteFactory, member
from vigie.foundation.errors import Unseen
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Ward:
    site: Site
    cardiology: Service
    foreign: Service
    """A service of another site."""
    adele: User
    """Administrator of the site."""
    eve: User
    """Administrator of the other site."""
    claire: Membership
    boris: Membership

    def get(self, page: str, /, *args: object, user: User | None = None, **query: Any) -> Any:
        return signed_in_client(user or self.adele).get(reverse(f"directory:{page}", args=args), query)

    def post(self, page: str, /, *args: object, user: User | None = None, **fields: Any) -> Any:
        return signed_in_client(user or self.adele).post(reverse(f"directory:{page}", args=args), fields, follow=True)

    def people(self, service: Service | None = None) -> set[UUID]:
        with as_maintenance():
            links = ServiceMembership.objects.filter(service=service or self.cardiology)
            return set(links.values_list("membership_id", flat=True))


@pytest.fixture
def ward(db: None) -> Ward:
    with as_maintenance():
        site, other_site = SiteFactory.create(), SiteFactory.create()
        return Ward(
            site=site,
            cardiology=ServiceFactory.create(site=site, name="Cardiologie"),
            foreign=ServiceFactory.create(site=other_site, name="Urgences"),
            adele=member(site, Role.ADMIN, first_name="Adèle", last_name="Durand"),
            eve=member(other_site, Role.ADMIN),
            claire=MembershipFactory.create(site=site, first_name="Claire", last_name="Moreau"),
            boris=MembershipFactory.create(site=site, first_name="Boris", last_name="Petit"),
        )


def acts() -> list[str]:
    with as_maintenance():
        return list(Act.objects.order_by("id").values_list("code", flat=True))


def names(site: Site) -> list[str]:
    with as_maintenance():
        return list(Service.objects.filter(site=site).order_by("name").values_list("name", flat=True))


# --- Who comes in ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.ADMIN, Role.OPERATOR)], ids=str)
def test_whoever_does_not_administer_the_site_does_not_find_its_services(ward: Ward, role: Role) -> None:
    with as_maintenance():
        colleague = member(ward.site, role)
    for user in (colleague, ward.eve):
        for name in ("service", "service_delete", "service_people_add"):
            assert ward.get(name, ward.cardiology.id, user=user).status_code == 404
        assert ward.get("services", ward.site.number, user=user).status_code == 404
        for name in ("service_rename", "service_delete", "service_people_add", "service_people_remove"):
            assert ward.post(name, ward.cardiology.id, user=user, name="X", revision=1, membre=str(ward.claire.id)).status_code == 404
        assert ward.post("service_add", ward.site.number, user=user, name="X").status_code == 404
    assert names(ward.site) == ["Cardiologie"]
    assert ward.people() == set()


def test_a_service_of_another_site_is_as_one_that_does_not_exist(ward: Ward) -> None:
    real, invented = ward.get("service", ward.foreign.id), ward.get("service", uuid4())
    assert (real.status_code, invented.status_code) == (404, 404)
    assert len(real.content) == len(invented.content)


# --- The register ----------------------------------------------------------------------------------------------------
def test_the_first_service_of_a_site_is_added_from_its_empty_list(ward: Ward) -> None:
    with as_maintenance():
        ward.cardiology.delete()
    page = ward.get("services", ward.site.number).content.decode()
    assert "Aucun service" in page
    assert 'name="name"' in page
    page = ward.post("service_add", ward.site.number, name="  Soins   intensifs ").content.decode()
    assert "Soins intensifs" in page
    assert names(ward.site) == ["Soins intensifs"]
    assert acts() == ["service.added"]


@pytest.mark.parametrize("name", ["", "   ", "cardiologie", "CARDIOLOGIE ", "a" * 121, "\u202e"])
def test_a_bad_name_adds_and_renames_nothing(ward: Ward, name: str) -> None:
    assert ward.post("service_add", ward.site.number, name=name).status_code == 422
    with as_maintenance():
        other = ServiceFactory.create(site=ward.site, name="Zoologie")
    assert ward.post("service_rename", other.id, name=name, revision=1).status_code == 422
    assert names(ward.site) == ["Cardiologie", "Zoologie"]
    assert acts() == []


def test_two_sites_may_have_a_service_of_the_same_name(ward: Ward) -> None:
    assert ward.post("service_add", ward.site.number, name="Urgences").status_code == 200
    assert names(ward.site) == ["Cardiologie", "Urgences"]


def test_a_service_is_renamed(ward: Ward) -> None:
    page = ward.post("service_rename", ward.cardiology.id, name="Cardiologie A", revision=1).content.decode()
    assert "Cardiologie A" in page
    assert acts() == ["service.renamed"]


def test_the_second_writer_of_a_name_is_told_what_changed_and_loses_nothing(ward: Ward) -> None:
    ward.post("service_rename", ward.cardiology.id, name="Cardiologie A", revision=1)
    answer = ward.post("service_rename", ward.cardiology.id, name="Cardiologie B", revision=1)
    page = answer.content.decode()
    assert answer.status_code == 409
    for said in ("Adèle Durand", "Cardiologie A", 'value="Cardiologie B"', 'name="revision" value="2"'):
        assert said in page, said
    assert names(ward.site) == ["Cardiologie A"]
    ward.post("service_rename", ward.cardiology.id, name="Cardiologie B", revision=2)
    assert names(ward.site) == ["Cardiologie B"]


@pytest.mark.parametrize("words", ["cardio", "CÀRDIO", "logie card"])
def test_a_service_is_found_whatever_accents_and_capitals(ward: Ward, words: str) -> None:
    with as_maintenance():
        ServiceFactory.create(site=ward.site, name="Imagerie")
    page = ward.get("services", ward.site.number, q=words).content.decode()
    assert "Cardiologie" in page
    assert "Imagerie" not in page


@pytest.mark.parametrize("words", ["'", "%", "_", "\\", "zzz", "a" * 5000, "\x00"])
def test_search_survives_nonsense(ward: Ward, words: str) -> None:
    page = ward.get("services", ward.site.number, q=words)
    assert page.status_code == 200
    if words != "\x00":
        assert "Aucun résultat" in page.content.decode()


# --- Deleting --------------------------------------------------------------------------------------------------------
def test_a_page_says_what_a_deletion_takes_before_it_is_done(ward: Ward) -> None:
    with as_maintenance():
        ServiceMembership.objects.create(site=ward.site, service=ward.cardiology, membership=ward.claire)
        feature = Feature.objects.get(code="dpi")
        SiteFeature.objects.create(site=ward.site, feature=feature)
        ServiceFeature.objects.create(site=ward.site, service=ward.cardiology, feature=feature)
    page = ward.get("service_delete", ward.cardiology.id).content.decode()
    for said in (
        "Moreau Claire",
        "Intégration au DPI",
        "1 personne y est rattachée",
        'name="people" value="1"',
        'name="features" value="1"',
    ):
        assert said in page, said
    ward.post("service_delete", ward.cardiology.id, people="1", features="1")
    assert names(ward.site) == []
    with as_maintenance():
        assert Membership.objects.get(pk=ward.claire.pk).revision == 2
    assert acts() == ["service.deleted"]


@pytest.mark.parametrize("told", [{}, {"people": "0", "features": "0"}, {"people": "x", "features": "0"}, {"people": "9" * 40}])
def test_a_deletion_is_asked_again_when_more_would_be_lost_than_was_said(ward: Ward, told: dict[str, Any]) -> None:
    with as_maintenance():
        ServiceMembership.objects.create(site=ward.site, service=ward.cardiology, membership=ward.claire)
    answer = ward.post("service_delete", ward.cardiology.id, **told)
    assert answer.status_code == 409
    assert 'name="people" value="1"' in answer.content.decode()
    assert names(ward.site) == ["Cardiologie"]


# --- Who belongs to it -----------------------------------------------------------------------------------------------
def test_several_people_join_a_service_and_one_of_them_another(ward: Ward) -> None:
    with as_maintenance():
        imaging = ServiceFactory.create(site=ward.site, name="Imagerie")
    page = ward.get("service_people_add", ward.cardiology.id).content.decode()
    assert "Moreau Claire" in page
    both = [str(ward.claire.id), str(ward.boris.id)]
    page = ward.post("service_people_add", ward.cardiology.id, membre=both).content.decode()
    assert "2 personnes rattachées" in page.replace("\xa0", " ")
    ward.post("service_people_add", imaging.id, membre=[str(ward.claire.id)])
    assert ward.people() == {ward.claire.id, ward.boris.id}
    assert ward.people(imaging) == {ward.claire.id}
    assert "Moreau Claire" not in ward.get("service_people_add", ward.cardiology.id).content.decode()
    assert acts() == ["member.access_changed"] * 3


def test_attaching_and_detaching_twice_are_as_once(ward: Ward) -> None:
    for _ in range(2):
        ward.post("service_people_add", ward.cardiology.id, membre=[str(ward.claire.id)])
    assert ward.people() == {ward.claire.id}
    for _ in range(2):
        ward.post("service_people_remove", ward.cardiology.id, membre=[str(ward.claire.id)])
    assert ward.people() == set()
    assert acts() == ["member.access_changed"] * 2


def test_somebody_of_another_site_joins_nothing_and_nobody_else_with_her(ward: Ward) -> None:
    with as_maintenance():
        foreigner = MembershipFactory.create(site=ward.foreign.site)
    answer = ward.post("service_people_add", ward.cardiology.id, membre=[str(ward.claire.id), str(foreigner.id)])
    assert answer.status_code == 404
    assert ward.people() == set()


def test_an_operator_s_membership_is_left_and_said(ward: Ward) -> None:
    with as_maintenance():
        paul = MembershipFactory.create(site=ward.site, roles=["operator"], first_name="Paul", last_name="Delorme")
    page = ward.post("service_people_add", ward.cardiology.id, membre=[str(ward.claire.id), str(paul.id)]).content.decode()
    assert ward.people() == {ward.claire.id}
    assert "Paul Delorme" in page
    assert "1 personne rattachée" in page.replace("\xa0", " ")


@pytest.mark.parametrize("ticked", [[], ["x"]])
def test_nobody_ticked_is_said(ward: Ward, ticked: list[str]) -> None:
    for name in ("service_people_add", "service_people_remove"):
        assert "Cochez d’abord" in ward.post(name, ward.cardiology.id, membre=ticked).content.decode()


def test_whoever_has_the_record_of_somebody_attached_open_is_told(ward: Ward) -> None:
    ward.post("service_people_add", ward.cardiology.id, membre=[str(ward.claire.id)])
    answer = ward.post("member_access", ward.claire.id, roles=["user"], services=[], revision=1)
    assert answer.status_code == 409
    assert ward.people() == {ward.claire.id}


def test_past_the_pages_too_another_site_s_administrator_writes_nothing(ward: Ward) -> None:
    with acting_as(ward.eve) as actor:
        for write in (
            lambda: service_actions.add_service(actor, site_id=ward.site.id, name="X"),
            lambda: service_actions.rename_service(actor, ward.cardiology.id, name="X", revision=1),
            lambda: service_actions.delete_service(actor, ward.cardiology.id, people=0, features=0),
            lambda: service_actions.attach_members(actor, ward.cardiology.id, [ward.claire.id]),
            lambda: service_actions.attach_members(actor, ward.foreign.id, [ward.claire.id]),
            lambda: service_actions.detach_members(actor, ward.cardiology.id, [ward.claire.id]),
        ):
            with pytest.raises(Unseen):
                write()
    assert names(ward.site) == ["Cardiologie"]


def test_a_record_has_no_services_where_there_is_none(ward: Ward) -> None:
    assert 'name="services"' in ward.get("member", ward.claire.id).content.decode()
    with as_maintenance():
        ward.cardiology.delete()
    assert 'name="services"' not in ward.get("member", ward.claire.id).content.decode()


# --- Pages and cost --------------------------------------------------------------------------------------------------
def test_pages_forwards_and_backwards_give_every_service_once_in_order(ward: Ward) -> None:
    with as_maintenance():
        for number in range(60):
            ServiceFactory.create(site=ward.site, name=f"Unité {number:02}")
    seen, query = [], ""
    client = signed_in_client(ward.adele)
    address = reverse("directory:services", args=[ward.site.number])
    for direction in ("next", "previous"):
        pages = []
        while True:
            context = client.get(address + query).context
            pages.append([service.name for service in context["page"].rows])
            query = getattr(context["pages"], f"{direction}_url")
            if not query:
                query = "?fin=1"
                break
        seen.append([name for page in (pages if direction == "next" else reversed(pages)) for name in page])
    assert seen == [names(ward.site)] * 2


@pytest.mark.parametrize("cursor", ["x", "00000000-0000-7000-8000-000000000000", "' OR 1=1"])
@pytest.mark.parametrize("direction", ["apres", "avant"])
def test_a_forged_cursor_is_the_first_page(ward: Ward, direction: str, cursor: str) -> None:
    assert (
        "Cardiologie"
        in signed_in_client(ward.adele).get(reverse("directory:services", args=[ward.site.number]), {direction: cursor}).content.decode()
    )


@pytest.mark.usefixtures("steady_matrix")
def test_the_register_costs_the_same_at_one_and_at_thirty(ward: Ward) -> None:
    client = signed_in_client(ward.adele)
    addresses = {
        "list": reverse("directory:services", args=[ward.site.number]),
        "service": reverse("directory:service", args=[ward.cardiology.id]),
        "deletion": reverse("directory:service_delete", args=[ward.cardiology.id]),
        "choice": reverse("directory:service_people_add", args=[ward.cardiology.id]),
    }
    costs: dict[str, set[int]] = {}
    for length in (1, 30):
        with as_maintenance():
            for _ in range(length):
                ServiceFactory.create(site=ward.site)
                MembershipFactory.create(site=ward.site)
                there = MembershipFactory.create(site=ward.site)
                ServiceMembership.objects.create(site=ward.site, service=ward.cardiology, membership=there)
        for name, address in addresses.items():
            client.get(address)
            with CaptureQueriesContext(connection) as statements:
                assert client.get(address).status_code == 200
            costs.setdefault(name, set()).add(len(statements))
    assert {name: len(counts) for name, counts in costs.items()} == dict.fromkeys(addresses, 1), costs
