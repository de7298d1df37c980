"""The rules of incidents, one by one."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from vigie.directory.tests.acting import acting_as
from vigie.foundation.errors import ChangedMeanwhile, Invalid, NotAllowed, Unseen
from vigie.foundation.testing import as_maintenance
from vigie.incidents import actions, policies, queries
from vigie.incidents.actions import AnsweredMeanwhile, ImpossibleTransition, IncidentClosed
from vigie.incidents.models import (
    TRANSITIONS,
    EntryKind,
    Follower,
    FollowUp,
    Incident,
    Interest,
    Side,
    Status,
    may_become,
)
from vigie.incidents.tests.conftest import Territory

pytestmark = pytest.mark.django_db


def deferred_events() -> list[tuple[str, str]]:
    """Return the (event, incident) pairs that wait to be told by e-mail."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->>'event', args->>'incident_id' FROM procrastinate_jobs WHERE task_name = 'incidents.notify' ORDER BY id"
        )
        return list(cursor.fetchall())


# --- Filing ----------------------------------------------------------------------------------------------------------
def test_filing_gives_a_number_and_defers_its_mails(territory: Territory) -> None:
    with acting_as(territory.alice) as alice:
        incident = actions.file_incident(alice, territory.stated())

    assert incident.number == f"INC-{timezone.localtime():%Y}-{int(incident.number[-6:]):06d}"
    assert (incident.status, incident.desk_id) == (Status.NEW, territory.desk.id)
    assert incident.requester_name == "Alice Martin"
    assert deferred_events() == [("filed", str(incident.id))]


def test_the_same_submission_files_once(territory: Territory) -> None:
    stated = territory.stated()
    with acting_as(territory.alice) as alice:
        first = actions.file_incident(alice, stated)
        second = actions.file_incident(alice, stated)

    assert first.id == second.id
    assert len(deferred_events()) == 1


def test_nobody_files_for_a_site_that_is_not_hers(territory: Territory) -> None:
    with acting_as(territory.charlie) as charlie, pytest.raises(NotAllowed):
        actions.file_incident(charlie, territory.stated())


def test_an_administrator_as_such_does_not_file(territory: Territory) -> None:
    with acting_as(territory.adele) as adele, pytest.raises(NotAllowed):
        actions.file_incident(adele, territory.stated())


def test_a_solution_that_the_site_does_not_use_is_refused(territory: Territory) -> None:
    foreign = territory.other_desk.solutions.model.objects
    with as_maintenance():
        solution = foreign.get(desk=territory.other_desk)
    with acting_as(territory.alice) as alice, pytest.raises(Invalid) as refused:
        actions.file_incident(alice, territory.stated(solution_id=solution.id))
    assert list(refused.value.fields) == ["solution"]


def test_a_priority_of_another_desk_is_refused(territory: Territory) -> None:
    with as_maintenance():
        priority = territory.other_desk.priorities.get(rank=1)
    with acting_as(territory.alice) as alice, pytest.raises(Invalid) as refused:
        actions.file_incident(alice, territory.stated(priority_id=priority.id))
    assert list(refused.value.fields) == ["priority"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subject", " \u202e\u200b "),
        ("subject", "a" * 201),
        ("description", "\x00\x07"),
        ("description", "a" * 20_001),
    ],
)
def test_empty_and_endless_texts_are_refused(territory: Territory, name: str, value: str) -> None:
    with acting_as(territory.alice) as alice, pytest.raises(Invalid) as refused:
        actions.file_incident(alice, territory.stated(**{name: value}))
    assert list(refused.value.fields) == [name]


def test_control_and_bidirectional_characters_are_removed(territory: Territory) -> None:
    with acting_as(territory.alice) as alice:
        incident = actions.file_incident(
            alice, territory.stated(subject="Écran\u202e noir\x1b[31m", description="ligne 1\r\nligne\u2066 2")
        )
    assert (incident.subject, incident.description) == ("Écran noir[31m", "ligne 1\nligne 2")


