"""Mail: written with the event, sent once, never lost, in the reader's words."""

import smtplib
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from vigie.accounts.models import User
from vigie.accounts.tests.factories import UserFactory
from vigie.foundation import jobs, scope
from vigie.foundation.testing import as_maintenance, run_jobs
from vigie.notifications import actions, delivery
from vigie.notifications.models import MailState, OutgoingMail

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_templates(settings: Settings) -> None:
    """Templates of these tests, beside those of the apps."""
    folder = Path(__file__).parent / "templates"
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [folder]}]
    settings.TEMPLATES[0]["OPTIONS"] = {key: value for key, value in settings.TEMPLATES[0]["OPTIONS"].items() if key != "loaders"} | {
        "loaders": [
            "django.template.loaders.filesystem.Loader",
            "django.template.loaders.app_directories.Loader",
        ]
    }


@pytest.fixture
def camille() -> User:
    with as_maintenance():
        user: User = UserFactory.create(email="camille@ch-bourg.example")
    return user


def queue(person: User, event: str = "essai:1", **changes: Any) -> bool:
    fields: dict[str, Any] = {
        "subject": _("Statut"),
        "template": "essai",
        "context": {"body": "Bonjour <b>Camille</b>", "at": timezone.now()},
    }
    return actions.queue_mail(recipient=person, event=event, **(fields | changes))


def html_of(sent: Any) -> str:
    return str(sent.alternatives[0].content)


def stored(person: User) -> OutgoingMail:
    with scope.entered(scope.Scope(user_id=person.pk)):
        return OutgoingMail.objects.get()


def test_a_mail_leaves_once_with_its_fixed_identifier_and_its_text_is_erased(camille: User) -> None:
    assert queue(camille)
    before = stored(camille)
    assert run_jobs() == ["notifications.send"]
    (sent,) = mail.outbox
    assert sent.to == ["camille@ch-bourg.example"]
    message = sent.message()
    assert message["Message-ID"] == before.message_id
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] == "bulk"
    after = stored(camille)
    assert (after.state, after.text, after.html, after.headers) == (MailState.SENT, "", "", {})
    actions.deliver(mail_id=after.id, recipient_id=camille.pk)
    assert len(mail.outbox) == 1


def test_a_mail_exists_only_if_its_event_does(camille: User) -> None:
    with transaction.atomic():
        queue(camille)
        transaction.set_rollback(True)
    assert run_jobs() == []
    with as_maintenance():
        assert not OutgoingMail.objects.exists()


def test_the_same_event_is_told_once_to_each_person(camille: User) -> None:
    assert queue(camille)
    assert not queue(camille)
    assert queue(camille, "essai:2")
    run_jobs()
    assert len(mail.outbox) == 2


def test_html_is_escaped_and_text_is_not(camille: User) -> None:
    queue(camille)
    run_jobs()
    html = html_of(mail.outbox[0])
    assert "Bonjour &lt;b&gt;Camille&lt;/b&gt;" in html
    assert "Bonjour <b>Camille</b>" in mail.outbox[0].body


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("fr", "Europe/Paris", "samedi 6\u00a0juin 2026 à 14\u00a0h"),
        ("fr", "Indian/Reunion", "samedi 6\u00a0juin 2026 à 16\u00a0h"),
        ("en", "Europe/Paris", "Saturday 6\u00a0June 2026 at 14:00"),
        ("fr", "Pays/Imaginaire", "samedi 6\u00a0juin 2026 à 14\u00a0h"),
    ],
)
def test_mail_is_written_in_the_readers_language_and_time_zone(language: str, zone: str, said: str) -> None:
    with as_maintenance():
        reader = UserFactory.create(language=language, time_zone=zone)
    with time_machine.travel("2026-06-06T12:00:00+00:00", tick=False):
        queue(reader)
        run_jobs()
    assert said in mail.outbox[0].body


def test_threads_and_unsubscription_are_in_the_headers(camille: User) -> None:
    root = actions.thread_of("incident", camille.pk)
    queue(camille, thread=root, unsubscribe_url="https://vigie.example/courriel/desabonner/x/")
    run_jobs()
    message = mail.outbox[0].message()
    assert message["References"] == message["In-Reply-To"] == root
    assert message["List-Unsubscribe"] == "<https://vigie.example/courriel/desabonner/x/>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_muted_topic_is_silent_until_it_is_heard_again(camille: User) -> None:
    actions.mute(camille.pk, "incident:1")
    assert not queue(camille, topic="incident:1")
    assert queue(camille, "essai:2", topic="incident:2")
    actions.unmute(camille.pk, "incident:1")
    assert queue(camille, topic="incident:1")


def test_nobody_else_reads_a_mail_that_waits(camille: User) -> None:
    queue(camille)
    with as_maintenance():
        stranger = UserFactory.create()
    with scope.entered(scope.Scope(user_id=stranger.pk)):
        assert not OutgoingMail.objects.exists()


