"""Configuring a desk: who may, what is refused, what it changes for those who file (desk.configure)."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory.models import Desk, Role, Site, SiteSolution, Solution, Team, TeamMember
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import SiteFactory, member, technician
from vigie.foundation.errors import Invalid, NotAllowed, Unseen
from vigie.foundation.testing import as_maintenance
from vigie.incidents import desk_actions
from vigie.incidents.desk_actions import DeskChangedMeanwhile, NotTheLowest, PriorityInUse
from vigie.incidents.models import Category, Priority
from vigie.incidents.tests.factories import DeskFactory, IncidentFactory

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Story:
    desk: Desk
    customer: Site
    """Another tenant, whose people file to the desk."""
    adele: User
    """Administrator of the desk's site, and no technician."""
    paul: User
    """Operator."""
    tom: User
    """Technician of the desk."""
    eve: User
    """Administrator of the customer."""

    def fresh(self) -> Desk:
        with as_maintenance():
            return Desk.objects.get(pk=self.desk.pk)

    def get(self, user: User, name: str, *more: object) -> Any:
        return signed_in_client(user).get(reverse(f"desks:{name}", args=[self.desk.slug, *more]))

    def post(self, user: User, *more: object, **fields: Any) -> Any:
        name = "item" if len(more) > 1 else "part"
        address = reverse(f"desks:{name}", args=[self.desk.slug, *more])
        return signed_in_client(user).post(address, {"revision": self.fresh().revision} | fields)


@pytest.fixture
def story(db: None) -> Story:
    with as_maintenance():
        customer = SiteFactory.create(name="CH de Brive")
        desk = DeskFactory.create(serves=[customer], always_open=False, opening={"0": [["08:30", "18:00"]]})
        return Story(
            desk=desk,
            customer=customer,
            adele=member(desk.site, Role.ADMIN),
            paul=member(SiteFactory.create(), Role.OPERATOR),
            tom=technician(desk, first_name="Tom", last_name="Roux"),
            eve=member(customer, Role.ADMIN),
        )


SETTINGS = {
    "name": "Guichet des urgences",
    "phone": "02 61 91 00 00",
    "email": "",
    "notice": "",
    "closing_delay_days": 7,
    "file_limit_megabytes": 20,
}


@pytest.mark.parametrize(("who", "status"), [("adele", 200), ("paul", 200), ("tom", 404), ("eve", 404)])
def test_a_desk_is_configured_by_the_operator_and_the_administrators_of_its_site(story: Story, who: str, status: int) -> None:
    user = getattr(story, who)
    assert story.get(user, "desk").status_code == status
    for part in ("reglages", "horaires", "groupe", "solution", "categorie", "priorite"):
        assert story.get(user, "part", part).status_code == status, part
    saved = story.post(user, "reglages", **SETTINGS)
    assert saved.status_code == (302 if status == 200 else 404)
    assert (story.fresh().name == "Guichet des urgences") is (status == 200)


def test_the_lists_of_desks(story: Story) -> None:
    of_site = reverse("desks:site", args=[story.desk.site.number])
    assert story.desk.name in signed_in_client(story.adele).get(of_site).content.decode()
    assert story.desk.name in signed_in_client(story.paul).get(reverse("desks:platform")).content.decode()
    assert signed_in_client(story.adele).get(reverse("desks:platform")).status_code == 404
    assert signed_in_client(story.eve).get(of_site).status_code == 404
    assert "Aucun guichet" in signed_in_client(story.eve).get(reverse("desks:site", args=[story.customer.number])).content.decode()


def test_settings_are_saved_counted_and_told(story: Story) -> None:
    story.post(story.adele, "reglages", **SETTINGS)
    desk = story.fresh()
    assert (desk.file_limit_bytes, desk.closing_delay_days, desk.revision) == (20 * 1024 * 1024, 7, 2)
    with acting_as(story.adele):
        act = Act.objects.get(code="desk.settings_changed")
    assert act.site_id == desk.site_id
    assert "name" in act.details["fields"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "  "), ("phone", "appelez-moi"), ("email", "personne"), ("closing_delay_days", 0), ("file_limit_megabytes", 5000)],
)
def test_nonsense_is_refused_beside_its_field_and_nothing_is_lost(story: Story, field: str, value: object) -> None:
    answer = story.post(story.adele, "reglages", **(SETTINGS | {"notice": "Pas de nom de patient."} | {field: value}))
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    assert "Pas de nom de patient." in answer.content.decode()
    assert story.fresh().revision == 1


