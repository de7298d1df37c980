"""The console of a site: its members, as administrators handle them through pages."""

import csv
import io
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import is_signed_in, signed_in_client
from vigie.audit.models import Act
from vigie.directory import member_actions, member_queries
from vigie.directory.member_queries import MemberFilters, Position
from vigie.directory.models import Habilitation, Membership, MemberStatus, Role, Service, ServiceMembership, Site
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, ServiceFactory, SiteFactory, member
from vigie.foundation.errors import Invalid, NotAllowed, Unseen
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Console:
    site: Site
    other_site: Site
    service: Service
    adele: User
    """Administrator of the site."""
    paul: User
    """Operator."""
    eve: User
    """Administrator of another space."""
    claire: Membership

    def page(self, user: User, name: str, *args: object, **query: str) -> Any:
        return signed_in_client(user).get(reverse(f"directory:{name}", args=args), query)

    def post(self, user: User, name: str, *args: object, **fields: Any) -> Any:
        return signed_in_client(user).post(reverse(f"directory:{name}", args=args), fields)

    def fresh(self) -> Membership:
        return stored(self.claire)

    def identity(self, **changes: Any) -> dict[str, Any]:
        return {"first_name": "Claire", "last_name": "Moreau", "function": "Cadre", "revision": 1} | changes


def stored(membership: Membership) -> Membership:
    with as_maintenance():
        return Membership.objects.get(pk=membership.pk)


def acts() -> list[str]:
    with as_maintenance():
        return list(Act.objects.order_by("id").values_list("code", flat=True))


@pytest.fixture
def console(db: None) -> Console:
    with as_maintenance():
        site, other_site, platform = (SiteFactory.create() for _ in range(3))
        return Console(
            site=site,
            other_site=other_site,
            service=ServiceFactory.create(site=site, name="Cardiologie"),
            adele=member(site, Role.ADMIN, first_name="Adèle", last_name="Durand"),
            paul=member(platform, Role.OPERATOR),
            eve=member(other_site, Role.ADMIN),
            claire=MembershipFactory.create(
                site=site, first_name="Claire", last_name="Moreau", email="claire@chu.example", function="Cadre de santé"
            ),
        )


# --- Who comes in ----------------------------------------------------------------------------------------------------
def addresses(console: Console) -> list[str]:
    number, claire = console.site.number, console.claire.id
    return [
        reverse("directory:members", args=[number]),
        reverse("directory:members_export", args=[number]),
        reverse("directory:members_deactivate", args=[number]),
        reverse("directory:members_resend", args=[number]),
        reverse("directory:member_add", args=[number]),
        reverse("directory:member_resend", args=[claire]),
        *(reverse(f"directory:{name}", args=[claire]) for name in ("member", "member_edit", "member_access", "member_deactivate")),
    ]


@pytest.mark.parametrize("role", [None, *(role for role in Role if role is not Role.OPERATOR)], ids=str)
def test_no_other_site_s_people_reach_the_console_whatever_their_role(console: Console, role: Role | None) -> None:
    with as_maintenance():
        stranger = member(console.other_site, role) if role else member(console.site, Role.USER, Role.REFERENT)
    client = signed_in_client(stranger)
    for address in addresses(console):
        assert {client.get(address).status_code, client.post(address).status_code} <= {404, 405}, address
    assert stored(console.claire).revision == 1


def test_a_member_of_another_space_is_as_one_that_does_not_exist(console: Console) -> None:
    real = console.page(console.eve, "member", console.claire.id)
    invented = console.page(console.eve, "member", uuid4())
    assert (real.status_code, invented.status_code) == (404, 404)
    assert len(real.content) == len(invented.content)


def test_the_operator_administers_every_site(console: Console) -> None:
    assert console.page(console.paul, "member", console.claire.id).status_code == 200
    assert console.site.name in console.page(console.paul, "index").content.decode()