# --- Who sees --------------------------------------------------------------------------------------------------------
def test_who_reads_an_incident(territory: Territory) -> None:
    incident = territory.incident()
    readers = set()
    for name in ("alice", "bob", "rita", "charlie", "tom", "tina", "trudy", "adele"):
        with acting_as(getattr(territory, name)) as actor:
            listed = policies.visible_to(actor).filter(pk=incident.pk).exists()
            try:
                policies.access_incident(actor, number=incident.number)
            except Unseen:
                assert not listed
            else:
                assert listed
                readers.add(name)
    assert readers == {"alice", "rita", "tom", "tina"}


def test_an_observer_reads_until_she_leaves(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.alice) as alice:
        actions.add_observer(alice, incident.id, email=territory.bob.email.upper())
    with acting_as(territory.bob) as bob:
        assert policies.access_incident(bob, id=incident.id).may_comment
        actions.unfollow(bob, incident.id)
        with pytest.raises(Unseen):
            policies.access_incident(bob, id=incident.id)


def test_a_stranger_cannot_be_made_observer(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.alice) as alice, pytest.raises(Invalid):
        actions.add_observer(alice, incident.id, email=territory.charlie.email)


def test_internal_notes_stay_in_the_desk_even_for_raw_queries(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.tom) as tom:
        actions.note(tom, incident.id, body="Client impatient", submission=uuid4(), minutes=15)
        assert queries.record_of(policies.access_incident(tom, id=incident.id)).entries[0].body == "Client impatient"
    with acting_as(territory.rita) as rita:
        assert not queries.record_of(policies.access_incident(rita, id=incident.id)).entries
        assert not FollowUp.objects.filter(incident=incident).exists()
        assert not queries.search(rita, "impatient").rows
        with pytest.raises(NotAllowed):
            actions.note(rita, incident.id, body="?", submission=uuid4())


def test_the_database_refuses_what_a_forgotten_filter_would_leak(territory: Territory) -> None:
    territory.incident()
    for stranger in (territory.charlie, territory.trudy):
        with acting_as(stranger):
            assert not Incident.objects.exists()
    assert not Incident.objects.exists()


def test_the_database_refuses_a_row_written_for_somebody_else(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.charlie) as charlie:
        assert Incident.objects.filter(id=incident.id).update(subject="volé") == 0
        with pytest.raises(Exception, match="row-level security"), transaction.atomic():
            Follower.objects.create(
                incident_id=incident.id,
                user_id=charlie.id,
                user_name="Charlie",
                site_id=territory.hospital.id,
                desk_id=territory.desk.id,
                interest=Interest.FOLLOWER,
            )


def test_a_child_cannot_name_another_tenant_than_its_incident(territory: Territory) -> None:
    incident = territory.incident()
    with as_maintenance(), pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012 - deferred until checked
        FollowUp.objects.create(
            incident=incident,
            site=territory.other_hospital,
            desk=territory.desk,
            position=1,
            kind=EntryKind.MESSAGE,
            author_name="x",
            side=Side.DESK,
            created_at=timezone.now(),
        )
        connection.check_constraints()


# --- The conversation ------------------------------------------------------------------------------------------------
def test_a_first_answer_is_dated_and_ends_the_nudge(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.alice) as alice:
        actions.comment(alice, incident.id, body="", submission=uuid4(), nudge=True)
    nudged = reread(incident)
    assert (nudged.is_nudged, nudged.nudge_count, nudged.answered_at) == (True, 1, None)

    with acting_as(territory.tom) as tom:
        actions.comment(tom, incident.id, body="Nous regardons.", submission=uuid4())
    answered = reread(incident)
    assert not answered.is_nudged
    assert answered.answered_at is not None


def test_a_double_click_writes_one_message(territory: Territory) -> None:
    incident, submission = territory.incident(), uuid4()
    with acting_as(territory.alice) as alice:
        first = actions.comment(alice, incident.id, body="Bonjour", submission=submission)
        second = actions.comment(alice, incident.id, body="Bonjour", submission=submission)
    assert first.id == second.id
    assert reread(incident).entry_count == 1


