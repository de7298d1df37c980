"""Mails about incidents: who is told, of what, and what never leaves the desk."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from vigie.accounts.models import User
from vigie.directory.models import Membership, Role
from vigie.directory.tests import factories as directory
from vigie.directory.tests.acting import acting_as
from vigie.foundation import jobs
from vigie.foundation.testing import as_maintenance, run_jobs
from vigie.incidents import notices
from vigie.incidents.models import EntryKind, Follower, FollowUp, Incident, Interest, Side
from vigie.incidents.tests.factories import DeskFactory, FollowUpFactory, IncidentFactory
from vigie.notifications import actions
from vigie.notifications.models import MailFrequency

pytestmark = pytest.mark.django_db

KINDS = (notices.ANSWERS, notices.PROGRESS, notices.OBSERVED, notices.ARRIVALS, notices.ASSIGNED)
SECRET = "Le mot de passe du serveur est « hirondelle »"


@dataclass
class Story:
    """An incident of Camille's hospital, handled by Aïcha; Bruno is another technician, Chloé a colleague who observes."""

    incident: Incident
    camille: User
    chloe: User
    aicha: User
    bruno: User

    def tell(self, event: str, entry: FollowUp | None = None) -> None:
        jobs.defer(
            "incidents.notify",
            event=event,
            incident_id=self.incident.id,
            entry_id=entry.id if entry else None,
            site_id=self.incident.site_id,
            desk_id=self.incident.desk_id,
            desk_site_id=self.incident.desk.site_id,
        )
        run_jobs()

    def write(self, **fields: Any) -> FollowUp:
        with as_maintenance():
            entry: FollowUp = FollowUpFactory.create(incident=self.incident, **fields)
        return entry

    def answer(self, body: str = "Nous regardons.", **fields: Any) -> FollowUp:
        return self.write(**({"author": self.aicha, "side": Side.DESK, "body": body} | fields))

    def change(self, **fields: Any) -> None:
        with as_maintenance():
            Incident.objects.filter(pk=self.incident.pk).update(**fields)

    def wish(self, person: User, frequency: MailFrequency) -> None:
        """Say how often she wants mail about incidents."""
        with acting_as(person):
            actions.choose_mail(person, dict.fromkeys(KINDS, frequency))

    def set(self, person: User, **fields: Any) -> None:
        with as_maintenance():
            User.objects.filter(pk=person.pk).update(**fields)


@pytest.fixture
def story() -> Story:
    with as_maintenance():
        site = directory.SiteFactory.create(name="CH de Sainte-Anne")
        desk = DeskFactory.create(name="Support Alba", serves=[site], phone="01 99 00 12 34")
        camille = directory.member(site, email="camille@ch.example", first_name="Camille", last_name="Roux")
        chloe = directory.member(site, email="chloe@ch.example")
        aicha = directory.technician(desk, email="aicha@alba.example", first_name="Aïcha", last_name="Diallo")
        bruno = directory.technician(desk, email="bruno@alba.example")
        incident = IncidentFactory.create(
            site=site,
            desk=desk,
            requester=camille,
            subject="Patient Martin : étiquette <b>illisible</b>",
            assignee=aicha,
            status="assigned",
        )
        Follower.objects.create(incident=incident, user=chloe, user_name=chloe.full_name, site=site, desk=desk, interest=Interest.OBSERVER)
    return Story(incident, camille, chloe, aicha, bruno)


def recipients() -> list[str]:
    return sorted(address for sent in mail.outbox for address in sent.to)


def mail_to(address: str) -> Any:
    (found,) = [sent for sent in mail.outbox if sent.to == [address]]
    return found


def whole(sent: Any) -> str:
    return "\n".join([sent.subject, sent.body, sent.alternatives[0].content, *map(str, sent.message().values())])


