"""Mail by kind of event: each time, once a day, never (ACC-30). The summary leaves at seven where its reader is, once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.directory.models import Membership
from vigie.directory.tests.acting import acting_as
from vigie.foundation.testing import as_maintenance, run_jobs
from vigie.incidents import notices
from vigie.incidents.tests.test_notices import KINDS, SECRET, Story, recipients, story, whole
from vigie.notifications import actions, digests, tasks
from vigie.notifications.models import DigestItem, MailChoice, MailFrequency, OutgoingMail

__all__ = ["story"]
pytestmark = pytest.mark.django_db

EVENING = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
"""19 h in Paris."""


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def strike(moment: datetime) -> None:
    """Run the job of that moment, and what it defers."""
    with at(moment):
        tasks.send_digests(0)
        run_jobs(include_scheduled=True)


def told_in_the_evening(story: Story, *bodies: str) -> None:
    with at(EVENING):
        for body in bodies:
            story.tell("commented", story.answer(body))


def body_of(message: Any) -> str:
    return str(message.body).replace("\xa0", " ").replace("\u202f", " ")


def test_a_daily_summary_is_one_mail_at_seven(story: Story) -> None:
    story.wish(story.chloe, MailFrequency.DAILY)
    told_in_the_evening(story, "Nous regardons.", "C’est réparé.")
    assert recipients() == ["camille@ch.example", "camille@ch.example"]
    mail.outbox.clear()
    strike(datetime(2026, 11, 27, 5, 59, tzinfo=UTC))
    assert recipients() == []
    strike(datetime(2026, 11, 27, 6, 0, tzinfo=UTC) + timedelta(minutes=1))
    assert recipients() == ["chloe@ch.example"]
    (summary,) = mail.outbox
    assert body_of(summary).count("Nouvelle réponse") == 2
    assert story.incident.number in summary.body
    assert "Nous regardons" not in summary.body
    # The subject travels in clear: it names no incident and nobody.
    assert summary.subject == "Votre résumé du jour dans Vigie"


def test_a_summary_leaves_once_however_often_late_or_twice_its_job_runs(story: Story) -> None:
    story.wish(story.chloe, MailFrequency.DAILY)
    told_in_the_evening(story, "Nous regardons.")
    mail.outbox.clear()
    late = datetime(2026, 11, 27, 10, 40, tzinfo=UTC)
    for delay in (0, 0, 15, 30):
        strike(late + timedelta(minutes=delay))
    assert recipients() == ["chloe@ch.example"]
    with at(late + timedelta(hours=1)):
        story.tell("commented", story.answer("Encore un mot."))
    mail.outbox.clear()
    strike(late + timedelta(hours=2))
    assert recipients() == []
    strike(datetime(2026, 11, 28, 6, 1, tzinfo=UTC))
    assert recipients() == ["chloe@ch.example"]


def test_two_workers_at_once_send_one(story: Story) -> None:
    story.wish(story.chloe, MailFrequency.DAILY)
    told_in_the_evening(story, "Nous regardons.")
    morning = datetime(2026, 11, 27, 6, 1, tzinfo=UTC)
    with at(morning):
        assert digests.due_digests(morning) == [story.chloe.pk]
        # Both had found her before either had written.
        assert [digests.send_digest(story.chloe.pk, at=morning) for _ in range(2)] == [True, False]


def test_nothing_that_happened_is_no_mail(story: Story) -> None:
    story.wish(story.chloe, MailFrequency.DAILY)
    strike(datetime(2026, 11, 27, 6, 1, tzinfo=UTC))
    assert recipients() == []


@pytest.mark.parametrize(
    ("zone", "now", "seven"),
    [
        # Paris leaves daylight saving on 25 October 2026: seven o'clock is an hour later in the world.
        ("Europe/Paris", datetime(2026, 10, 24, 5, 0, tzinfo=UTC), datetime(2026, 10, 24, 5, 0, tzinfo=UTC)),
        ("Europe/Paris", datetime(2026, 10, 25, 5, 30, tzinfo=UTC), datetime(2026, 10, 24, 5, 0, tzinfo=UTC)),
        ("Europe/Paris", datetime(2026, 10, 25, 6, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
        # It comes back on 29 March 2026.
        ("Europe/Paris", datetime(2026, 3, 29, 4, 59, tzinfo=UTC), datetime(2026, 3, 28, 6, 0, tzinfo=UTC)),
        ("Europe/Paris", datetime(2026, 3, 29, 5, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, 0, tzinfo=UTC)),
        ("Pacific/Noumea", datetime(2026, 11, 26, 20, 0, tzinfo=UTC), datetime(2026, 11, 26, 20, 0, tzinfo=UTC)),
        ("America/Guadeloupe", datetime(2026, 11, 26, 10, 59, tzinfo=UTC), datetime(2026, 11, 25, 11, 0, tzinfo=UTC)),
        ("Nulle/Part", datetime(2026, 11, 26, 6, 0, tzinfo=UTC), datetime(2026, 11, 26, 6, 0, tzinfo=UTC)),
    ],
)
def test_seven_is_read_on_the_reader_s_own_clock(zone: str, now: datetime, seven: datetime) -> None:
    assert digests.last_hour(now, zone) == seven


def test_a_summary_is_in_her_language_and_time(story: Story) -> None:
    story.set(story.chloe, language="en", time_zone="Pacific/Noumea")
    story.wish(story.chloe, MailFrequency.DAILY)
    told_in_the_evening(story, "Nous regardons.")
    mail.outbox.clear()
    strike(datetime(2026, 11, 26, 20, 1, tzinfo=UTC))
    (summary,) = mail.outbox
    assert summary.subject == "Your daily summary in Vigie"
    assert "New answer" in summary.body


def test_an_internal_note_is_in_no_summary_of_the_requester_s_side(story: Story) -> None:
    for person in (story.camille, story.chloe, story.aicha):
        story.wish(person, MailFrequency.DAILY)
    with at(EVENING):
        story.tell("commented", story.answer(SECRET, kind="note", internal=True, author=story.bruno))
        story.tell("commented", story.answer("Nous regardons.", author=story.bruno))
    strike(datetime(2026, 11, 27, 6, 1, tzinfo=UTC))
    lines = {sent.to[0]: body_of(sent).count("Nouvelle réponse") for sent in mail.outbox}
    assert lines["camille@ch.example"] == lines["chloe@ch.example"] == 1
    assert all("hirondelle" not in whole(sent) for sent in mail.outbox)


def test_what_became_internal_or_was_put_out_of_reach_meanwhile_is_not_told(story: Story) -> None:
    story.wish(story.chloe, MailFrequency.DAILY)
    told_in_the_evening(story, "Nous regardons.")
    with as_maintenance():
        Membership.objects.filter(user=story.chloe).update(is_active=False)
    mail.outbox.clear()
    strike(datetime(2026, 11, 27, 6, 1, tzinfo=UTC))
    assert recipients() == []
    with as_maintenance():
        assert not DigestItem.objects.filter(sent_at=None).exists()


def test_what_she_muted_meanwhile_is_not_told(story: Story) -> None:
    story.wish(story.chloe, MailFrequency.DAILY)
    told_in_the_evening(story, "Nous regardons.")
    actions.mute(story.chloe.pk, notices.topic_of(story.incident.id))
    mail.outbox.clear()
    strike(datetime(2026, 11, 27, 6, 1, tzinfo=UTC))
    assert recipients() == []


def test_the_wish_for_one_incident_rules_and_the_general_one_says_how_often(story: Story) -> None:
    story.wish(story.camille, MailFrequency.DAILY)
    story.wish(story.chloe, MailFrequency.NONE)
    told_in_the_evening(story, "Nous regardons.")
    assert recipients() == []
    strike(datetime(2026, 11, 27, 6, 1, tzinfo=UTC))
    assert recipients() == ["camille@ch.example"]
    mail.outbox.clear()
    story.change(notify_requester=False)
    with at(EVENING + timedelta(days=1)):
        story.tell("commented", story.answer("Encore."))
    strike(datetime(2026, 11, 28, 6, 1, tzinfo=UTC))
    assert recipients() == []


def test_a_receipt_never_waits(story: Story) -> None:
    story.wish(story.camille, MailFrequency.DAILY)
    story.tell("filed")
    assert "camille@ch.example" in recipients()


def test_kinds_are_chosen_apart(story: Story) -> None:
    with acting_as(story.chloe):
        actions.choose_mail(story.chloe, {notices.ANSWERS: MailFrequency.NONE})
    story.tell("commented", story.answer())
    assert "chloe@ch.example" not in recipients()
    story.tell("resolved", story.answer("Réparé."))
    assert "chloe@ch.example" in recipients()


def test_an_event_told_at_once_is_not_told_again_by_a_summary(story: Story) -> None:
    entry = story.answer()
    story.tell("commented", entry)
    story.wish(story.chloe, MailFrequency.DAILY)
    story.tell("commented", entry)
    with as_maintenance():
        assert not DigestItem.objects.exists()


def test_the_link_of_a_summary_stops_summaries_and_nothing_else(story: Story) -> None:
    with acting_as(story.chloe):
        actions.choose_mail(story.chloe, {notices.ANSWERS: MailFrequency.DAILY, notices.PROGRESS: MailFrequency.EACH})
    told_in_the_evening(story, "Nous regardons.")
    mail.outbox.clear()
    strike(datetime(2026, 11, 27, 6, 1, tzinfo=UTC))
    (summary,) = mail.outbox
    address = summary.extra_headers["List-Unsubscribe"].strip("<>")
    assert Client().post(address[address.index("/courriel") :]).status_code == 200
    with as_maintenance():
        wishes = dict(MailChoice.objects.filter(user=story.chloe).values_list("kind", "frequency"))
    assert wishes == {notices.ANSWERS: "none", notices.PROGRESS: "each"}


def test_a_summary_that_is_undone_with_its_transaction_leaves_later(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.wish(story.chloe, MailFrequency.DAILY)
    told_in_the_evening(story, "Nous regardons.")
    mail.outbox.clear()
    morning = datetime(2026, 11, 27, 6, 1, tzinfo=UTC)

    def fall(**_mail: Any) -> bool:
        raise RuntimeError("the worker fell")

    with monkeypatch.context() as patch:
        patch.setattr(actions, "queue_mail", fall)
        with pytest.raises(RuntimeError):
            digests.send_digest(story.chloe.pk, at=morning)
    strike(morning + timedelta(minutes=15))
    assert recipients() == ["chloe@ch.example"]


# --- The page --------------------------------------------------------------------------------------------------------


def page_of(user: User) -> str:
    return signed_in_client(user).get(reverse("mail_choices")).content.decode().replace("\xa0", " ")


def test_the_page_offers_what_concerns_her(story: Story) -> None:
    assert "Arrivées au guichet" not in page_of(story.chloe)
    assert "Arrivées au guichet" in page_of(story.aicha)
    for always in ("Sécurité de mon compte", "Invitations"):
        assert always in page_of(story.chloe)


def test_choices_are_kept_and_what_cannot_be_switched_off_is_not(story: Story) -> None:
    client = signed_in_client(story.chloe)
    wishes = {notices.ANSWERS: "daily", notices.PROGRESS: "none", notices.OBSERVED: "each"}
    assert client.post(reverse("mail_choices"), {**wishes, "account": "none"}).status_code == 302
    with as_maintenance():
        assert dict(MailChoice.objects.filter(user=story.chloe).values_list("kind", "frequency")) == wishes
    assert client.post(reverse("mail_choices"), {**wishes, notices.ANSWERS: "hourly"}).status_code == 422


def test_a_choice_is_its_owner_s_alone(story: Story) -> None:
    story.wish(story.chloe, MailFrequency.DAILY)
    with acting_as(story.aicha):
        assert not MailChoice.objects.filter(user=story.chloe).exists()


def test_who_wanted_no_mail_before_wants_none_of_any_kind(story: Story) -> None:
    """What the migration does, on a row that the former release wrote."""
    from importlib import import_module

    migration = import_module("vigie.notifications.migrations.0005_choices")
    with as_maintenance(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET incident_mail = 'none' WHERE id = %s", [story.chloe.pk])
        statement = migration.KEEP.split("INSERT", 1)[1].split(";", 1)[0]
        cursor.execute(f"INSERT{statement}")
        kept = dict(MailChoice.objects.filter(user=story.chloe).values_list("kind", "frequency"))
        assert not MailChoice.objects.exclude(user=story.chloe).exists()
    assert kept == dict.fromkeys(KINDS, "none")


def test_lines_that_were_told_are_forgotten_with_mails(story: Story) -> None:
    story.wish(story.chloe, MailFrequency.DAILY)
    told_in_the_evening(story, "Nous regardons.")
    strike(datetime(2026, 11, 27, 6, 1, tzinfo=UTC))
    with at(datetime(2026, 12, 28, 6, 1, tzinfo=UTC)):
        actions.forget_old_mail()
        assert timezone.now().month == 12
    with as_maintenance():
        assert not DigestItem.objects.exists()
        assert not OutgoingMail.objects.filter(recipient=story.chloe, state="sent", event__startswith="digest").exists()
