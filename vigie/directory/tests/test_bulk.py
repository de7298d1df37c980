"""What the list does to several members at once, or to all that it holds (ACC-12, ACC-20, ACC-23)."""

import csv
import io
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory import console_bulk_views
from vigie.directory.models import Invitation, Membership, Role, Service, ServiceMembership, Site
from vigie.directory.tests.factories import MembershipFactory, ServiceFactory, SiteFactory, member
from vigie.errands import actions as errands
from vigie.errands.models import Errand, ErrandState
from vigie.foundation.testing import as_maintenance, run_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    with as_maintenance():
        created: Site = SiteFactory.create(name="CH du Val")
    return created


@pytest.fixture
def admin(site: Site) -> User:
    with as_maintenance():
        return member(site, Role.ADMIN, first_name="Claire", last_name="Bonnet")


@pytest.fixture
def cardiology(site: Site) -> Service:
    with as_maintenance():
        created: Service = ServiceFactory.create(site=site, name="Cardiologie")
    return created


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> None:
    monkeypatch.setattr(errands, "AT_ONCE", 5)
    settings.VIGIE_FILES_FOLDER = tmp_path


def waiting(site: Site, count: int) -> list[Membership]:
    with as_maintenance():
        return [
            MembershipFactory.create(
                site=site, user=None, email=f"p{index}@val.example", first_name="Inès", last_name=f"Roy{index:02}", accepted_at=None,
                activated_at=None, invitation_expires_at=timezone.now(),
            )
            for index in range(count)
        ]  # fmt: skip


def post(user: User, name: str, site: Site, **fields: Any) -> Any:
    return signed_in_client(user).post(reverse(f"directory:{name}", args=[site.number]), fields)


def acts(code: str) -> int:
    with as_maintenance():
        return Act.objects.filter(code=code).count()


def errand() -> Errand:
    with as_maintenance():
        return Errand.objects.get()


def test_the_whole_list_is_more_than_its_page(admin: User, site: Site) -> None:
    waiting(site, 30)
    page = signed_in_client(admin).get(reverse("directory:members", args=[site.number])).content.decode()
    assert 'name="tous"' in page
    assert "31 personnes" in page.replace("\xa0", " ")


def test_all_that_the_list_holds_is_invited_again_by_a_job(admin: User, site: Site) -> None:
    waiting(site, 30)
    answer = post(admin, "members_resend", site, tous="1", query="statut=expired", submission=str(uuid4()))
    assert answer["Location"] == reverse("errand", args=[errand().id])
    with as_maintenance():
        assert Invitation.objects.count() == 0
    assert "errands.run" in run_jobs()
    with as_maintenance():
        assert Invitation.objects.filter(ended_at=None).count() == 30
    assert acts("invitation.resent") == 30
    page = signed_in_client(admin).get(answer["Location"]).content.decode()
    assert "30 invitations renvoyées" in page.replace("\xa0", " ")


def test_clicked_twice_is_done_once(admin: User, site: Site) -> None:
    ticked = [str(one.id) for one in waiting(site, 3)]
    fields = {"membre": ticked, "submission": str(uuid4())}
    for _ in range(2):
        post(admin, "members_resend", site, **fields)
    assert acts("invitation.resent") == 3


def test_few_are_done_at_once_and_the_refused_are_told(admin: User, site: Site) -> None:
    with as_maintenance():
        active = MembershipFactory.create(site=site, first_name="Paul", last_name="Actif")
    ticked = [str(one.id) for one in waiting(site, 2)] + [str(active.id)]
    page = signed_in_client(admin).post(
        reverse("directory:members_resend", args=[site.number]), {"membre": ticked, "submission": str(uuid4())}, follow=True
    )
    text = page.content.decode().replace("\xa0", " ")
    assert "2 invitations renvoyées" in text
    assert "Paul Actif : Cette personne a déjà accepté" in text
    assert run_jobs().count("errands.run") == 0


def test_a_page_asks_before_the_whole_list_is_deactivated(admin: User, site: Site) -> None:
    waiting(site, 30)
    asked = post(admin, "members_deactivate", site, tous="1", query="")
    assert "Désactiver 31 personnes" in asked.content.decode().replace("\xa0", " ").replace("\u202f", " ")
    post(admin, "members_deactivate", site, tous="1", query="", confirmed="1", submission=str(asked.context["submission"]))
    run_jobs()
    with as_maintenance():
        assert list(Membership.objects.filter(site=site, is_active=True).values_list("user_id", flat=True)) == [admin.id]
    report = signed_in_client(admin).get(reverse("errand_report", args=[errand().id])).content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(report), delimiter=";"))
    assert [row[1] for row in rows[1:]] == ["Claire Bonnet"]