def test_a_technician_who_answers_at_the_same_time_is_told_and_loses_nothing(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.tom) as tom:
        actions.comment(tom, incident.id, body="Redémarrez.", submission=uuid4(), seen=0)
    with acting_as(territory.tina) as tina:
        with pytest.raises(AnsweredMeanwhile):
            actions.comment(tina, incident.id, body="Ne redémarrez pas.", submission=uuid4(), seen=0)
        actions.comment(tina, incident.id, body="Ne redémarrez pas.", submission=uuid4(), seen=1)
    assert reread(incident).entry_count == 2


def test_the_answer_that_was_waited_for_puts_the_incident_back_in_progress(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.tom) as tom:
        actions.assign(tom, incident.id, assignee_id=tom.id, team_id=None)
        actions.change_status(tom, incident.id, status=Status.WAITING, body="Quel poste ?", submission=uuid4())
    with acting_as(territory.alice) as alice:
        entry = actions.comment(alice, incident.id, body="Le poste 12.", submission=uuid4())
    assert entry.changes == [{"field": "status", "from": "waiting", "to": "assigned"}]
    assert reread(incident).status == Status.ASSIGNED


def test_a_closed_incident_takes_no_message(territory: Territory) -> None:
    incident = territory.incident(status=Status.CLOSED)
    for user in (territory.alice, territory.tom):
        with acting_as(user) as actor, pytest.raises(IncidentClosed):
            actions.comment(actor, incident.id, body="Encore !", submission=uuid4())


# --- Handling --------------------------------------------------------------------------------------------------------
def test_assigning_a_new_incident_records_both_changes_in_one_entry(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.tom) as tom:
        entry = actions.assign(tom, incident.id, assignee_id=territory.tina.id, team_id=None)
    assert entry is not None
    assert entry.changes == [
        {"field": "assignee", "from": "", "to": "Tina Faure"},
        {"field": "status", "from": "new", "to": "assigned"},
    ]


def test_giving_it_back_to_the_queue_makes_it_new(territory: Territory) -> None:
    incident = territory.incident(status=Status.ASSIGNED, assignee=territory.tom)
    with acting_as(territory.tom) as tom:
        actions.assign(tom, incident.id, assignee_id=None, team_id=None)
    assert reread(incident).status == Status.NEW


def test_nobody_outside_the_desk_can_be_assigned(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.tom) as tom, pytest.raises(Invalid):
        actions.assign(tom, incident.id, assignee_id=territory.trudy.id, team_id=None)


def test_planning_says_when_and_by_whom(territory: Territory) -> None:
    incident = territory.incident()
    tomorrow = timezone.now() + timedelta(days=1)
    with acting_as(territory.tom) as tom:
        actions.plan(tom, incident.id, at=tomorrow, minutes=60, body="Je passe demain.")
    planned = reread(incident)
    assert (planned.status, planned.planned_at, planned.assignee_id) == (Status.PLANNED, tomorrow, territory.tom.id)


def test_a_change_made_on_an_old_page_is_refused(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.tom) as tom:
        actions.assign(tom, incident.id, assignee_id=tom.id, team_id=None, revision=1)
    with acting_as(territory.tina) as tina, pytest.raises(ChangedMeanwhile):
        actions.assign(tina, incident.id, assignee_id=tina.id, team_id=None, revision=1)


def test_requesters_do_not_handle(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.rita) as rita:
        with pytest.raises(NotAllowed):
            actions.assign(rita, incident.id, assignee_id=rita.id, team_id=None)
        with pytest.raises(NotAllowed):
            actions.change_status(rita, incident.id, status=Status.RESOLVED, body="fini")
        with pytest.raises(NotAllowed):
            actions.plan(rita, incident.id, at=timezone.now(), minutes=5)


def test_resolving_needs_an_explanation(territory: Territory) -> None:
    incident = territory.incident()
    with acting_as(territory.tom) as tom, pytest.raises(Invalid):
        actions.change_status(tom, incident.id, status=Status.RESOLVED, body=" ")