def test_the_second_of_two_writers_is_told_and_confirms(story: Story) -> None:
    story.post(story.paul, "reglages", **SETTINGS)
    answer = story.post(story.adele, "reglages", **(SETTINGS | {"name": "Autre nom", "revision": 1}))
    assert answer.status_code == 409
    assert 'value="Autre nom"' in answer.content.decode()
    assert 'name="revision" value="2"' in answer.content.decode()
    assert story.post(story.adele, "reglages", **(SETTINGS | {"name": "Autre nom", "revision": 2})).status_code == 302
    with acting_as(story.adele) as actor, pytest.raises(DeskChangedMeanwhile):
        desk_actions.save_category(actor, story.desk.slug, None, revision=1, name="Réseau", is_active=True)


# --- Hours -----------------------------------------------------------------------------------------------------------
def test_a_week_is_saved_in_order(story: Story) -> None:
    hours = {"day_0_0_from": "13:30", "day_0_0_to": "18:00", "day_0_2_from": "08:00", "day_0_2_to": "12:00", "day_5_0_from": "09:00"}
    assert story.post(story.adele, "horaires", **hours, day_5_0_to="12:00").status_code == 302
    assert story.fresh().opening == {"0": [["08:00", "12:00"], ["13:30", "18:00"]], "5": [["09:00", "12:00"]]}
    shown = story.get(story.adele, "desk").content.decode()
    assert "8\u00a0h" in shown


@pytest.mark.parametrize(
    "hours",
    [
        {},
        {"day_0_0_from": "08:00"},
        {"day_0_0_from": "18:00", "day_0_0_to": "08:00"},
        {"day_0_0_from": "08:00", "day_0_0_to": "12:00", "day_0_1_from": "11:00", "day_0_1_to": "13:00"},
        {"day_0_0_from": "26:00", "day_0_0_to": "12:00"},
    ],
    ids=str,
)
def test_a_week_that_makes_no_sense_is_refused(story: Story, hours: dict[str, str]) -> None:
    answer = story.post(story.adele, "horaires", **hours)
    assert answer.status_code == 422
    assert story.fresh().opening == {"0": [["08:30", "18:00"]]}


def test_a_desk_may_be_open_day_and_night(story: Story) -> None:
    story.post(story.adele, "horaires", always_open="on")
    assert story.fresh().always_open


# --- Groups ----------------------------------------------------------------------------------------------------------
def test_a_group_is_made_of_technicians_of_the_desk(story: Story) -> None:
    assert story.post(story.adele, "groupe", name="Réseau", members=[str(story.tom.id)]).status_code == 302
    with as_maintenance():
        team = Team.objects.get(desk=story.desk, name="Réseau")
        assert [link.user_id for link in TeamMember.objects.filter(team=team)] == [story.tom.id]
    assert "Tom Roux" in story.get(story.adele, "desk").content.decode()
    assert story.post(story.adele, "groupe", team.id, name="Réseaux", members=[]).status_code == 302
    assert story.post(story.adele, "groupe", name="réseaux", members=[]).status_code == 422, "the name is taken"
    assert story.post(story.adele, "groupe", name="Autres", members=[str(story.eve.id)]).status_code == 422
    assert story.post(story.adele, "groupe", uuid4(), name="Autres", members=[]).status_code == 404
    with as_maintenance():
        assert not TeamMember.objects.filter(team=team).exists()


def test_an_element_of_another_desk_does_not_exist(story: Story) -> None:
    with as_maintenance():
        other = DeskFactory.create(serves=[story.customer])
        foreign = Category.objects.filter(desk=other).first() or Category.objects.create(desk=other, name="Étrangère")
    assert story.get(story.adele, "item", "categorie", foreign.id).status_code == 404
    with acting_as(story.paul) as actor, pytest.raises(Unseen):
        desk_actions.save_category(actor, story.desk.slug, foreign.id, revision=1, name="x", is_active=True)
    assert story.get(story.adele, "part", "imaginaire").status_code == 404
    assert story.get(story.adele, "item", "reglages", foreign.id).status_code == 404


# --- Solutions -------------------------------------------------------------------------------------------------------
def test_the_operator_says_which_sites_use_a_solution_and_nobody_else(story: Story) -> None:
    with as_maintenance():
        neighbour = SiteFactory.create(name="CH d’Ussel")
        solution = Solution.objects.filter(desk=story.desk).get()
    story.post(story.paul, "solution", solution.id, name=solution.name, is_active="on", sites=[str(neighbour.id)])
    with as_maintenance():
        links = dict(SiteSolution.objects.filter(solution=solution).values_list("site_id", "is_active"))
    assert links == {story.customer.id: False, neighbour.id: True}, "links of the past are kept, inactive"
    shown = story.get(story.adele, "desk").content.decode()
    assert "CH d’Ussel" in shown
    assert "CH de Brive" not in shown
    form = story.get(story.adele, "item", "solution", solution.id).content.decode()
    assert 'name="sites"' not in form
    story.post(story.adele, "solution", solution.id, name="Nouveau nom", is_active="on", sites=[str(story.customer.id)])
    with as_maintenance():
        assert dict(SiteSolution.objects.filter(solution=solution).values_list("site_id", "is_active")) == links
        assert Solution.objects.get(pk=solution.pk).name == "Nouveau nom"
    with acting_as(story.adele) as actor, pytest.raises(NotAllowed):
        desk_actions.save_solution(actor, story.desk.slug, solution.id, revision=3, name="x", is_active=True, sites=[])
    with acting_as(story.paul) as actor, pytest.raises(Invalid):
        desk_actions.save_solution(actor, story.desk.slug, solution.id, revision=3, name="x", is_active=True, sites=[uuid4()])


