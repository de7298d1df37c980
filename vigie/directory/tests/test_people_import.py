"""Importing people: what would happen is shown first, then done exactly once; what is wrong is told by line (ACC-10)."""

import csv
import io
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory import invitations, people_import
from vigie.directory.models import Habilitation, Invitation, MedicalIdentity, Membership, Practitioner, Role, ServiceMembership, Site
from vigie.directory.tests import factories
from vigie.errands import actions as errands
from vigie.errands.models import Errand, ErrandState
from vigie.foundation.testing import as_maintenance, run_jobs

pytestmark = pytest.mark.django_db
HEADER = "Adresse électronique;Nom;Prénom;Fonction;Rôles;Services;RPPS\n"


@pytest.fixture
def site() -> Site:
    with as_maintenance():
        created: Site = factories.SiteFactory.create(name="CH du Val")
        factories.ServiceFactory.create(site=created, name="Cardiologie")
        Practitioner.objects.create(site=created, rpps="10000000017", first_name="Ana", last_name="Cho")
        elsewhere = factories.SiteFactory.create()
        Practitioner.objects.create(site=elsewhere, rpps="10000000025", first_name="Bo", last_name="Li")
        factories.ServiceFactory.create(site=elsewhere, name="Urgences")
    return created


@pytest.fixture
def admin(site: Site) -> User:
    with as_maintenance():
        return factories.member(site, Role.ADMIN, email="claire@val.example")


@pytest.fixture
def client(admin: User) -> Client:
    return signed_in_client(admin)


def upload(client: Client, site: Site, text: str | bytes, submission: str = "") -> Any:
    data = text.encode() if isinstance(text, str) else text
    fields = {"file": SimpleUploadedFile("personnes.csv", data), "submission": submission or str(uuid4())}
    return client.post(reverse("directory:members_import", args=[site.number]), fields)


def planned(client: Client, site: Site, text: str) -> tuple[Any, Any]:
    """Return the page of the plan, and the address that confirms it."""
    address = upload(client, site, text)["Location"]
    return client.get(address), address + "envoi/"


def errand() -> Errand:
    with as_maintenance():
        return Errand.objects.get()


def members(site: Site) -> list[str]:
    with as_maintenance():
        return list(Membership.objects.filter(site=site, user=None).order_by("email").values_list("email", flat=True))


def spoken(answer: Any) -> str:
    spoken_text: str = answer.content.decode().replace("\xa0", " ").replace("\u202f", " ")
    return spoken_text


def test_nothing_is_done_before_the_plan_is_confirmed(client: Client, site: Site) -> None:
    page, confirm = planned(client, site, HEADER + "ines@val.example;Roy;Inès;Infirmière;;;\n")
    assert "Inviter 1 personne" in spoken(page)
    assert members(site) == []
    assert run_jobs() == []
    answer = client.post(confirm)
    assert answer["Location"] == reverse("errand", args=[errand().id])
    run_jobs()
    assert members(site) == ["ines@val.example"]
    assert "1 invitation envoyée" in spoken(client.get(answer["Location"]))


def test_services_roles_and_practitioners_go_by_their_names(client: Client, site: Site) -> None:
    _page, confirm = planned(client, site, HEADER + "ines@val.example;Roy;Inès;;utilisateur|REFERENT;cardiologie;10000000017\n")
    client.post(confirm)
    run_jobs()
    with as_maintenance():
        member = Membership.objects.get(email="ines@val.example")
        assert member.roles == ["user", "referent"]
        assert ServiceMembership.objects.get(membership=member).service.name == "Cardiologie"
        assert MedicalIdentity.objects.get(membership=member).practitioner.rpps == "10000000017"
        assert Invitation.objects.get(membership=member).ended_at is None
        assert Act.objects.filter(code="member.invited", object_id=str(member.id)).count() == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("pas-une-adresse;Roy;Inès;;;;", "adresse électronique valide"),
        (";Roy;Inès;;;;", "adresse électronique valide"),
        ("ines@val.example;;Inès;;;;", "Saisissez un nom"),
        ("ines@val.example;Roy;;;;;", "Saisissez un prénom"),
        (f"ines@val.example;Roy;Inès;{'x' * 121};;;", "120 caractères"),
        ("ines@val.example;Roy;Inès;;Chef;;", "Ce rôle n’existe pas"),
        ("ines@val.example;Roy;Inès;;Administrateur;;", "Ce rôle n’existe pas"),
        ("ines@val.example;Roy;Inès;;;Urgences;", "pas de service de ce nom"),
        ("ines@val.example;Roy;Inès;;;;10000000025", "numéro RPPS"),
    ],
)
def test_what_is_wrong_is_told_by_line_with_its_value(client: Client, site: Site, line: str, said: str) -> None:
    page, confirm = planned(client, site, HEADER + line + "\n")
    (error, *_others) = page.context["errors"]
    assert said in error.reason
    assert error.line == 2
    assert page.context["plan"].wrong_lines == 1
    client.post(confirm)
    run_jobs()
    assert members(site) == []