# --- The end ---------------------------------------------------------------------------------------------------------
def test_accepting_closes_and_refusing_reopens(territory: Territory) -> None:
    accepted, refused = (territory.incident(status=Status.RESOLVED, assignee=territory.tom) for _ in range(2))
    with acting_as(territory.alice) as alice:
        actions.close_incident(alice, accepted.id)
        with pytest.raises(Invalid):
            actions.refuse_resolution(alice, refused.id, body="")
        actions.refuse_resolution(alice, refused.id, body="Toujours en panne.")
    assert reread(accepted).status == Status.CLOSED
    assert (reread(refused).status, reread(refused).resolved_at) == (Status.ASSIGNED, None)


def test_a_technician_reopens_with_a_reason(territory: Territory) -> None:
    incident = territory.incident(status=Status.CLOSED)
    with acting_as(territory.tom) as tom:
        with pytest.raises(Invalid):
            actions.change_status(tom, incident.id, status=Status.ASSIGNED)
        actions.change_status(tom, incident.id, status=Status.ASSIGNED, body="Fermé par erreur.")
    assert (reread(incident).status, reread(incident).closed_at) == (Status.NEW, None)


def test_a_resolved_incident_closes_once_after_the_desk_delay(territory: Territory) -> None:
    now = timezone.now()
    late = territory.incident(status=Status.RESOLVED, resolved_at=now - timedelta(days=11))
    early = territory.incident(status=Status.RESOLVED, resolved_at=now - timedelta(days=9))
    with connection.cursor() as cursor:
        cursor.execute("SELECT incident_id FROM incidents_due_for_closing(now())")
        assert cursor.fetchall() == [(late.id,)]
    with acting_as(territory.tom):
        assert [actions.close_after_delay(identifier) for identifier in (late.id, late.id, early.id)] == [True, False, False]
    assert (reread(late).status, reread(late).entry_count) == (Status.CLOSED, 1)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("wanted", list(Status))
@pytest.mark.parametrize("status", list(Status))
def test_no_transition_but_those_of_the_table(status: Status, wanted: Status, side: Side) -> None:
    assert may_become(status, wanted, side=side) == (wanted in TRANSITIONS[side].get(status, ()))
    if status == wanted:
        assert not may_become(status, wanted, side=side)


def test_an_impossible_transition_is_refused(territory: Territory) -> None:
    incident = territory.incident(status=Status.RESOLVED)
    with acting_as(territory.alice) as alice, pytest.raises(NotAllowed):
        actions.comment(alice, incident.id, body="", submission=uuid4(), nudge=True)
    with acting_as(territory.tom) as tom, pytest.raises(ImpossibleTransition):
        actions.change_status(tom, incident.id, status=Status.CLOSED, body="fini")


# --- History ---------------------------------------------------------------------------------------------------------
def test_triggers_record_each_change_of_the_row(territory: Territory) -> None:
    with acting_as(territory.alice) as alice:
        incident = actions.file_incident(alice, territory.stated())
    with acting_as(territory.tom) as tom:
        actions.assign(tom, incident.id, assignee_id=tom.id, team_id=None)
    with as_maintenance():
        events = list(incident.events.order_by("pgh_id").values_list("pgh_label", "status"))  # type: ignore[attr-defined]
    assert events == [("insert", "new"), ("update", "assigned")]


def reread(incident: Incident) -> Incident:
    with as_maintenance():
        return Incident.objects.get(pk=incident.pk)


def test_a_priority_moved_while_somebody_files_is_asked_again(territory: Territory, monkeypatch: pytest.MonkeyPatch) -> None:
    read = actions._catalogue

    def read_before_the_move(new: Any) -> Any:
        solution, priority = read(new)
        priority.rank += 50
        return solution, priority

    monkeypatch.setattr(actions, "_catalogue", read_before_the_move)
    with acting_as(territory.alice) as actor, pytest.raises(Invalid) as refused:
        actions.file_incident(actor, territory.stated())
    assert list(refused.value.fields) == ["priority"]
