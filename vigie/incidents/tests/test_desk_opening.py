"""Opening a desk, and the order of its priorities: who may, what is refused, what stays as incidents knew it (INC-2)."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory.models import Desk, Role, Site, SiteKind
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import SiteFactory, member, technician
from vigie.foundation.errors import Invalid, Unseen
from vigie.foundation.testing import as_maintenance
from vigie.incidents import desk_actions, desk_queries
from vigie.incidents.desk_actions import DeskChangedMeanwhile, OrderInUse
from vigie.incidents.models import Incident, Priority
from vigie.incidents.scales import FIVE_LEVELS, SCALES, VENDOR
from vigie.incidents.tests.factories import DeskFactory, IncidentFactory

pytestmark = pytest.mark.django_db

OPEN = "/administration/plateforme/guichets/ouvrir/"


@pytest.fixture
def paul(db: None) -> User:
    """Operator."""
    with as_maintenance():
        return member(SiteFactory.create(), Role.OPERATOR)


@pytest.fixture
def vendor(db: None) -> Site:
    with as_maintenance():
        site: Site = SiteFactory.create(name="Éditions Ormeval", kind=SiteKind.VENDOR)
        return site


@pytest.fixture
def adele(vendor: Site) -> User:
    """Administrator of the vendor."""
    with as_maintenance():
        return member(vendor, Role.ADMIN)


def stated(site: Site, **changes: Any) -> dict[str, Any]:
    return {"site": str(site.id), "name": "Support d’été", "scale": "trois", "submission": str(uuid4())} | changes


def scale_of(desk: Desk) -> list[tuple[int, str]]:
    with as_maintenance():
        return list(Priority.objects.filter(desk=desk).order_by("rank").values_list("rank", "name"))


# --- Opening ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scale", ["trois", "cinq"])
def test_a_desk_opens_with_its_scale_and_leads_to_its_settings(paul: User, vendor: Site, scale: str) -> None:
    client = signed_in_client(paul)
    assert reverse("desks:open") == OPEN
    assert OPEN in client.get(reverse("desks:platform")).content.decode()
    form = client.get(OPEN).content.decode()
    assert "Bloquant, Urgent, Important" in form
    assert "Éditions Ormeval" in form
    answer = client.post(OPEN, stated(vendor, scale=scale))
    assert answer["Location"] == reverse("desks:desk", args=["support-dete"])
    assert "est ouvert. Réglez-le maintenant" in client.get(answer["Location"]).content.decode()
    with as_maintenance():
        desk = Desk.objects.get(slug="support-dete")
        steps = list(Priority.objects.filter(desk=desk).order_by("rank"))
    assert (desk.site_id, desk.name, desk.revision) == (vendor.id, "Support d’été", 1)
    assert [(step.name, step.tone, step.definition, step.response_minutes, step.resolution_minutes) for step in steps] == [
        (step.name, step.tone, step.definition, step.response_minutes, step.resolution_minutes) for step in SCALES[scale]
    ]
    with acting_as(paul):
        act = Act.objects.get(code="desk.opened")
    assert (act.site_id, act.object_name) == (vendor.id, "Support d’été")
    assert act.details["item"].startswith(str(SCALES[scale][0].name))


def test_the_two_scales_are_those_of_the_specification() -> None:
    assert [step.name for step in VENDOR] == ["Bloquant", "Urgent", "Important"]
    assert [step.name for step in FIVE_LEVELS] == ["Très haute", "Haute", "Moyenne", "Basse", "Très basse"]
    assert all(str(step.definition) and step.response_minutes < step.resolution_minutes for scale in SCALES.values() for step in scale)


def test_a_form_sent_twice_opens_one_desk(paul: User, vendor: Site) -> None:
    once = stated(vendor)
    client = signed_in_client(paul)
    first, second = client.post(OPEN, once), client.post(OPEN, once)
    assert first["Location"] == second["Location"]
    with as_maintenance():
        assert Desk.objects.filter(site=vendor).count() == 1
    with acting_as(paul):
        assert Act.objects.filter(code="desk.opened").count() == 1


def test_desks_of_one_name_at_two_sites_have_two_addresses(paul: User, vendor: Site) -> None:
    with as_maintenance():
        other = SiteFactory.create()
    client = signed_in_client(paul)
    client.post(OPEN, stated(vendor))
    assert client.post(OPEN, stated(other))["Location"] == reverse("desks:desk", args=["support-dete-2"])
    assert client.post(OPEN, stated(other, name="???"))["Location"] == reverse("desks:desk", args=["guichet"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "  "),
        ("name", "support D’ÉTÉ"),
        ("site", "00000000-0000-4000-8000-000000000000"),
        ("site", "ailleurs"),
        ("scale", "sept"),
        ("scale", ""),
    ],
)
def test_nonsense_is_refused_beside_its_field_and_nothing_is_lost(paul: User, vendor: Site, field: str, value: str) -> None:
    client = signed_in_client(paul)
    client.post(OPEN, stated(vendor))
    sent = stated(vendor, name="Autre guichet") | {field: value}
    answer = client.post(OPEN, sent)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    shown = answer.content.decode()
    assert f'value="{sent["submission"]}"' in shown
    if field != "name":
        assert 'value="Autre guichet"' in shown
    with as_maintenance():
        assert Desk.objects.filter(site=vendor).count() == 1


def test_a_site_out_of_service_opens_none(paul: User, vendor: Site) -> None:
    with as_maintenance():
        Site.objects.filter(pk=vendor.pk).update(is_active=False)
    assert signed_in_client(paul).post(OPEN, stated(vendor)).context["form"].errors.keys() == {"site"}
    with acting_as(paul) as actor, pytest.raises(Invalid) as refusal:
        desk_actions.open_desk(actor, submission=uuid4(), site_id=vendor.id, name="x", scale="trois")
    assert refusal.value.fields.keys() == {"site"}


def test_nobody_else_opens_a_desk(adele: User, vendor: Site) -> None:
    client = signed_in_client(adele)
    assert client.get(OPEN).status_code == 404
    assert client.post(OPEN, stated(vendor)).status_code == 404
    assert OPEN not in client.get(reverse("desks:site", args=[vendor.number])).content.decode()
    with acting_as(adele) as actor, pytest.raises(Unseen):
        desk_actions.open_desk(actor, submission=uuid4(), site_id=vendor.id, name="x", scale="trois")
    with as_maintenance():
        assert not Desk.objects.filter(site=vendor).exists()


def test_the_database_lets_the_platform_alone_open_and_take_away_a_desk(adele: User, paul: User, vendor: Site) -> None:
    with acting_as(adele), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        Desk.objects.create(site=vendor, name="x", slug="x")
    with acting_as(paul):
        desk = Desk.objects.create(site=vendor, name="x", slug="x")
    with acting_as(adele), connection.cursor() as cursor:
        cursor.execute("DELETE FROM directory_desk WHERE id = %s", [desk.id])
        assert cursor.rowcount == 0
    with as_maintenance():
        assert Desk.objects.filter(pk=desk.pk).exists()


# --- The order of priorities -----------------------------------------------------------------------------------------
@pytest.fixture
def desk(vendor: Site) -> Desk:
    """A desk that nobody has filed to: Bloquant, Urgent, Important."""
    with as_maintenance():
        opened: Desk = DeskFactory.create(site=vendor, serves=[SiteFactory.create(name="CH de Brive")])
        return opened


def step_of(desk: Desk, name: str) -> UUID:
    with as_maintenance():
        return Priority.objects.get(desk=desk, name=name).id


def moved(user: User, desk: Desk, name: str, direction: str, revision: object = 1) -> Any:
    address = reverse("desks:move_priority", args=[desk.slug, step_of(desk, name)])
    return signed_in_client(user).post(address, {"revision": revision, "direction": direction}, follow=True)


def test_a_priority_goes_up_and_down(adele: User, desk: Desk) -> None:
    page = moved(adele, desk, "Important", "up").content.decode()
    assert "est déplacée" in page
    assert scale_of(desk) == [(1, "Bloquant"), (2, "Important"), (3, "Urgent")]
    moved(adele, desk, "Bloquant", "down", revision=2)
    assert scale_of(desk) == [(1, "Important"), (2, "Bloquant"), (3, "Urgent")]
    with acting_as(adele):
        assert [act.details["item"] for act in Act.objects.filter(code="desk.priority_moved").order_by("id")] == ["Important", "Bloquant"]


def test_the_ends_of_the_scale_stay_and_have_no_button_beyond(adele: User, desk: Desk) -> None:
    with acting_as(adele) as actor:
        highest = desk_actions.move_priority(actor, desk.slug, step_of(desk, "Bloquant"), revision=1, up=True)
        view = desk_queries.desk_view(desk)
    assert highest.rank == 1
    assert [(step.rises, step.sinks) for step in view.priorities] == [(False, True), (True, True), (True, False)]
    assert scale_of(desk) == [(1, "Bloquant"), (2, "Urgent"), (3, "Important")]
    page = signed_in_client(adele).get(reverse("desks:desk", args=[desk.slug])).content.decode()
    assert "Descendre Bloquant" in page
    assert "Monter Bloquant" not in page
    assert "gardent leur ordre" not in page


@pytest.mark.parametrize("used", ["Urgent", "Important"])
@pytest.mark.parametrize("status", ["new", "resolved"])
def test_the_order_of_priorities_that_incidents_have_stays(adele: User, paul: User, desk: Desk, used: str, status: str) -> None:
    with as_maintenance():
        priority = Priority.objects.get(desk=desk, name=used)
        incident = IncidentFactory.create(desk=desk, priority=priority, status=status)
    for user in (adele, paul):
        assert "leur ordre ne change plus" in moved(user, desk, "Important", "up").content.decode()
    assert scale_of(desk) == [(1, "Bloquant"), (2, "Urgent"), (3, "Important")]
    with as_maintenance():
        assert Incident.objects.get(pk=incident.pk).priority_rank == priority.rank
    page = signed_in_client(adele).get(reverse("desks:desk", args=[desk.slug])).content.decode()
    assert "gardent leur ordre" in page
    assert "Monter Important" not in page
    assert ("Descendre Bloquant" in page) is (used == "Important")


def test_an_incident_filed_meanwhile_holds_the_order(adele: User, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_maintenance():
        IncidentFactory.create(desk=desk, priority=Priority.objects.get(desk=desk, name="Urgent"))
    monkeypatch.setattr(desk_actions, "_have_incidents", lambda *_: False)
    with acting_as(adele) as actor, pytest.raises(OrderInUse):
        desk_actions.move_priority(actor, desk.slug, step_of(desk, "Important"), revision=1, up=True)
    assert scale_of(desk) == [(1, "Bloquant"), (2, "Urgent"), (3, "Important")]


def test_an_incident_never_has_another_rank_than_its_priority(desk: Desk) -> None:
    with as_maintenance(), pytest.raises(IntegrityError, match="priority_of_desk"), transaction.atomic():
        IncidentFactory.create(desk=desk, priority=Priority.objects.get(desk=desk, name="Urgent"), priority_rank=1)


def test_moves_that_mean_nothing(adele: User, desk: Desk) -> None:
    assert moved(adele, desk, "Urgent", "sideways").status_code == 404
    assert "ont changé pendant votre saisie" in moved(adele, desk, "Urgent", "up", revision=7).content.decode()
    assert "ont changé pendant votre saisie" in moved(adele, desk, "Urgent", "up", revision="x").content.decode()
    with acting_as(adele) as actor:
        with pytest.raises(DeskChangedMeanwhile):
            desk_actions.move_priority(actor, desk.slug, step_of(desk, "Urgent"), revision=2, up=True)
        with pytest.raises(Unseen):
            desk_actions.move_priority(actor, desk.slug, uuid4(), revision=1, up=True)
    assert scale_of(desk) == [(1, "Bloquant"), (2, "Urgent"), (3, "Important")]


def _is_second_rank_used(user: User, desk: Desk) -> bool:
    with acting_as(user), connection.cursor() as cursor:
        cursor.execute("SELECT incidents_rank_is_used(%s, 2::smallint)", [desk.id])
        return bool(cursor.fetchone()[0])


def test_strangers_move_nothing_and_learn_nothing(adele: User, paul: User, desk: Desk) -> None:
    with as_maintenance():
        IncidentFactory.create(desk=desk, priority=Priority.objects.get(desk=desk, name="Urgent"))
        strangers = [member(SiteFactory.create(), Role.ADMIN), technician(DeskFactory.create(serves=[]))]
        tom = technician(desk)
    for user in (*strangers, tom):
        assert moved(user, desk, "Urgent", "up").status_code == 404
    assert [_is_second_rank_used(user, desk) for user in strangers] == [False, False]
    assert _is_second_rank_used(adele, desk)
    assert _is_second_rank_used(paul, desk)


def test_the_form_of_opening_costs_the_same_whatever_the_sites(paul: User) -> None:
    client = signed_in_client(paul)
    client.get(OPEN)
    costs = []
    for count in (1, 30):
        with as_maintenance():
            SiteFactory.create_batch(count)
        with CaptureQueriesContext(connection) as statements:
            client.get(OPEN)
        costs.append(len(statements))
    assert costs[0] == costs[1]
