"""The operator's console: its frame, spaces and sites."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from allauth.usersessions.models import UserSession
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import is_signed_in, signed_in_client
from vigie.audit.models import Act
from vigie.directory import keyset, platform_urls, site_actions
from vigie.directory.models import Membership, Role, Site, SiteKind, Space
from vigie.directory.site_actions import SiteFacts
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import BareDeskFactory, MembershipFactory, SiteFactory, SpaceFactory, member
from vigie.foundation.errors import NotAllowed
from vigie.foundation.testing import as_maintenance, run_jobs

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Platform:
    site: Site
    paul: User
    """Operator."""
    adele: User
    """Administrator of the site."""
    strangers: tuple[User, ...]

    @property
    def facts(self) -> dict[str, str]:
        """What the form of the site holds."""
        facts = SiteFacts.of(self.site)
        return {name: "" if (value := getattr(facts, name)) is None else str(value) for name in SiteFacts.__slots__}

    def fresh(self) -> Site:
        with as_maintenance():
            return Site.objects.get(pk=self.site.pk)

    def post(self, user: User, name: str, /, *args: object, **fields: Any) -> Any:
        return signed_in_client(user).post(reverse(f"directory:{name}", args=args), fields)

    def edit(self, **changes: Any) -> Any:
        return self.post(self.paul, "platform_site", self.site.id, **(self.facts | {"revision": 1} | changes))

    def page(self, user: User, name: str, /, *args: object, **query: str) -> Any:
        return signed_in_client(user).get(reverse(f"directory:{name}", args=args), query)


@pytest.fixture
def platform(db: None) -> Platform:
    with as_maintenance():
        site = SiteFactory.create(name="CHU des Rives", number="S10000", space__name="GHT du Littoral")
        adele = member(site, Role.ADMIN, first_name="Adèle", last_name="Durand")
        operator_site = SiteFactory.create(name="Vigie – Exploitation", kind=SiteKind.OPERATOR, space__name="Région")
        others = tuple(member(site, role) for role in Role if role not in (Role.ADMIN, Role.OPERATOR))
        return Platform(site=site, paul=member(operator_site, Role.OPERATOR), adele=adele, strangers=(adele, *others))


def statements(platform: Platform, name: str, *args: object) -> int:
    client = signed_in_client(platform.paul)
    address = reverse(f"directory:{name}", args=args)
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def acts() -> list[str]:
    with as_maintenance():
        return list(Act.objects.order_by("id").values_list("code", flat=True))


# --- The frame -------------------------------------------------------------------------------------------------------
def test_the_console_is_in_the_navigation_of_operators_alone(platform: Platform) -> None:
    console = reverse("directory:platform")
    assert f'href="{console}"' in signed_in_client(platform.paul).get("/").content.decode()
    for stranger in platform.strangers:
        assert console not in signed_in_client(stranger).get("/").content.decode()


def test_the_console_opens_on_its_first_part(platform: Platform) -> None:
    answer = platform.page(platform.paul, "platform")
    assert answer.status_code == 302
    assert answer["Location"] == reverse("directory:platform_spaces")


def test_each_part_of_the_console_is_a_tab_of_the_others(platform: Platform) -> None:
    page = platform.page(platform.paul, "platform_spaces").content.decode()
    assert f'<a href="{reverse("directory:platform_spaces")}" aria-current="page">Espaces' in page


def test_addresses_of_the_console_do_not_exist_for_others(platform: Platform) -> None:
    names = [str(pattern.name) for pattern in platform_urls.urlpatterns if not pattern.pattern.converters]
    assert "platform_spaces" in names
    for stranger in platform.strangers:
        client = signed_in_client(stranger)
        for name in names:
            assert client.get(reverse(f"directory:{name}")).status_code in (404, 405), name
            assert client.post(reverse(f"directory:{name}")).status_code in (404, 405), name


# --- Spaces ----------------------------------------------------------------------------------------------------------
def test_addresses_of_the_console_do_not_exist_for_others_whatever_they_name(platform: Platform) -> None:
    with as_maintenance():
        membership = Membership.objects.get(user=platform.adele)
    named = {
        "site_id": platform.site.id,
        "space_id": platform.site.space_id,
        "account_id": platform.adele.pk,
        "membership_id": membership.id,
    }
    walked = [pattern for pattern in platform_urls.urlpatterns if pattern.pattern.converters]
    assert len(walked) >= 10
    clients = [signed_in_client(stranger) for stranger in platform.strangers]
    for pattern in walked:
        address = reverse(f"directory:{pattern.name}", kwargs={name: named[name] for name in pattern.pattern.converters})
        for client in clients:
            assert client.get(address).status_code in (404, 405), pattern.name
            assert client.post(address).status_code in (404, 405), pattern.name
    assert acts() == []


def test_spaces_are_listed_with_what_they_hold(platform: Platform) -> None:
    page = platform.page(platform.paul, "platform_spaces").content.decode()
    assert "GHT du Littoral" in page
    assert "6 personnes" in page  # Adèle and one person for each other role


def test_the_list_of_spaces_costs_the_same_at_1_and_at_30(platform: Platform) -> None:
    few = statements(platform, "platform_spaces")
    with as_maintenance():
        for space in SpaceFactory.create_batch(30):
            member(SiteFactory.create(space=space))
    assert statements(platform, "platform_spaces") == few


def test_a_space_is_created_and_the_journal_tells_it(platform: Platform) -> None:
    answer = platform.post(platform.paul, "platform_space_add", name="  GHT des   Collines ")
    assert answer.status_code == 302
    with as_maintenance():
        assert Space.objects.get(name="GHT des Collines").slug == "ght-des-collines"
    assert acts() == ["space.created"]


def test_two_spaces_never_have_one_name_and_nothing_typed_is_lost(platform: Platform) -> None:
    answer = platform.post(platform.paul, "platform_space_add", name="ght du littoral")
    assert answer.status_code == 422
    assert "Un espace porte déjà ce nom." in answer.content.decode()
    assert 'value="ght du littoral"' in answer.content.decode()
    assert acts() == []


def test_spaces_of_like_names_have_addresses_of_their_own(platform: Platform) -> None:
    for name in ("GHT Nord", "GHT nord!", "→"):
        assert platform.post(platform.paul, "platform_space_add", name=name).status_code == 302
    with as_maintenance():
        assert set(Space.objects.values_list("slug", flat=True)) >= {"ght-nord", "ght-nord-2", "espace"}


def test_a_space_is_renamed_by_one_writer_at_a_time(platform: Platform) -> None:
    space = platform.site.space
    assert platform.post(platform.paul, "platform_space", space.id, name="GHT de la Côte", revision=1).status_code == 302
    late = platform.post(platform.paul, "platform_space", space.id, name="GHT du Rivage", revision=1)
    assert late.status_code == 409
    page = late.content.decode()
    assert "GHT de la Côte" in page
    assert 'value="GHT du Rivage"' in page
    assert 'name="revision" value="2"' in page
    assert acts() == ["space.renamed"]


def test_a_space_that_does_not_exist_is_not_found(platform: Platform) -> None:
    assert platform.page(platform.paul, "platform_space", uuid4()).status_code == 404


def test_rules_hold_without_pages(platform: Platform) -> None:
    with acting_as(platform.adele) as actor:
        for refused in (
            lambda: site_actions.create_space(actor, name="À moi"),
            lambda: site_actions.rename_space(actor, platform.site.space_id, name="À moi", revision=1),
            lambda: site_actions.create_site(actor, platform.site.space_id, SiteFacts.of(platform.site)),
            lambda: site_actions.edit_site(actor, platform.site.id, SiteFacts.of(platform.site), revision=1),
            lambda: site_actions.take_out_of_service(actor, platform.site.id),
            lambda: site_actions.put_in_service(actor, platform.site.id),
        ):
            with pytest.raises(NotAllowed):
                refused()


def test_the_database_itself_lets_operators_alone_write_spaces_and_sites(platform: Platform) -> None:
    for model, pk in ((Site, platform.site.pk), (Space, platform.site.space_id)):
        with acting_as(platform.adele):
            assert model.objects.select_for_update().filter(pk=pk).exists()
            with pytest.raises(ProgrammingError), transaction.atomic():
                model.objects.filter(pk=pk).update(name="À moi")
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE id = %s", [pk])
                assert cursor.rowcount == 0
        with acting_as(platform.paul):
            assert model.objects.filter(pk=pk).update(name="Au territoire") == 1


# --- The list of sites -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", ["rives", "CHU DES RIVES", "s10000", "chu rivse"])
def test_sites_are_found_without_case_accents_or_exact_spelling(platform: Platform, words: str) -> None:
    page = platform.page(platform.paul, "platform_sites", q=words).content.decode()
    assert "CHU des Rives" in page
    assert "Exploitation</a>" not in page


def test_a_search_without_result_says_so(platform: Platform) -> None:
    assert "Aucun site ne correspond" in platform.page(platform.paul, "platform_sites", q="zzzzzz").content.decode()


def test_a_percent_sign_is_searched_as_it_is(platform: Platform) -> None:
    assert "CHU des Rives" not in platform.page(platform.paul, "platform_sites", q="%").content.decode()


def test_sites_are_filtered_by_space_kind_and_state(platform: Platform) -> None:
    with as_maintenance():
        SiteFactory.create(name="Clinique fermée", kind=SiteKind.CLINIC, is_active=False, space=platform.site.space)

    def names(**query: str) -> set[str]:
        page = platform.page(platform.paul, "platform_sites", **query).content.decode()
        return {name for name in ("CHU des Rives", "Clinique fermée", "Exploitation</a>") if name in page}

    assert names(espace=str(platform.site.space_id)) == {"CHU des Rives", "Clinique fermée"}
    assert names(type="clinic") == {"Clinique fermée"}
    assert names(etat="0") == {"Clinique fermée"}
    assert names(etat="1", espace=str(platform.site.space_id)) == {"CHU des Rives"}
    assert len(names(espace="n’importe quoi", type="x", etat="x")) == 3


def test_a_site_without_administrator_is_marked(platform: Platform) -> None:
    page = platform.page(platform.paul, "platform_sites", q="rives").content.decode()
    assert "Sans administrateur" not in page
    with as_maintenance():
        Membership.objects.filter(user=platform.adele).update(is_active=False)
    assert "Sans administrateur" in platform.page(platform.paul, "platform_sites", q="rives").content.decode()


def test_pages_of_sites_follow_one_another_and_cost_the_same(platform: Platform) -> None:
    few = statements(platform, "platform_sites")
    with as_maintenance():
        SiteFactory.create_batch(60)
        names = list(Site.objects.order_by("name", "id").values_list("name", flat=True))
    assert statements(platform, "platform_sites") == few
    with acting_as(platform.paul):
        seen: list[str] = []
        position = keyset.Position()
        while True:
            page = keyset.cut(Site.objects.all(), ("name", "id"), position)
            seen += [site.name for site in page.rows]
            if not page.has_next:
                break
            position = keyset.Position(after=page.next_cursor)
        assert seen == names
        back = keyset.cut(Site.objects.all(), ("name", "id"), keyset.Position(before=page.previous_cursor))
        assert [site.name for site in back.rows] == names[25:50]
        assert back.has_next
        assert back.has_previous
        last = keyset.cut(Site.objects.all(), ("name", "id"), keyset.Position(last=True))
        assert [site.name for site in last.rows] == names[-25:]
        assert not last.has_next
        assert [site.name for site in keyset.cut(Site.objects.all(), ("name", "id"), keyset.Position(after="vide")).rows] == names[:25]


# --- One site --------------------------------------------------------------------------------------------------------
def test_a_site_is_created_in_its_space(platform: Platform) -> None:
    fields = platform.facts | {
        "space": str(platform.site.space_id),
        "name": "EHPAD des Tilleuls",
        "number": "t-200",
        "finess": "99 000 001 0",
    }
    answer = platform.post(platform.paul, "platform_site_add", **fields)
    with as_maintenance():
        site = Site.objects.get(number="T-200")
    assert answer["Location"] == reverse("directory:platform_site", args=[site.id])
    assert (site.name, site.finess, site.space_id, site.is_active) == ("EHPAD des Tilleuls", "990000010", platform.site.space_id, True)
    assert acts() == ["site.created"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", " \u200b", "Ce champ est obligatoire."),
        ("kind", "castle", "Sélectionnez un choix valide"),
        ("number", "s10000 ", "Un site porte déjà ce numéro."),
        ("number", "../1", "Un numéro de site est fait de lettres"),
        ("number", "À1", "Un numéro de site est fait de lettres"),
        ("finess", "990000018", "Ce numéro FINESS n’est pas valable"),
        ("finess", "12345", "Ce numéro FINESS n’est pas valable"),
        ("latitude", "47.5", "Donnez la latitude et la longitude"),
        ("time_zone", "Europe/Atlantide", "Sélectionnez un choix valide"),
        ("holiday_zone", "Bretagne", "Sélectionnez un choix valide"),
        ("phone", "appelez-moi", "Un numéro de téléphone est fait de chiffres"),
        ("space", "00000000-0000-7000-8000-000000000000", "Sélectionnez un choix valide"),
    ],
)
def test_a_wrong_field_is_said_beside_it_and_nothing_typed_is_lost(platform: Platform, field: str, value: str, message: str) -> None:
    fields = platform.facts | {"space": str(platform.site.space_id), "number": "N1", "address": "12 rue du Port"} | {field: value}
    answer = platform.post(platform.paul, "platform_site_add", **fields)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert message in page.replace("\u00a0", " ")
    assert 'value="12 rue du Port"' in page
    assert acts() == []


@pytest.mark.parametrize(("latitude", "longitude"), [(91.0, 0.0), (0.0, -180.5)])
def test_a_position_is_on_earth(platform: Platform, latitude: float, longitude: float) -> None:
    answer = platform.edit(latitude=str(latitude), longitude=str(longitude))
    assert answer.status_code == 422
    assert platform.fresh().latitude is None


def test_a_finess_number_of_corsica_is_accepted(platform: Platform) -> None:
    assert platform.edit(finess="2a0000014").status_code == 302
    assert platform.fresh().finess == "2A0000014"


def test_a_site_is_edited_and_the_journal_says_which_fields(platform: Platform) -> None:
    assert platform.edit(name="CHU des Deux Rives", phone="02 61 91 00 00", latitude="47.4", longitude="1.8").status_code == 302
    site = platform.fresh()
    assert (site.name, site.phone, site.latitude, site.longitude, site.revision) == ("CHU des Deux Rives", "02 61 91 00 00", 47.4, 1.8, 2)
    with as_maintenance():
        act = Act.objects.get()
    assert (act.code, act.site_id, act.details) == ("site.edited", site.id, {"fields": ["name", "latitude", "longitude", "phone"]})
    assert "CHU des Deux Rives" in platform.page(platform.paul, "platform_site", site.id).content.decode()


def test_saving_what_is_there_already_writes_nothing(platform: Platform) -> None:
    assert platform.edit().status_code == 302
    assert platform.fresh().revision == 1
    assert acts() == []


def test_the_second_writer_is_told_what_changed_and_loses_nothing(platform: Platform) -> None:
    platform.edit(name="CHU du Port", kind="clinic")
    late = platform.edit(name="CHU du Large", city="Ormeville")
    page = late.content.decode()
    assert late.status_code == 409
    assert "CHU du Port" in page
    assert 'value="CHU du Large"' in page
    assert 'value="Ormeville"' in page
    assert "<td>Clinique</td><td>Établissement de santé</td>" in page
    assert platform.fresh().name == "CHU du Port"
    assert platform.edit(name="CHU du Large", city="Ormeville", revision=2).status_code == 302
    assert platform.fresh().city == "Ormeville"


def test_what_was_typed_comes_back_after_the_session_had_expired(platform: Platform) -> None:
    client = signed_in_client(platform.paul)
    address = reverse("directory:platform_site", args=[platform.site.id])
    owner = client.get(address).context["owner"]
    expired = Client()
    away = expired.post(address, platform.facts | {"revision": 1, "city": "Ormeville", "_owner": owner})
    assert away["Location"].startswith("/compte/connexion/")
    again = signed_in_client(platform.paul)
    session = again.session
    session["kept_form"] = expired.session["kept_form"]
    session.save()
    assert 'value="Ormeville"' in again.get(address).content.decode()
    assert 'value="Ormeville"' not in again.get(address).content.decode()
    assert platform.fresh().city == ""


def test_a_site_never_changes_space(platform: Platform) -> None:
    with as_maintenance():
        elsewhere = SpaceFactory.create()
    assert platform.edit(space=str(elsewhere.id), space_id=str(elsewhere.id), name="CHU du Port").status_code == 302
    assert platform.fresh().space_id == platform.site.space_id
    assert "Un site reste dans son espace" in platform.page(platform.paul, "platform_site", platform.site.id).content.decode()


def test_the_page_of_a_site_costs_the_same_whoever_is_in_it(platform: Platform) -> None:
    few = statements(platform, "platform_site", platform.site.id)
    with as_maintenance():
        for _ in range(30):
            member(platform.site, Role.ADMIN)
    assert statements(platform, "platform_site", platform.site.id) == few


# --- In and out of service -------------------------------------------------------------------------------------------
def test_what_leaving_service_does_is_said_before(platform: Platform) -> None:
    with as_maintenance():
        MembershipFactory.create(site=platform.site, user=None, email="i@chu.example", first_name="I", last_name="N", accepted_at=None)
        BareDeskFactory.create(site=platform.site, name="Support des Rives")
        MembershipFactory.create(user=platform.adele, site=SiteFactory.create())
    page = platform.page(platform.paul, "platform_site_service", platform.site.id).content.decode()
    assert "6 personnes perdent aussitôt" in page
    assert "5 d’entre elles n’ont pas d’autre site" in page
    assert "1 invitation ne peut plus être acceptée" in page
    assert "Support des Rives" in page
    assert platform.fresh().is_active


def test_a_site_out_of_service_gives_nothing_and_ends_sessions_of_those_who_have_no_other(platform: Platform) -> None:
    with as_maintenance():
        desk = BareDeskFactory.create(site=platform.site)
        agent = member(platform.site, Role.AGENT)
        MembershipFactory.create(user=platform.adele, site=SiteFactory.create(name="Clinique du Lac"))
    alone, other = signed_in_client(agent), signed_in_client(platform.adele)
    for client, user in ((alone, agent), (other, platform.adele)):
        UserSession.objects.create(user=user, session_key=client.session.session_key, ip="192.0.2.1", data={})
    assert platform.post(platform.paul, "platform_site_service", platform.site.id, close="1").status_code == 302
    with acting_as(agent) as actor:
        assert actor.memberships == ()
        assert actor.desks == ()
    assert desk.site_id == platform.site.id
    assert run_jobs() == ["directory.leave_site_out_of_service"]
    assert not is_signed_in(alone)
    assert is_signed_in(other)
    with acting_as(platform.adele) as actor:
        assert [membership.site_name for membership in actor.memberships] == ["Clinique du Lac"]
    assert acts() == ["site.closed"]


def test_a_site_comes_back_with_its_members_and_ended_sessions_stay_ended(platform: Platform) -> None:
    client = signed_in_client(platform.adele)
    UserSession.objects.create(user=platform.adele, session_key=client.session.session_key, ip="192.0.2.1", data={})
    platform.post(platform.paul, "platform_site_service", platform.site.id, close="1")
    run_jobs()
    assert platform.post(platform.paul, "platform_site_service", platform.site.id, open="1").status_code == 302
    assert not is_signed_in(client)
    with acting_as(platform.adele) as actor:
        assert [membership.site_id for membership in actor.memberships] == [platform.site.id]
    assert acts() == ["site.closed", "site.opened"]


def test_leaving_service_twice_is_one_act_and_a_job_that_comes_late_ends_nothing(platform: Platform) -> None:
    client = signed_in_client(platform.adele)
    UserSession.objects.create(user=platform.adele, session_key=client.session.session_key, ip="192.0.2.1", data={})
    for _ in range(2):
        platform.post(platform.paul, "platform_site_service", platform.site.id, close="1")
    platform.post(platform.paul, "platform_site_service", platform.site.id, open="1")
    run_jobs()
    assert is_signed_in(client)
    assert acts() == ["site.closed", "site.opened"]


def test_the_last_operators_keep_their_site(platform: Platform) -> None:
    with as_maintenance():
        own = Membership.objects.get(user=platform.paul).site
    assert platform.post(platform.paul, "platform_site_service", own.id, close="1").status_code == 302
    with as_maintenance():
        own.refresh_from_db()
        assert own.is_active
        member(platform.site, Role.OPERATOR)
    platform.post(platform.paul, "platform_site_service", own.id, close="1")
    with as_maintenance():
        own.refresh_from_db()
        assert not own.is_active
