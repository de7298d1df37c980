"""The demonstration's mail server and its pages."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from vigie.accounts.tests.factories import UserFactory
from vigie.foundation.testing import as_maintenance, run_jobs
from vigie.notifications import actions, demo_mailbox

SUBJECT = "Étiquettes : c’est réparé"


def written(folder: Path, *, to: str = "camille@ch.example", subject: str = SUBJECT, html: str = "") -> str:
    """Put one mail in the folder and return its name."""
    message = EmailMessage()
    message["Subject"] = subject
    message["From"] = "Vigie <vigie@example.org>"
    message["To"] = to
    message["Date"] = "Sun, 22 Nov 2026 15:00:00 +0000"
    message.set_content("Bonjour Camille,\nvoir https://vigie.example/incidents/INC-2026-000001/\n")
    if html:
        message.add_alternative(html, subtype="html")
    return demo_mailbox.keep(folder, message.as_bytes(), [to])


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.VIGIE_MAIL_FOLDER = tmp_path / "mail"
    return tmp_path / "mail"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def sink(folder: Path) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """The real server, in its own process."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "vigie.notifications.demo_mailbox", "127.0.0.1", str(port), str(folder)],
        env=os.environ | {"PYTHONWARNINGS": "default"},
    )
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield port, process
    process.kill()
    process.wait()


@pytest.mark.django_db
def test_a_mail_goes_from_the_outbox_to_the_mailbox_page(
    sink: tuple[int, "subprocess.Popen[bytes]"], settings: Settings, client: Client
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink[0]
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    with as_maintenance():
        camille = UserFactory.create(email="camille@ch.example")
    actions.send_account_mail(recipient=camille, event="essai:1", subject="Votre code d’accès", text="417 829")
    run_jobs()
    page = client.get("/courrier/", {"a": "camille@ch.example"}).content.decode()
    assert "Votre code d’accès" in page
    name = page.split('href="/courrier/')[-1].split("/")[0]
    assert "417 829" in client.get(f"/courrier/{name}/").content.decode()


def test_a_mail_that_was_accepted_survives_a_sudden_death(folder: Path, sink: tuple[int, "subprocess.Popen[bytes]"]) -> None:
    port, process = sink
    message = EmailMessage()
    message["Subject"] = SUBJECT
    message["Message-ID"] = "<1@example.org>"
    with smtplib.SMTP("127.0.0.1", port) as client:
        for _ in range(3):
            client.send_message(message, "vigie@example.org", ["camille@ch.example"])
    process.kill()
    assert len(demo_mailbox.newest(folder, limit=10)) == 3


def test_the_server_ends_when_asked(sink: tuple[int, "subprocess.Popen[bytes]"]) -> None:
    sink[1].send_signal(signal.SIGTERM)
    assert sink[1].wait(timeout=10) == 0


@pytest.mark.django_db
def test_mails_are_listed_by_recipient_the_newest_first(folder: Path, client: Client) -> None:
    written(folder, subject="Premier")
    written(folder, subject="Second")
    written(folder, to="chloe@ch.example", subject="Autre")
    everything = client.get("/courrier/").content.decode()
    assert everything.index("Autre") < everything.index("Second") < everything.index("Premier")
    hers = client.get("/courrier/", {"a": "Chloe@CH.example"}).content.decode()
    assert "Autre" in hers
    assert "Premier" not in hers


@pytest.mark.django_db
def test_an_empty_mailbox_says_so(folder: Path, client: Client) -> None:
    assert "Aucun courriel pour le moment" in client.get("/courrier/").content.decode()


@pytest.mark.django_db
def test_a_mail_is_shown_with_its_headers_text_and_source(folder: Path, client: Client) -> None:
    name = written(folder, html="<html><head></head><body><b>Bonjour</b></body></html>")
    page = client.get(f"/courrier/{name}/")
    body = page.content.decode()
    assert SUBJECT in body
    assert '<a href="https://vigie.example/incidents/INC-2026-000001/"' in body
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert b"Content-Type" in client.get(f"/courrier/{name}/source/").content


@pytest.mark.django_db
def test_the_html_of_a_mail_can_do_nothing(folder: Path, client: Client) -> None:
    name = written(folder, html="<html><head></head><body><script>alert(1)</script></body></html>")
    response = client.get(f"/courrier/{name}/html/")
    policy = response.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["..%2f..%2fsecret-key", "00000000000000000000.1-1.vigie", "x"])
def test_an_unknown_mail_is_not_found(folder: Path, client: Client, name: str) -> None:
    written(folder)
    for address in (f"/courrier/{name}/", f"/courrier/{name}/html/", f"/courrier/{name}/source/"):
        assert client.get(address).status_code == 404


@pytest.mark.django_db
def test_a_mail_without_html_has_no_page_for_it(folder: Path, client: Client) -> None:
    assert client.get(f"/courrier/{written(folder)}/html/").status_code == 404


def test_each_mail_is_on_disk_before_it_has_its_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    written(folder)
    assert len(flushed) == 2