def test_the_disabled_the_known_and_the_repeated_are_told_apart(client: Client, site: Site) -> None:
    with as_maintenance():
        factories.MembershipFactory.create(site=site, email="partie@val.example", is_active=False)
        factories.MembershipFactory.create(site=site, email="la@val.example")
    lines = "partie@val.example;A;A\nLA@val.example;B;B\nines@val.example;C;C\nINES@val.example;D;D\n"
    page, _confirm = planned(client, site, "email;nom;prenom\n" + lines)
    plan = page.context["plan"]
    assert [one.email for one in plan.invited] == ["ines@val.example"]
    assert [one.line for one in plan.members] == [3]
    assert [(one.line, "désactivée" in one.reason, "ligne 4" in one.reason) for one in plan.errors] == [(2, True, False), (5, False, True)]


def test_ten_thousand_lines_of_which_thirty_seven_are_wrong(client: Client, site: Site) -> None:
    wrong = set(range(100, 10_000, 270))
    assert len(wrong) == 37
    lines = [f"{'pas une adresse' if n in wrong else f'p{n}@val.example'};Nom{n};Prénom;;;;" for n in range(10_000)]
    page, confirm = planned(client, site, HEADER + "\n".join(lines))
    assert "37 lignes ne peuvent pas être importées" in spoken(page)
    assert "Inviter 9 963 personnes" in spoken(page)
    report = client.get(confirm.replace("envoi/", "erreurs/")).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(report), delimiter=";"))
    assert [int(row[0]) - 2 for row in rows[1:]] == sorted(wrong)
    assert {row[2] for row in rows[1:]} == {"pas une adresse"}
    assert members(site) == []


def test_a_line_that_is_wrong_stops_none_of_the_others_and_the_same_file_again_invites_nobody_twice(client: Client, site: Site) -> None:
    text = HEADER + "a@val.example;A;A;;;;\nfaux;B;B;;;;\nc@val.example;C;C;;;;\n"
    for _ in range(2):
        _page, confirm = planned(client, site, text)
        client.post(confirm)
        run_jobs()
    assert members(site) == ["a@val.example", "c@val.example"]
    with as_maintenance():
        assert Invitation.objects.count() == 2


def test_confirmed_twice_is_done_once(client: Client, site: Site) -> None:
    _page, confirm = planned(client, site, HEADER + "a@val.example;A;A;;;;\n")
    for _ in range(2):
        assert client.post(confirm).status_code == 302
    run_jobs()
    with as_maintenance():
        assert Invitation.objects.count() == 1