def test_filing_is_acknowledged_and_the_technician_in_charge_is_told(story: Story) -> None:
    story.tell("filed")
    assert recipients() == ["aicha@alba.example", "camille@ch.example"]
    acknowledgement = mail_to("camille@ch.example")
    assert story.incident.number in acknowledgement.body
    assert "1\u00a0h" in acknowledgement.body
    assert "jour et nuit" in acknowledgement.body
    assert "01 99 00 12 34" in acknowledgement.body


def test_an_incident_nobody_has_yet_is_told_to_the_whole_desk(story: Story) -> None:
    story.change(assignee=None, status="new")
    story.tell("filed")
    assert recipients() == ["aicha@alba.example", "bruno@alba.example", "camille@ch.example"]


def test_an_incident_of_a_group_is_told_to_the_group(story: Story) -> None:
    with as_maintenance():
        team = directory.TeamFactory.create(desk=story.incident.desk, members=[story.bruno])
    story.change(assignee=None, team=team)
    story.tell("filed")
    assert recipients() == ["bruno@alba.example", "camille@ch.example"]


def test_subjects_hold_the_number_and_nothing_of_anybody(story: Story) -> None:
    for event in ("filed", "commented", "resolved", "closed"):
        story.tell(event, None if event == "filed" else story.answer("Monsieur Martin va mieux"))
    assert mail.outbox
    for sent in mail.outbox:
        assert sent.subject.startswith(f"[{story.incident.number}] ")
        assert "Martin" not in sent.subject + str(sent.message()["List-Unsubscribe"])


def test_an_answer_is_told_to_the_requester_and_the_observer_with_what_was_said_before(story: Story) -> None:
    story.write(body="Toujours rien.")
    story.tell("commented", story.answer("Redémarrez l’imprimante & réessayez."))
    assert recipients() == ["camille@ch.example", "chloe@ch.example"]
    sent = mail_to("camille@ch.example")
    assert "Redémarrez l’imprimante & réessayez." in sent.body
    assert "> Toujours rien." in sent.body
    html = sent.alternatives[0].content
    assert "Redémarrez l’imprimante &amp; réessayez." in html
    assert "<b>illisible" not in html
    assert f"/incidents/{story.incident.number}/" in sent.body


def test_the_author_is_not_told_of_her_own_words(story: Story) -> None:
    story.tell("commented", story.write(body="Une précision."))
    assert recipients() == ["aicha@alba.example", "chloe@ch.example"]


def test_all_mails_of_an_incident_make_one_thread(story: Story) -> None:
    story.tell("filed")
    story.tell("commented", story.answer())
    roots = {sent.message()["References"] for sent in mail.outbox}
    assert len(roots) == 1
    assert len({sent.message()["Message-ID"] for sent in mail.outbox}) == len(mail.outbox)


@pytest.mark.parametrize("event", ["commented", "planned", "waiting", "resolved", "closed", "reopened", "observed", "assigned", "new"])
def test_an_internal_note_never_leaves_the_desk(story: Story, event: str) -> None:
    with as_maintenance():
        Follower.objects.create(
            incident=story.incident,
            user=story.bruno,
            user_name="Bruno",
            site=story.incident.site,
            desk=story.incident.desk,
            interest=Interest.FOLLOWER,
        )
    note = story.answer(SECRET, kind=EntryKind.NOTE)
    story.tell(event, note)
    assert not {"camille@ch.example", "chloe@ch.example"} & set(recipients())


@pytest.mark.parametrize("event", ["filed", "commented", "planned", "waiting", "resolved", "closed", "reopened", "observed"])
def test_no_mail_to_the_requesters_side_holds_an_internal_note(story: Story, event: str) -> None:
    story.answer(SECRET, kind=EntryKind.NOTE)
    story.answer(SECRET, internal=True)
    entry = None if event == "filed" else story.answer("Bonjour.", changes=[{"field": "observer", "from": "", "to": story.chloe.full_name}])
    story.tell(event, entry)
    assert mail.outbox
    for sent in mail.outbox:
        if sent.to[0].endswith("@ch.example"):
            assert "hirondelle" not in whole(sent)