def test_whoever_administers_one_site_is_there_at_once_and_whoever_several_chooses(console: Console) -> None:
    assert console.page(console.adele, "index")["Location"] == reverse("directory:members", args=[console.site.number])
    with as_maintenance():
        MembershipFactory.create(user=console.adele, site=console.other_site, roles=["admin"])
    page = console.page(console.adele, "index").content.decode()
    assert console.site.name in page
    assert console.other_site.name in page


def test_the_navigation_leads_administrators_and_nobody_else_to_the_console(console: Console) -> None:
    with as_maintenance():
        alice = member(console.site)
    assert 'href="/administration/"' in signed_in_client(console.adele).get("/").content.decode()
    assert 'href="/administration/"' not in signed_in_client(alice).get("/").content.decode()


# --- The list --------------------------------------------------------------------------------------------------------
def found(console: Console, **filters: str) -> list[str]:
    with acting_as(console.adele):
        return [row.last_name for row in member_queries.members_page(console.site, MemberFilters(**filters), Position()).rows]


@pytest.mark.parametrize("words", ["moreau", "MOREAU claire", "claire moreau", "cadre santé", "CADRE SANTE", "claire@chu", "oreau"])
def test_search_reads_name_address_and_function_without_accents(console: Console, words: str) -> None:
    assert found(console, words=words) == ["Moreau"]


@pytest.mark.parametrize("words", ["moraeu", "claire moreua", "mooreau"])
def test_search_forgives_a_typing_error_and_says_so(console: Console, words: str) -> None:
    assert found(console, words=words)[:1] == ["Moreau"]
    page = console.page(console.adele, "members", console.site.number, q=words).content.decode()
    assert "Voici les noms les plus proches" in page


@pytest.mark.parametrize("words", ["'", "%", "_", "\\", "zzzzzz", "a" * 5000, "\x00", '"', "& | !", "%%%%%%"])
def test_search_survives_nonsense(console: Console, words: str) -> None:
    assert console.page(console.adele, "members", console.site.number, q=words).status_code == 200
    assert found(console, words="%") == []


def test_search_stays_within_the_site(console: Console) -> None:
    with as_maintenance():
        MembershipFactory.create(site=console.other_site, last_name="Morellini")
    assert "Morellini" not in found(console, words="morellini")
    with acting_as(console.eve), connection.cursor() as cursor:
        cursor.execute("SELECT directory_search_members('moreau', %s, false)", [console.site.id])
        assert cursor.fetchall() == []


def test_filters_narrow_and_nonsense_is_ignored(console: Console) -> None:
    now = timezone.now()
    with as_maintenance():
        ServiceMembership.objects.create(site=console.site, membership=console.claire, service=console.service)
        waiting: dict[str, Any] = {"site": console.site, "user": None, "accepted_at": None, "activated_at": None}
        for name, fields in {
            "Invitée": waiting | {"invitation_expires_at": now + timezone.timedelta(days=1)},  # type: ignore[attr-defined]
            "Expirée": waiting | {"invitation_expires_at": now - timezone.timedelta(days=1)},  # type: ignore[attr-defined]
            "Acceptée": {"site": console.site, "activated_at": None},
            "Partie": {"site": console.site, "is_active": False},
        }.items():
            email = {"email": f"{name}@chu.example", "first_name": "A"} if fields.get("user", 1) is None else {}
            MembershipFactory.create(last_name=name, **fields, **email)
    by_status = {status: found(console, status=status) for status in ("invited", "expired", "accepted", "active", "disabled", "'; DROP")}
    assert by_status == {
        "invited": ["Invitée"],
        "expired": ["Expirée"],
        "accepted": ["Acceptée"],
        "active": ["Durand", "Moreau"],
        "disabled": ["Partie"],
        "'; DROP": ["Acceptée", "Durand", "Expirée", "Invitée", "Moreau", "Partie"],
    }
    assert found(console, service=str(console.service.id)) == ["Moreau"]
    assert found(console, role="admin") == ["Durand"]
    assert found(console, role="admin", words="moreau") == []
    assert len(found(console, service="x", role="x")) == 6
    for status in ("invited", "expired", "accepted", "active", "disabled"):
        with acting_as(console.adele):
            page = member_queries.members_page(console.site, MemberFilters(status=status), Position())
        assert {row.status for row in page.rows} == {status}