def test_a_worker_that_falls_in_the_middle_loses_and_repeats_nothing(
    client: Client, site: Site, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    _page, confirm = planned(client, site, HEADER + "".join(f"p{n:03}@val.example;N;P;;;;\n" for n in range(250)))
    client.post(confirm)
    written = invitations._write
    sent: list[str] = []

    def fall(invitation: Any, member: Membership, *args: Any, **kwargs: Any) -> bool:
        if member.email.startswith("p150"):
            raise RuntimeError("the worker fell")
        sent.append(member.email)
        return written(invitation, member, *args, **kwargs)

    monkeypatch.setattr(invitations, "_write", fall)
    with pytest.raises(RuntimeError):
        errands.run(errand().id, admin.pk)
    assert len(members(site)) == errand().done == 100
    monkeypatch.setattr(invitations, "_write", written)
    run_jobs()
    assert len(members(site)) == 250
    with as_maintenance():
        assert Invitation.objects.count() == 250
        assert Act.objects.filter(code="member.invited").count() == 250


def test_rights_lost_meanwhile_invite_nobody(client: Client, site: Site, admin: User) -> None:
    _page, confirm = planned(client, site, HEADER + "a@val.example;A;A;;;;\n")
    client.post(confirm)
    with as_maintenance():
        Membership.objects.filter(user=admin).update(roles=["user"])
    run_jobs()
    assert members(site) == []
    assert errand().state == ErrandState.FAILED


def test_somebody_invited_between_the_plan_and_the_job_is_told_in_the_report(client: Client, site: Site) -> None:
    _page, confirm = planned(client, site, HEADER + "a@val.example;A;A;;;;\nb@val.example;B;B;;;;\n")
    client.post(confirm)
    with as_maintenance():
        factories.MembershipFactory.create(site=site, email="a@val.example")
    run_jobs()
    assert (errand().succeeded, errand().refused) == (1, 1)
    page = client.get(reverse("errand", args=[errand().id]))
    assert "Une personne de ce site a déjà cette adresse" in spoken(page)


def test_unknown_titles_are_mapped_by_hand(client: Client, site: Site) -> None:
    page, confirm = planned(client, site, "Boîte aux lettres;Patronyme;Petit nom\na@val.example;A;Ana\n")
    assert "Dites où sont ces informations" in spoken(page)
    client.post(confirm, {"columns": "1", "column-email": "0", "column-last_name": "1", "column-first_name": "2"})
    assert "Inviter 1 personne" in spoken(client.get(confirm.replace("envoi/", "")))


@pytest.mark.parametrize("text", [b"", b"PK\x03\x04 un classeur", b"email;nom;prenom\n"])
def test_a_file_that_cannot_be_read_says_what_to_do(client: Client, site: Site, text: bytes) -> None:
    answer = upload(client, site, text)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    with as_maintenance():
        assert not Errand.objects.exists()


def test_no_file_at_all_is_said(client: Client, site: Site) -> None:
    assert client.post(reverse("directory:members_import", args=[site.number])).status_code == 422


def test_the_file_is_kept_encrypted_and_erased_when_it_is_done_or_given_up(client: Client, site: Site) -> None:
    _page, confirm = planned(client, site, HEADER + "ines@val.example;Roy;Inès;;;;\n")
    assert b"ines@val" not in bytes(errand().sealed_order)
    client.post(confirm)
    run_jobs()
    assert bytes(errand().sealed_order) == b""
    with as_maintenance():
        Errand.objects.all().delete()
    _page, confirm = planned(client, site, HEADER + "ines2@val.example;Roy;Inès;;;;\n")
    client.post(confirm, {"drop": "1"})
    with as_maintenance():
        assert not Errand.objects.exists()


def test_the_plan_of_another_administrator_or_of_another_site_is_as_none(client: Client, site: Site) -> None:
    address = upload(client, site, HEADER + "a@val.example;A;A;;;;\n")["Location"]
    with as_maintenance():
        other = factories.member(site, Role.ADMIN)
        elsewhere = factories.SiteFactory.create()
        factories.MembershipFactory.create(user=User.objects.get(email="claire@val.example"), site=elsewhere, roles=["admin"])
    assert signed_in_client(other).get(address).status_code == 404
    assert signed_in_client(other).post(address + "envoi/").status_code == 404
    assert client.get(address.replace(f"/{site.number}/", f"/{elsewhere.number}/")).status_code == 404


def test_a_plan_costs_the_same_at_one_line_and_at_thirty(client: Client, site: Site) -> None:
    costs = []
    for count in (1, 30):
        _page, confirm = planned(client, site, HEADER + "".join(f"p{n}@val.example;N;P;;;cardiologie;\n" for n in range(count)))
        address = confirm.replace("envoi/", "")
        client.get(address)
        with CaptureQueriesContext(connection) as statements:
            client.get(address)
        costs.append(len(statements))
    assert len(set(costs)) == 1


def test_cells_that_look_like_formulas_stay_texts_in_the_report(client: Client, site: Site) -> None:
    _page, confirm = planned(client, site, HEADER + "=cmd|' /C calc'!A0;=1+1;=2+2;;;;\n")
    report = client.get(confirm.replace("envoi/", "erreurs/")).content.decode("utf-8-sig")
    row = next(csv.reader(io.StringIO(report.split("\n", 1)[1]), delimiter=";"))
    assert row[1].startswith("'=")
    assert row[2].startswith("'=")


def test_the_model_is_a_file_that_can_be_imported(client: Client, site: Site) -> None:
    model = client.get(reverse("directory:members_import_model", args=[site.number])).content.decode("utf-8-sig")
    page, _confirm = planned(client, site, model)
    assert len(page.context["plan"].invited) == 1
    assert errand().kind == people_import.IMPORT


def test_habilitations_go_by_their_names_in_either_language_or_by_their_codes(client: Client, site: Site) -> None:
    header = HEADER.replace("RPPS", "RPPS;Habilitations")
    lines = (
        "ines@val.example;Roy;Inès;;;;;Ouvrir le registre des patients | documents.read\n"
        "lea@val.example;Petit;Léa;;;;;Lire l’avenir\n"
        "ana@val.example;Diaz;Ana;;;;Ana Cho;\n"
    )
    page, confirm = planned(client, site, header + lines)
    assert "Lire les documents, Ouvrir le registre des patients" in spoken(page)
    assert "Cette habilitation n’existe pas." in spoken(page)
    client.post(confirm)
    run_jobs()
    with as_maintenance():
        assert set(Habilitation.objects.values_list("membership__email", "code")) == {
            ("ines@val.example", "documents.read"),
            ("ines@val.example", "patients.open"),
        }
        # A practitioner goes by her name too, where nobody shares it.
        assert MedicalIdentity.objects.get().membership.email == "ana@val.example"
        acts = list(Act.objects.filter(code="member.invited").order_by("id").values_list("details", flat=True))
    assert [act.get("habilitations") for act in acts] == [["documents.read", "patients.open"], None]


def test_an_operator_is_asked_who_she_is_before_a_file_appoints(site: Site) -> None:
    with as_maintenance():
        paul = factories.member(factories.SiteFactory.create(), Role.OPERATOR)
    browser = signed_in_client(paul)
    _page, confirm = planned(browser, site, HEADER + "ines@val.example;Roy;Inès;;Administrateur;;\n")
    session = browser.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {**record, "at": record["at"] - 3600} for record in session[AUTHENTICATION_METHODS_SESSION_KEY]
    ]
    session.save()
    assert browser.post(confirm).headers["Location"].startswith(reverse("account_reauthenticate"))
    assert errand().state == ErrandState.PREPARED
