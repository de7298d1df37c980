"""« Mes données »: all that is held about her, nothing of anybody else's, no secret, and hers alone (ACC-30, PLA-43)."""

import io
import json
import time
import zipfile
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import KnownDevice, User
from vigie.accounts.tests.factories import TOTP_SECRET
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory.models import LoanCard, Membership, Role
from vigie.directory.tests import factories as directory
from vigie.directory.tests.acting import acting_as
from vigie.errands import actions as errands
from vigie.foundation.personal_data import sections
from vigie.foundation.testing import as_maintenance, run_jobs
from vigie.incidents.models import EntryKind, Follower, Interest, Side
from vigie.incidents.tests.factories import DeskFactory, FollowUpFactory, IncidentFactory
from vigie.notifications import actions as notifications

pytestmark = pytest.mark.django_db
NOTE = "Le serveur est dans le placard"
OTHERS = "La phrase de quelqu’un d’autre"


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Any) -> None:
    settings.VIGIE_FILES_FOLDER = tmp_path


@pytest.fixture
def camille() -> User:
    """Somebody with a past: two sites, one of which she has left, a desk where she answers, incidents, devices."""
    with as_maintenance():
        site, former, other = (directory.SiteFactory.create(name=name) for name in ("CH du Val", "CH d’Avant", "CH d’Ailleurs"))
        camille = directory.member(site, Role.USER, Role.AGENT, email="camille@val.example", last_name="Roux", second_factor=True)
        directory.MembershipFactory.create(user=camille, site=former, is_active=False, function="Aide-soignante")
        desk = DeskFactory.create(site=site, serves=[site, former, other])
        paul = directory.member(other, email="paul@ailleurs.example")
        hers = IncidentFactory.create(site=former, desk=desk, requester=camille, subject="Écran noir", description="Plus rien ne s’affiche")
        theirs = IncidentFactory.create(site=other, desk=desk, requester=paul, subject="Un autre sujet", description=OTHERS)
        FollowUpFactory.create(incident=hers, author=camille, body="Toujours en panne", kind=EntryKind.MESSAGE)
        FollowUpFactory.create(incident=theirs, author=camille, body="Nous regardons", side=Side.DESK, kind=EntryKind.MESSAGE)
        FollowUpFactory.create(incident=theirs, author=camille, body=NOTE, side=Side.DESK, kind=EntryKind.NOTE, internal=True)
        FollowUpFactory.create(incident=hers, author=paul, body=OTHERS, kind=EntryKind.MESSAGE)
        Follower.objects.create(
            incident=theirs, user=camille, user_name=camille.full_name, site=other, desk=desk, interest=Interest.FOLLOWER
        )
        KnownDevice.objects.create(user=camille, fingerprint="empreinte-secrete")
        for who, number in ((camille, "P-017"), (paul, "P-099")):
            held = Membership.objects.get(user=who, is_active=True)
            LoanCard.objects.create(site=held.site, membership=held, number=number, lent_at=timezone.now(), lent_by_name="L’accueil")
    with acting_as(camille):
        notifications.choose_mail(camille, {"incident.answers": "daily"})
        notifications.mute(camille.pk, "incident:1")
    return camille


def archive_of(user: User, client: Client | None = None) -> zipfile.ZipFile:
    client = client or signed_in_client(user)
    page = client.post(reverse("my_data"), {"submission": str(uuid4())})["Location"]
    run_jobs()
    return zipfile.ZipFile(io.BytesIO(client.get(page + "fichier/").content))


def document_of(archive: zipfile.ZipFile) -> Any:
    return json.loads(archive.read("mes-donnees.json"))