def test_pages_forwards_and_backwards_give_everybody_once_in_order(console: Console) -> None:
    with as_maintenance():
        for index in range(7):
            # Namesakes: the first name, then the identifier, decide.
            MembershipFactory.create(site=console.site, last_name=f"Petit{index // 4}", first_name=f"Anne{index // 2}")
    for descending in (False, True):
        sign = "-" if descending else ""
        with acting_as(console.adele):
            order = Membership.objects.filter(site=console.site).order_by(f"{sign}last_name", f"{sign}first_name", f"{sign}id")
            expected = list(order.values_list("id", flat=True))

            def page(*, descending: bool = descending, **position: Any) -> member_queries.MemberPage:
                return member_queries.members_page(console.site, MemberFilters(), Position(**position), descending=descending, size=3)

            forwards, current = [], page()
            forwards += [row.id for row in current.rows]
            while current.has_next:
                current = page(after=current.next_cursor)
                assert current.has_previous
                forwards += [row.id for row in current.rows]
            current = page(last=True)
            backwards = [row.id for row in current.rows]
            while current.has_previous:
                current = page(before=current.previous_cursor)
                backwards = [row.id for row in current.rows] + backwards
        assert forwards == expected
        assert backwards == expected


def test_sorted_by_status_everybody_is_there_once_in_the_order_of_a_membership_s_life(console: Console) -> None:
    now = timezone.now()
    with as_maintenance():
        for index in range(3):
            for last_name, fields in (
                ("Partie", {"is_active": False}),
                ("Invitée", {"user": None, "accepted_at": None, "activated_at": None, "invitation_expires_at": now + timedelta(days=3)}),
                ("Expirée", {"user": None, "accepted_at": None, "activated_at": None, "invitation_expires_at": now - timedelta(days=3)}),
            ):
                MembershipFactory.create(
                    site=console.site, last_name=last_name, first_name=f"Anne{index}", email=f"{last_name}{index}@x.example", **fields
                )
    life = list(MemberStatus)
    for descending in (False, True):
        for words in ("", "anne"):
            walked: list[member_queries.MemberRow] = []
            position = Position()
            with acting_as(console.adele):
                while True:
                    page = member_queries.members_page(
                        console.site, MemberFilters(words=words), position, descending=descending, by_status=True, size=4
                    )
                    walked += page.rows
                    if not page.has_next:
                        break
                    position = Position(after=page.next_cursor)
                back = member_queries.members_page(
                    console.site, MemberFilters(words=words), Position(last=True), descending=descending, by_status=True, size=4
                )
            keys = [(life.index(MemberStatus(row.status)), row.last_name, row.first_name, row.id) for row in walked]
            assert keys == sorted(keys, reverse=descending)
            assert len(walked) == len({row.id for row in walked}) == page.total == (9 if words else 11)
            assert [row.id for row in back.rows] == [row.id for row in walked[-4:]]
    answer = console.page(console.adele, "members", console.site.number, tri="-statut")
    assert 'aria-sort="descending"' in answer.content.decode()
    assert console.page(console.adele, "members", console.site.number, tri="password").context["sort"] == "nom"


@pytest.mark.parametrize("cursor", ["x", "00000000-0000-7000-8000-000000000000", "~", "' OR 1=1"])
def test_a_forged_cursor_is_the_first_page(console: Console, cursor: str) -> None:
    page = console.page(console.adele, "members", console.site.number, apres=cursor)
    assert "Moreau" in page.content.decode()