def test_the_names_of_customers_come_to_the_desk_and_to_nobody_else(story: Story) -> None:
    def names(user: User) -> list[str]:
        with acting_as(user), connection.cursor() as cursor:
            cursor.execute("SELECT name FROM directory_desk_sites(%s)", [story.desk.id])
            return [name for (name,) in cursor.fetchall()]

    assert names(story.adele) == names(story.paul) == ["CH de Brive"]
    assert names(story.eve) == []


# --- Scale and categories --------------------------------------------------------------------------------------------
PRIORITY = {"name": "Très basse", "definition": "Quand rien ne presse.", "tone": "low", "response_minutes": 600, "resolution_minutes": 6000}


def test_a_priority_is_added_below_changed_and_taken_away(story: Story) -> None:
    with as_maintenance():
        ranks = list(Priority.objects.filter(desk=story.desk).values_list("rank", flat=True))
    story.post(story.adele, "priorite", **PRIORITY)
    with as_maintenance():
        added = Priority.objects.get(desk=story.desk, name="Très basse")
        highest = Priority.objects.filter(desk=story.desk).order_by("rank")[0]
    assert added.rank == max(ranks) + 1
    assert story.post(story.adele, "priorite", highest.id, **(PRIORITY | {"name": "Vitale"})).status_code == 302
    assert story.post(story.adele, "priorite", **(PRIORITY | {"name": "Folle", "response_minutes": 9000})).status_code == 422
    revision = story.fresh().revision
    with acting_as(story.adele) as actor:
        with pytest.raises(NotTheLowest):
            desk_actions.remove_priority(actor, story.desk.slug, highest.id, revision=revision)
        desk_actions.remove_priority(actor, story.desk.slug, added.id, revision=revision)
    with as_maintenance():
        assert not Priority.objects.filter(pk=added.pk).exists()


def test_a_priority_that_incidents_have_stays(story: Story) -> None:
    with as_maintenance():
        lowest = Priority.objects.filter(desk=story.desk).order_by("-rank")[0]
        IncidentFactory.create(site=story.customer, desk=story.desk, priority=lowest, priority_rank=lowest.rank)
    with acting_as(story.adele) as actor, pytest.raises(PriorityInUse):
        desk_actions.remove_priority(actor, story.desk.slug, lowest.id, revision=1)
    address = reverse("desks:remove_priority", args=[story.desk.slug, lowest.id])
    answer = signed_in_client(story.adele).post(address, {"revision": 1}, follow=True)
    assert "Des incidents ont cette priorité" in answer.content.decode()


def test_a_category_is_added_and_no_longer_offered(story: Story) -> None:
    story.post(story.adele, "categorie", name="Téléphonie", is_active="on")
    with as_maintenance():
        category = Category.objects.get(desk=story.desk, name="Téléphonie")
    story.post(story.adele, "categorie", category.id, name="Téléphonie")
    with as_maintenance():
        assert not Category.objects.get(pk=category.pk).is_active


@pytest.mark.parametrize("count", [1, 30])
def test_the_page_of_a_desk_costs_the_same_whatever_it_holds(story: Story, count: int) -> None:
    with as_maintenance():
        for number in range(count):
            team = Team.objects.create(desk=story.desk, name=f"Groupe {number}")
            TeamMember.objects.create(desk=story.desk, team=team, user=story.tom)
            Category.objects.create(desk=story.desk, name=f"Catégorie {number}")
            Solution.objects.create(desk=story.desk, name=f"Solution {number}")
    client = signed_in_client(story.adele)
    for address, most in (
        (reverse("desks:desk", args=[story.desk.slug]), 15),
        (reverse("desks:site", args=[story.desk.site.number]), 10),
    ):
        client.get(address)
        with CaptureQueriesContext(connection) as statements:
            assert client.get(address).status_code == 200
        assert len(statements) <= most, "\n".join(query["sql"][:80] for query in statements.captured_queries)