def test_the_archive_holds_what_each_app_holds(camille: User) -> None:
    document = document_of(archive_of(camille))
    assert document["account"]["rows"][0]["email"] == "camille@val.example"
    assert {row["site"] for row in document["memberships"]["rows"]} == {"CH du Val", "CH d’Avant"}
    assert [row["subject"] for row in document["incidents"]["rows"]] == ["Écran noir"]
    assert [row["text"] for row in document["comments"]["rows"]] == ["Toujours en panne", "Nous regardons"]
    assert len(document["followed"]["rows"]) == 1
    assert document["factors"]["rows"][0]["type"] == "totp"
    assert document["mail_choices"]["rows"] == [{"kind": "Réponses aux incidents", "frequency": "Un résumé par jour"}]
    assert document["mutes"]["rows"][0]["topic"] == "incident:1"
    assert len(document["terms"]["rows"]) == len(document["devices"]["rows"]) == 1
    assert [row["number"] for row in document["loan_cards"]["rows"]] == ["P-017"]
    assert document["acts"]["rows"][-1]["code"] == "account.data_exported"


def test_each_section_is_in_both_files(camille: User) -> None:
    archive = archive_of(camille)
    page = archive.read("mes-donnees.html").decode()
    assert sorted(archive.namelist()) == ["mes-donnees.html", "mes-donnees.json", "style.css"]
    document = document_of(archive)
    for name, section in sections().items():
        assert document[name]["title"] == str(section.title)
        assert f'id="{name}"' in page
    assert "Toujours en panne" in page
    assert "<script" not in page


def test_it_holds_no_secret_and_nothing_of_others(camille: User) -> None:
    archive = archive_of(camille)
    whole = "".join(archive.read(name).decode() for name in archive.namelist())
    with as_maintenance():
        stored = User.objects.get(pk=camille.pk)
    for secret in (stored.password, TOTP_SECRET, "empreinte-secrete", NOTE, OTHERS, "paul@ailleurs"):
        assert secret not in whole


def test_what_she_wrote_cannot_run_in_the_page(camille: User) -> None:
    with as_maintenance():
        User.objects.filter(pk=camille.pk).update(last_name="<script>alert(1)</script>")
    assert "<script" not in archive_of(camille).read("mes-donnees.html").decode()


def test_it_is_asked_by_whoever_has_proved_again_who_she_is(camille: User) -> None:
    client = signed_in_client(camille)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        method | {"at": time.time() - 3600} for method in session[AUTHENTICATION_METHODS_SESSION_KEY]
    ]
    session.save()
    for method in ("get", "post"):
        answer = getattr(client, method)(reverse("my_data"))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/compte/confirmer/")
    assert run_jobs() == []


def test_she_is_told_by_mail_once_and_the_journal_keeps_it(camille: User) -> None:
    archive_of(camille)
    (sent,) = [one for one in mail.outbox if "données" in one.subject]
    assert sent.to == ["camille@val.example"]
    assert "/travaux/" in sent.body
    with as_maintenance():
        assert Act.objects.get(code="account.data_exported").subject_id == camille.pk


def test_asked_twice_by_one_form_is_made_once(camille: User) -> None:
    client = signed_in_client(camille)
    submission = str(uuid4())
    pages = {client.post(reverse("my_data"), {"submission": submission})["Location"] for _ in range(2)}
    assert len(pages) == 1
    assert run_jobs().count("errands.run") == 1


def test_the_archive_is_hers_alone_and_gone_after_a_day(camille: User, tmp_path: Any) -> None:
    client = signed_in_client(camille)
    page = client.post(reverse("my_data"), {"submission": str(uuid4())})["Location"]
    run_jobs()
    with as_maintenance():
        colleague = directory.member(Membership.objects.filter(user=camille, is_active=True).get().site, Role.ADMIN, Role.OPERATOR)
    assert signed_in_client(colleague).get(page + "fichier/").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
        errands.forget_expired()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_it_is_in_her_language(camille: User) -> None:
    with as_maintenance():
        User.objects.filter(pk=camille.pk).update(language="en")
    assert "my-data.html" in archive_of(camille).namelist()


def test_the_page_says_what_it_holds(camille: User) -> None:
    page = signed_in_client(camille).get(reverse("my_data")).content.decode()
    for section in sections().values():
        assert str(section.title) in page.replace("&#x27;", "'")