def test_services_are_added_then_removed(admin: User, site: Site, cardiology: Service) -> None:
    people = waiting(site, 12)
    asked = post(admin, "members_services", site, tous="1", query="q=roy")
    assert "Cardiologie" in asked.content.decode()
    assert post(admin, "members_services", site, tous="1", query="q=roy", attach="1").status_code == 422
    fields = {"tous": "1", "query": "q=roy", "service": [str(cardiology.id)]}
    post(admin, "members_services", site, **fields, attach="1")
    run_jobs()
    with as_maintenance():
        assert ServiceMembership.objects.filter(service=cardiology).count() == 12
    assert acts("member.access_changed") == 12
    post(admin, "members_services", site, membre=[str(people[0].id)], service=[str(cardiology.id)], remove="1")
    with as_maintenance():
        assert ServiceMembership.objects.filter(service=cardiology).count() == 11


def test_a_service_of_another_site_is_not_offered(admin: User, site: Site, cardiology: Service) -> None:
    with as_maintenance():
        foreign = ServiceFactory.create()
    people = waiting(site, 1)
    answer = post(admin, "members_services", site, membre=[str(people[0].id)], service=[str(foreign.id)], attach="1")
    assert answer.status_code == 422


def test_rights_are_those_of_the_moment_when_the_job_runs(admin: User, site: Site) -> None:
    waiting(site, 30)
    post(admin, "members_resend", site, tous="1", query="")
    with as_maintenance():
        Membership.objects.filter(user=admin).update(roles=["user"])
    run_jobs()
    with as_maintenance():
        assert Invitation.objects.count() == 0
    assert errand().succeeded == 0
    assert errand().refused == 31


def test_an_errand_is_as_none_for_everybody_else(admin: User, site: Site) -> None:
    waiting(site, 30)
    address = post(admin, "members_resend", site, tous="1", query="")["Location"]
    with as_maintenance():
        other = member(site, Role.ADMIN)
    for suffix in ("", "rapport/", "fichier/"):
        assert signed_in_client(other).get(address + suffix).status_code == 404
    assert address not in signed_in_client(other).get(reverse("errands")).content.decode()
    assert address in signed_in_client(admin).get(reverse("errands")).content.decode()


def test_a_page_of_progress_costs_the_same_however_long_the_work(admin: User, site: Site) -> None:
    costs = []
    client = signed_in_client(admin)
    for count in (6, 30):
        with as_maintenance():
            Membership.objects.filter(site=site, user=None).delete()
        waiting(site, count)
        address = post(admin, "members_resend", site, tous="1", query="q=roy")["Location"]
        client.get(address, headers={"HX-Request": "true"})
        with CaptureQueriesContext(connection) as statements:
            part = client.get(address, headers={"HX-Request": "true"})
        assert "<html" not in part.content.decode()
        costs.append(len(statements))
    assert len(set(costs)) == 1


# --- Export ----------------------------------------------------------------------------------------------------------


def sheet_of(data: bytes) -> dict[str, str]:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return {name: book.read(name).decode() for name in book.namelist() if name.endswith(".xml")}


def test_a_workbook_holds_texts_and_dates_and_no_formula(admin: User, site: Site) -> None:
    with as_maintenance():
        MembershipFactory.create(site=site, last_name='=HYPERLINK("http://x")', first_name="+1", function="0612")
    answer = post(admin, "members_export", site, format="xlsx")
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    sheet = sheet_of(answer.content)["xl/worksheets/sheet1.xml"]
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet.lower().replace("=hyperlink", "")
    assert '<t>=HYPERLINK("http://x")</t>' in sheet.replace("&quot;", '"')
    assert "<t>0612</t>" in sheet
    assert acts("members.exported") == 1


def test_a_long_export_is_an_errand_whose_file_is_its_owner_s(admin: User, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_bulk_views, "MOST_AT_ONCE", 5)
    waiting(site, 12)
    client = signed_in_client(admin)
    submission = str(uuid4())
    address = reverse("directory:members_export", args=[site.number]) + "?q=roy"
    first, page = (client.post(address, {"format": "csv", "submission": submission})["Location"] for _ in range(2))
    assert first == page
    assert client.get(page + "fichier/").status_code == 404
    run_jobs()
    assert acts("members.exported") == 1
    found = client.get(page + "fichier/")
    rows = list(csv.reader(io.StringIO(found.content.decode("utf-8-sig")), delimiter=";"))
    assert [row[0] for row in rows[1:]] == [f"Roy{index:02}" for index in range(12)]
    assert "no-store" in found["Cache-Control"]
    assert "Télécharger le fichier" in client.get(page).content.decode()
    with as_maintenance():
        other = member(site, Role.ADMIN)
        Errand.objects.update(expires_at=timezone.now())
    assert signed_in_client(other).get(page + "fichier/").status_code == 404
    assert client.get(page + "fichier/").status_code == 404


def test_an_export_ends_with_the_right_to_make_it(admin: User, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console_bulk_views, "MOST_AT_ONCE", 5)
    waiting(site, 12)
    post(admin, "members_export", site, format="xlsx")
    with as_maintenance():
        Membership.objects.filter(user=admin).update(is_active=False)
    run_jobs()
    assert errand().state == ErrandState.FAILED
    assert acts("members.exported") == 0