@pytest.mark.usefixtures("steady_matrix")
def test_a_list_and_a_record_cost_the_same_at_one_and_at_thirty(console: Console) -> None:
    client = signed_in_client(console.adele)
    costs: dict[str, list[int]] = {}
    for length in (1, 30):
        with as_maintenance():
            for _ in range(length):
                extra = MembershipFactory.create(site=console.site)
                ServiceMembership.objects.create(site=console.site, membership=extra, service=console.service)
                service = ServiceFactory.create(site=console.site)
                ServiceMembership.objects.create(site=console.site, membership=console.claire, service=service)
        for name, address in {
            "list": reverse("directory:members", args=[console.site.number]),
            "search": reverse("directory:members", args=[console.site.number]) + "?q=e&statut=active",
            "record": reverse("directory:member", args=[console.claire.id]),
        }.items():
            client.get(address)
            with CaptureQueriesContext(connection) as statements:
                assert client.get(address).status_code == 200
            costs.setdefault(name, []).append(len(statements))
    assert {name: len(set(counts)) for name, counts in costs.items()} == {"list": 1, "search": 1, "record": 1}, costs


def test_the_list_tells_administrators_by_a_word(console: Console) -> None:
    page = console.page(console.adele, "members", console.site.number).content.decode()
    assert page.count("</svg>Administrateur</span>") == 1


def test_an_export_has_no_formula_and_is_in_the_journal(console: Console) -> None:
    with as_maintenance():
        MembershipFactory.create(site=console.site, last_name='=HYPERLINK("http://x")', first_name="+1", function="@SUM(A1)")
    answer = console.post(console.adele, "members_export", console.site.number)
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert [row[0] for row in rows[1:]] == ['\'=HYPERLINK("http://x")', "Durand", "Moreau"]
    assert rows[1][1:4:2] == ["'+1", "'@SUM(A1)"]
    assert rows[3][2:5] == ["claire@chu.example", "Cadre de santé", "Actif"]
    assert acts() == ["members.exported"]


# --- Identity --------------------------------------------------------------------------------------------------------
def test_an_administrator_corrects_a_name(console: Console) -> None:
    answer = console.post(console.adele, "member_edit", console.claire.id, **console.identity(last_name="  Moreau   Petit "))
    assert answer.status_code == 302
    fresh = console.fresh()
    assert (fresh.last_name, fresh.function, fresh.revision) == ("Moreau Petit", "Cadre", 2)
    assert acts() == ["member.edited"]


def test_the_second_writer_is_told_what_changed_and_loses_nothing(console: Console) -> None:
    console.post(console.adele, "member_edit", console.claire.id, **console.identity(function="Cadre supérieure"))
    answer = console.post(console.paul, "member_edit", console.claire.id, **console.identity(function="Infirmière"))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert console.fresh().function == "Cadre supérieure"
    for said in ("Adèle Durand", "Cadre supérieure", 'value="Infirmière"', 'name="revision" value="2"'):
        assert said in page, said
    console.post(console.paul, "member_edit", console.claire.id, **console.identity(function="Infirmière", revision=2))
    assert console.fresh().function == "Infirmière"


@pytest.mark.parametrize(
    "changes",
    [{"last_name": " "}, {"first_name": ""}, {"last_name": "a" * 81}, {"function": "a" * 121}, {"revision": ""}, {"last_name": "\u202e"}],
)
def test_a_bad_identity_changes_nothing(console: Console, changes: dict[str, str]) -> None:
    assert console.post(console.adele, "member_edit", console.claire.id, **console.identity(**changes)).status_code == 422
    assert console.fresh().revision == 1
    assert acts() == []


# --- Access ----------------------------------------------------------------------------------------------------------
def test_roles_services_and_habilitations_are_saved_together(console: Console) -> None:
    fields = {"roles": ["user", "referent"], "services": [str(console.service.id)], "habilitations": ["patients.open"], "revision": 1}
    assert console.post(console.adele, "member_access", console.claire.id, **fields).status_code == 302
    with as_maintenance():
        assert console.fresh().roles == ["user", "referent"]
        assert ServiceMembership.objects.get(membership=console.claire).service_id == console.service.id
        assert Habilitation.objects.get(membership=console.claire).code == "patients.open"
    assert acts() == ["member.access_changed"]
    console.post(console.adele, "member_access", console.claire.id, roles=["user"], revision=2)
    with as_maintenance():
        assert not ServiceMembership.objects.filter(membership=console.claire).exists()
        assert not Habilitation.objects.filter(membership=console.claire).exists()