@pytest.mark.parametrize("name", sorted(notices.NOTICES))
def test_no_notice_can_be_sent_outside_of_the_desk_for_an_internal_entry(story: Story, name: str) -> None:
    note = story.answer(SECRET, kind=EntryKind.NOTE)
    with as_maintenance():
        told = notices.Told(story.incident, note, ())
        for audience in set(notices.Audience) - {notices.Audience.DESK}:
            assert not notices.send(name, told, event="essai:1", to=story.camille, audience=audience)


def test_an_observer_is_told_that_she_is_one(story: Story) -> None:
    entry = story.answer(kind=EntryKind.CHANGE, body="", changes=[{"field": "observer", "from": "", "to": story.chloe.full_name}])
    story.tell("observed", entry)
    assert recipients() == ["chloe@ch.example"]


def test_a_nudge_is_told_to_the_desk_alone(story: Story) -> None:
    story.tell("nudged", story.write(body="", is_nudge=True))
    assert recipients() == ["aicha@alba.example"]


def test_an_assignment_is_told_to_whom_it_is_given_unless_she_took_it_herself(story: Story) -> None:
    given = [{"field": "assignee", "from": "", "to": "Aïcha"}]
    story.tell("assigned", story.answer(kind=EntryKind.CHANGE, author=story.bruno, changes=given))
    assert recipients() == ["aicha@alba.example"]
    story.tell("assigned", story.answer(kind=EntryKind.CHANGE, changes=given))
    assert recipients() == ["aicha@alba.example"]


def test_the_choice_made_for_the_incident_rules_over_the_general_one(story: Story) -> None:
    story.wish(story.camille, MailFrequency.NONE)
    story.tell("commented", story.answer())
    assert "camille@ch.example" in recipients()
    mail.outbox.clear()
    story.wish(story.camille, MailFrequency.EACH)
    story.change(notify_requester=False)
    story.tell("commented", story.answer())
    assert "camille@ch.example" not in recipients()


def test_followers_and_technicians_who_want_no_mail_get_none(story: Story) -> None:
    story.wish(story.chloe, MailFrequency.NONE)
    story.wish(story.aicha, MailFrequency.NONE)
    story.tell("commented", story.write(body="Une précision."))
    assert recipients() == []


def test_the_address_of_the_incident_is_used_then_the_secure_one(story: Story) -> None:
    story.change(notify_address="camille@ch.mssante.example")
    story.set(story.chloe, secure_address="chloe@ch.mssante.example")
    story.tell("commented", story.answer())
    assert recipients() == ["camille@ch.mssante.example", "chloe@ch.mssante.example"]


@pytest.mark.parametrize("lost", ["membership", "account", "observation", "role"])
def test_those_who_may_no_longer_read_it_are_told_nothing(story: Story, lost: str) -> None:
    with as_maintenance():
        membership = Membership.objects.filter(user=story.chloe)
        match lost:
            case "membership":
                membership.update(is_active=False)
            case "account":
                User.objects.filter(pk=story.chloe.pk).update(is_active=False)
            case "observation":
                Follower.objects.all().delete()
            case _:
                membership.update(roles=[Role.ADMIN])
    story.tell("commented", story.answer())
    assert recipients() == ["camille@ch.example"]


def test_a_technician_who_left_the_desk_is_told_nothing(story: Story) -> None:
    with as_maintenance():
        Membership.objects.filter(user=story.aicha).update(is_active=False)
    story.tell("commented", story.write(body="Une précision."))
    assert recipients() == ["chloe@ch.example"]


def test_a_job_done_twice_sends_nothing_twice(story: Story) -> None:
    entry = story.answer()
    story.tell("commented", entry)
    story.tell("commented", entry)
    assert recipients() == ["camille@ch.example", "chloe@ch.example"]