def test_a_code_is_encrypted_while_it_waits_and_goes_first(camille: User) -> None:
    queue(camille)
    actions.send_account_mail(recipient=camille, event="code:1", subject="Votre code", text="Votre code : 417 829", secret=True)
    with scope.entered(scope.Scope(user_id=camille.pk)):
        waiting = OutgoingMail.objects.get(event="code:1")
    assert "417" not in waiting.text + waiting.html
    run_jobs()
    assert [sent.subject for sent in mail.outbox] == ["Votre code", "Statut"]
    assert "417 829" in mail.outbox[0].body
    assert "417 829" in html_of(mail.outbox[0])


def test_a_subject_on_several_lines_cannot_add_headers(camille: User) -> None:
    queue(camille, subject="Bonjour\r\nBcc: tout@le.monde" + "x" * 300)
    run_jobs()
    message = mail.outbox[0].message()
    assert message["Bcc"] is None
    assert len(mail.outbox[0].subject) == 200


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """Errors that the server answers with, in turn; then it takes everything."""
    errors: list[Exception] = []
    really_send = mail.EmailMultiAlternatives.send

    def send(self: mail.EmailMultiAlternatives, fail_silently: bool = False) -> int:  # noqa: FBT001, FBT002 - Django's
        if errors:
            raise errors.pop(0)
        return really_send(self, fail_silently)

    monkeypatch.setattr(mail.EmailMultiAlternatives, "send", send)
    return errors


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        smtplib.SMTPServerDisconnected("gone"),
        smtplib.SMTPRecipientsRefused({"x": (450, b"greylisted")}),
        smtplib.SMTPDataError(451, b"later"),
        smtplib.SMTPAuthenticationError(535, b"no"),
        smtplib.SMTPSenderRefused(550, b"no", "vigie@x"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_server_that_cannot_now_is_asked_again_under_the_same_identifier(
    camille: User, failing: list[Exception], error: Exception
) -> None:
    failing.append(error)
    queue(camille)
    identifier = stored(camille).message_id
    with pytest.raises(delivery.NotNow):
        run_jobs()
    waiting = stored(camille)
    assert (waiting.state, waiting.attempts) == (MailState.WAITING, 1)
    assert waiting.text
    actions.deliver(mail_id=waiting.id, recipient_id=camille.pk)
    assert mail.outbox[0].message()["Message-ID"] == identifier


@pytest.mark.parametrize(
    "error",
    [smtplib.SMTPRecipientsRefused({"x": (550, b"camille is unknown")}), smtplib.SMTPDataError(554, b"refused")],
    ids=["unknown recipient", "refused content"],
)
def test_a_refusal_for_ever_is_not_tried_again_and_its_words_are_not_kept(
    camille: User, failing: list[Exception], error: Exception
) -> None:
    failing.append(error)
    queue(camille)
    run_jobs()
    failed = stored(camille)
    assert (failed.state, failed.text) == (MailState.FAILED, "")
    assert "camille" not in failed.last_error
    assert not mail.outbox


def test_a_mail_is_given_up_after_days_but_never_untried(camille: User, failing: list[Exception]) -> None:
    queue(camille)
    with time_machine.travel(timezone.now() + timedelta(days=6)):
        failing.append(TimeoutError())
        with pytest.raises(delivery.NotNow):
            run_jobs()
        actions.deliver(mail_id=stored(camille).id, recipient_id=camille.pk)
    assert stored(camille).state == MailState.FAILED


def test_a_late_code_is_not_sent(camille: User) -> None:
    actions.send_account_mail(recipient=camille, event="code:1", subject="Votre code", text="417 829", secret=True)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        run_jobs()
    assert not mail.outbox


def test_waits_grow_and_are_bounded() -> None:
    assert [jobs.wait_before(attempt) for attempt in (1, 2, 3, 9, 500)] == [15, 30, 60, 3600, 3600]


def test_a_mail_whose_job_was_lost_is_found_again(camille: User) -> None:
    queue(camille)
    run_jobs_lost = ProcrastinateJob.objects.filter(task_name="notifications.send")
    assert run_jobs_lost.count() == 1
    assert actions.send_left_behind() == 0
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert actions.send_left_behind() == 1
        assert actions.send_left_behind() == 0
    run_jobs()
    assert len(mail.outbox) == 1


def test_old_mail_is_forgotten_once_it_was_sent(camille: User) -> None:
    queue(camille)
    run_jobs()
    queue(camille, "essai:2")
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert actions.forget_old_mail() == 1
    assert stored(camille).event == "essai:2"


def test_what_is_handed_over_is_a_sound_mail(camille: User) -> None:
    queue(camille, unsubscribe_url="https://vigie.example/courriel/desabonner/" + "x" * 200 + "/")
    run_jobs()
    raw = mail.outbox[0].message().as_bytes()
    from email import message_from_bytes
    from email.policy import default

    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert message.get_body(("plain",)) is not None
    assert message.get_body(("html",)) is not None
    assert message["List-Unsubscribe"].strip("<>").endswith("x/")