def test_the_second_writer_of_access_is_told_too(console: Console) -> None:
    console.post(console.adele, "member_access", console.claire.id, roles=["user", "referent"], revision=1)
    answer = console.post(console.paul, "member_access", console.claire.id, roles=["editor"], revision=1)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Utilisateur, Référent" in page
    assert "<td>Rédacteur</td>" in page
    assert console.fresh().roles == ["user", "referent"]


@pytest.mark.parametrize("role", ["admin", "operator", "root"])
def test_an_administrator_promotes_nobody_to_administrator(console: Console, role: str) -> None:
    assert console.post(console.adele, "member_access", console.claire.id, roles=["user", role], revision=1).status_code == 422
    with acting_as(console.adele) as actor, pytest.raises(NotAllowed):
        change(actor, console.claire, roles=["user", role])
    assert console.fresh().roles == ["user"]


def change(actor: Any, membership: Membership, **fields: Any) -> Membership:
    given: dict[str, Any] = {"roles": ["user"], "service_ids": [], "habilitations": [], "revision": membership.revision}
    return member_actions.change_access(actor, membership.id, **given | fields)


@pytest.mark.parametrize("gain", [{"roles": ["admin", "agent"]}, {"roles": ["agent"]}, {"habilitations": ["patients.open"]}])
def test_an_administrator_gives_herself_nothing(console: Console, gain: dict[str, list[str]]) -> None:
    with acting_as(console.adele) as actor:
        own = Membership.objects.get(user=console.adele)
        with pytest.raises(NotAllowed):
            change(actor, own, **gain)
    with as_maintenance():
        assert Membership.objects.get(user=console.adele).roles == ["admin"]
        assert not Habilitation.objects.exists()


def test_an_administrator_chooses_her_own_services(console: Console) -> None:
    with as_maintenance():
        own = Membership.objects.get(user=console.adele)
    answer = console.post(console.adele, "member_access", own.id, services=[str(console.service.id)], revision=1)
    assert answer.status_code == 302
    assert stored(own).roles == ["admin"]
    with as_maintenance():
        assert ServiceMembership.objects.filter(membership=own).count() == 1


def test_the_operator_appoints_and_removes_administrators(console: Console) -> None:
    with acting_as(console.paul) as actor:
        promoted = change(actor, console.claire, roles=["user", "admin"])
        assert promoted.roles == ["user", "admin"]
        assert change(actor, promoted, roles=["user"]).roles == ["user"]


def test_an_administrator_s_role_survives_what_an_administrator_saves(console: Console) -> None:
    with acting_as(console.paul) as actor:
        promoted = change(actor, console.claire, roles=["user", "admin"])
    with acting_as(console.adele) as actor:
        assert change(actor, promoted, roles=["referent"]).roles == ["referent", "admin"]


def test_a_service_of_another_site_and_no_role_at_all_are_refused(console: Console) -> None:
    with as_maintenance():
        foreign = ServiceFactory.create(site=console.other_site)
    with acting_as(console.adele) as actor:
        with pytest.raises(Invalid):
            change(actor, console.claire, service_ids=[foreign.id])
        with pytest.raises(Invalid):
            change(actor, console.claire, roles=[])
    assert (
        console.post(console.adele, "member_access", console.claire.id, roles=["user"], services=[str(foreign.id)], revision=1).status_code
        == 422
    )


def test_no_other_administrator_writes_even_past_the_pages(console: Console) -> None:
    with acting_as(console.eve) as actor:
        for write in (member_actions.deactivate_member, member_actions.reactivate_member):
            with pytest.raises(Unseen):
                write(actor, console.claire.id)
        with pytest.raises(Unseen):
            change(actor, console.claire)


# --- Life ------------------------------------------------------------------------------------------------------------
def open_sessions(user: User) -> int:
    return len(UserSession.objects.filter(user_id=user.id))