def test_somebody_whose_mail_cannot_be_written_does_not_keep_the_others_from_theirs(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def queue_mail(*, recipient: User, **mail_fields: Any) -> bool:
        if recipient == story.camille:
            raise LookupError("no such template")
        return actions.queue_mail(recipient=recipient, **mail_fields)

    entry = story.answer()
    with monkeypatch.context() as patch:
        patch.setattr("vigie.incidents.notices.queue_mail", queue_mail)
        with pytest.raises(LookupError):
            story.tell("commented", entry)
    run_jobs()
    assert recipients() == ["chloe@ch.example"]
    story.tell("commented", entry)
    assert recipients() == ["camille@ch.example", "chloe@ch.example"]


def test_telling_costs_the_same_queries_whatever_the_length_of_the_timeline(story: Story) -> None:
    counts = []
    for _ in range(2):
        for _ in range(8):
            story.write(body="Encore.")
        entry = story.answer()
        with CaptureQueriesContext(connection) as queries:
            story.tell("commented", entry)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_long_text_is_cut_and_says_so(story: Story) -> None:
    story.tell("commented", story.answer("mot " * 5000))
    sent = mail_to("camille@ch.example")
    assert len(sent.body) < 6000
    assert "La suite se lit dans Vigie." in sent.body


def test_each_event_has_a_mail_in_both_languages_without_a_missing_word(story: Story) -> None:
    story.change(planned_at="2026-12-01T08:30:00Z", planned_minutes=90)
    for language in ("fr", "en"):
        story.set(story.camille, language=language)
        for event in ("commented", "planned", "waiting", "resolved", "closed", "reopened"):
            story.tell(event, story.answer())
    sent_to_her = [sent for sent in mail.outbox if sent.to == ["camille@ch.example"]]
    assert len(sent_to_her) == 12
    for sent in sent_to_her:
        assert "{" not in f"{sent.subject}{sent.body}"
        assert not str(sent.body).startswith("\n")
    assert "1\u00a0h\u00a030" in sent_to_her[1].body


def unsubscribe_path(sent: Any) -> str:
    return "/courriel/" + str(sent.message()["List-Unsubscribe"]).strip("<>").split("/courriel/")[1]


def test_the_requester_stops_the_mails_of_one_incident_by_its_link(story: Story, client: Client) -> None:
    story.tell("commented", story.answer())
    path = unsubscribe_path(mail_to("camille@ch.example"))
    page = client.get(path)
    assert page.status_code == 200
    assert story.incident.number in page.content.decode()
    story.tell("commented", story.answer())
    assert len([sent for sent in mail.outbox if sent.to == ["camille@ch.example"]]) == 2
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    mail.outbox.clear()
    story.tell("commented", story.answer())
    assert recipients() == ["chloe@ch.example"]


def test_an_observer_and_a_technician_stop_the_mails_and_keep_their_access(story: Story, client: Client) -> None:
    story.tell("commented", story.write(body="Une précision."))
    for sent in list(mail.outbox):
        client.post(unsubscribe_path(sent))
    mail.outbox.clear()
    story.tell("commented", story.write(body="Une autre."))
    assert recipients() == []
    with as_maintenance():
        assert Follower.objects.filter(user=story.chloe).exists()


def test_a_forged_link_leads_nowhere(client: Client) -> None:
    assert client.get("/courriel/desabonner/abc:def:ghi/").status_code == 404
    assert client.post("/courriel/desabonner/abc/").status_code == 404


def test_opening_hours_are_grouped() -> None:
    desk = DeskFactory.build(
        always_open=False,
        opening={str(day): [["08:00", "12:00"], ["13:30", "18:00"]] for day in range(5)} | {"5": [["09:00", "12:00"]]},
    )
    assert notices.opening_hours(desk) == [
        "lundi – vendredi\u00a0: 8\u00a0h – 12\u00a0h, 13\u00a0h\u00a030 – 18\u00a0h",
        "samedi\u00a0: 9\u00a0h – 12\u00a0h",
    ]