def test_a_deactivated_member_is_out_at_once_and_her_sessions_stay_dead_after(console: Console) -> None:
    with as_maintenance():
        claire = User.objects.get(memberships=console.claire)
    browser = signed_in_client(claire)
    assert is_signed_in(browser)
    UserSession.objects.get_or_create(
        user_id=claire.id, session_key=browser.session.session_key, defaults={"ip": "127.0.0.1", "user_agent": "x"}
    )
    console.post(console.adele, "member_deactivate", console.claire.id)
    assert not is_signed_in(browser)
    assert open_sessions(claire) == 0
    assert not console.fresh().is_active
    console.post(console.adele, "member_deactivate", console.claire.id, reactivate="1")
    assert console.fresh().is_active
    assert not is_signed_in(browser)
    assert acts() == ["member.deactivated", "member.reactivated"]


def test_the_last_administrator_stays_unless_the_operator_says_so(console: Console) -> None:
    with as_maintenance():
        boris = MembershipFactory.create(site=console.site, roles=["admin"])
        # Another one who has not accepted yet does not count.
        MembershipFactory.create(site=console.site, roles=["admin"], accepted_at=None, activated_at=None)
    with acting_as(console.adele) as actor:
        with as_maintenance():
            # While she acts, her own role is withdrawn.
            Membership.objects.filter(user=console.adele).update(roles=["user"])
        with pytest.raises(member_actions.LastAdministrator):
            member_actions.deactivate_member(actor, boris.id)
    assert stored(boris).is_active
    with acting_as(console.paul) as actor:
        assert not member_actions.deactivate_member(actor, boris.id).is_active


def test_an_administrator_deactivates_another_one_but_not_herself(console: Console) -> None:
    with as_maintenance():
        boris = MembershipFactory.create(site=console.site, roles=["admin"])
        own = Membership.objects.get(user=console.adele)
    with acting_as(console.adele) as actor:
        with pytest.raises(NotAllowed):
            member_actions.deactivate_member(actor, own.id)
        assert not member_actions.deactivate_member(actor, boris.id).is_active


def test_several_are_deactivated_after_a_page_has_asked_and_the_refused_are_told(console: Console) -> None:
    with as_maintenance():
        own = Membership.objects.get(user=console.adele)
        foreign = MembershipFactory.create(site=console.other_site)
    ticked = [str(console.claire.id), str(own.id), str(foreign.id), "x"]
    asked = console.post(console.adele, "members_deactivate", console.site.number, membre=ticked, query="statut=active")
    assert "Désactiver 2 personnes" in asked.content.decode().replace("\u202f", " ").replace("\xa0", " ")
    assert console.fresh().is_active
    client = signed_in_client(console.adele)
    answer = client.post(
        reverse("directory:members_deactivate", args=[console.site.number]),
        {"membre": ticked, "confirmed": "1", "query": "statut=active"},
        follow=True,
    )
    page = answer.content.decode()
    assert answer.redirect_chain[0][0].endswith("?statut=active")
    assert "1 personne désactivée" in page
    assert "On ne change pas ses propres accès" in page
    assert not console.fresh().is_active
    assert stored(own).is_active
    assert stored(foreign).is_active


# --- Invitations -----------------------------------------------------------------------------------------------------
def invitation(console: Console, **changes: Any) -> dict[str, Any]:
    person = {"email": "zoe@chu.example", "first_name": "Zoé", "last_name": "Blanc", "function": "Interne", "roles": ["user"]}
    return person | {"services": [str(console.service.id)]} | changes


def test_an_administrator_adds_somebody_and_reads_her_record(console: Console) -> None:
    client = signed_in_client(console.adele)
    address = reverse("directory:member_add", args=[console.site.number])
    assert "Cardiologie" in client.get(address).content.decode()
    page = client.post(address, invitation(console), follow=True).content.decode()
    for said in ("Zoé Blanc", "Invitation envoyée", "Renvoyer l’invitation", "Adèle Durand"):
        assert said in page, said
    assert found(console, status="invited") == ["Blanc"]


@pytest.mark.parametrize(
    "changes",
    [{"email": "CLAIRE@chu.example"}, {"email": "x"}, {"last_name": " "}, {"roles": []}, {"roles": ["admin"]}, {"services": ["x"]}],
)
def test_a_bad_addition_makes_nothing_and_loses_nothing(console: Console, changes: dict[str, Any]) -> None:
    answer = console.post(console.adele, "member_add", console.site.number, **invitation(console, **changes))
    assert answer.status_code == 422
    assert 'value="Interne"' in answer.content.decode()
    assert found(console, words="zoe") == []


def test_invitations_are_sent_again_one_or_several(console: Console) -> None:
    console.post(console.adele, "member_add", console.site.number, **invitation(console))
    with as_maintenance():
        zoe = Membership.objects.get(email="zoe@chu.example")
    client = signed_in_client(console.adele)
    page = client.post(reverse("directory:member_resend", args=[zoe.id]), follow=True).content.decode()
    assert "est renvoyée" in page
    ticked = [str(zoe.id), str(console.claire.id)]
    address = reverse("directory:members_resend", args=[console.site.number])
    page = client.post(address, {"membre": ticked}, follow=True).content.decode()
    assert "1 invitation renvoyée" in page
    assert "Claire Moreau" in page
    assert acts() == ["member.invited", "invitation.resent", "invitation.resent"]


def test_new_roles_end_the_invitation_under_way_and_the_page_says_so(console: Console) -> None:
    console.post(console.adele, "member_add", console.site.number, **invitation(console))
    with as_maintenance():
        zoe = Membership.objects.get(email="zoe@chu.example")
    address = reverse("directory:member_access", args=[zoe.id])
    page = signed_in_client(console.adele).post(address, {"roles": ["referent"], "revision": zoe.revision}, follow=True).content.decode()
    assert "le lien déjà envoyé ne fonctionne plus" in page


def test_nobody_ticked_is_said(console: Console) -> None:
    client = signed_in_client(console.adele)
    page = client.post(reverse("directory:members_deactivate", args=[console.site.number]), follow=True).content.decode()
    assert "Cochez d’abord" in page


def test_the_record_shows_history_to_administrators(console: Console) -> None:
    console.post(console.adele, "member_edit", console.claire.id, **console.identity())
    page = console.page(console.adele, "member", console.claire.id).content.decode()
    assert "Historique de la fiche" in page
    assert "Cadre de santé" in page


def test_who_is_not_signed_in_is_sent_to_sign_in(console: Console, client: Client) -> None:
    for address in addresses(console):
        assert client.get(address).status_code in (302, 405)


def test_a_search_gives_the_same_people_page_by_page_as_all_at_once(console: Console) -> None:
    """Pages are found one by one, in the order of names, past the policies; the whole list is found another way."""
    with as_maintenance():
        for index in range(23):
            MembershipFactory.create(site=console.site, last_name=f"Petit{index // 6}", first_name=f"Anne{index // 3}", function="100%_sûr")
        MembershipFactory.create(site=console.other_site, last_name="Petit9", function="100%_sûr")
    for words in ("petit anne", "100%_sur", "PETÍT1", "' OR 1=1 --", "\\", "%"):
        with acting_as(console.adele):
            listed = list(member_queries.listed_members(console.site, MemberFilters(words=words)).values_list("id", flat=True))
            for descending in (False, True):
                walked, position = [], Position()
                while True:
                    page = member_queries.members_page(console.site, MemberFilters(words=words), position, descending=descending, size=5)
                    walked += [row.id for row in page.rows]
                    if not page.has_next:
                        break
                    position = Position(after=page.next_cursor)
                expected = listed[::-1] if descending else listed
                assert (walked, page.total) == (expected, len(expected)), words


def test_a_search_by_page_stays_within_the_site(console: Console) -> None:
    with acting_as(console.eve), connection.cursor() as cursor:
        cursor.execute("SELECT directory_search_page('moreau', %s, NULL, NULL, NULL, false, 10)", [console.site.id])
        assert cursor.fetchall() == []
        cursor.execute("SELECT directory_search_count('moreau', %s, 10)", [console.site.id])
        assert cursor.fetchone() == (0,)
