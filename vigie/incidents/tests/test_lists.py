"""Lists and search: what is in them, in which order, and at what cost."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import TeamFactory
from vigie.foundation.testing import as_maintenance
from vigie.incidents import actions, policies, queries
from vigie.incidents.models import Status
from vigie.incidents.queries import DEFAULT_SORT, SORTS, ListFilters, Position
from vigie.incidents.tests.conftest import Territory

pytestmark = pytest.mark.django_db


def numbers(rows: object) -> list[str]:
    return [row.number for row in rows]  # type: ignore[attr-defined]


def test_the_ready_made_lists_of_a_requester(territory: Territory) -> None:
    new = territory.incident()
    waiting = territory.incident(status=Status.WAITING)
    resolved = territory.incident(status=Status.RESOLVED)
    closed = territory.incident(status=Status.CLOSED)
    territory.incident(site=territory.other_hospital, requester=territory.charlie)
    of_bob = territory.incident(requester=territory.bob)
    with acting_as(territory.alice) as alice:
        lists = {slug: {row.number for row in queries.requester_list(alice, slug)} for slug in queries.REQUESTER_LISTS}
    assert lists == {
        "miens": {new.number, waiting.number},
        "suivis": set(),
        "a-moi": {waiting.number, resolved.number},
        "mes-sites": {new.number, waiting.number},
        "resolus": {resolved.number},
        "fermes": {closed.number},
        "tous": {new.number, waiting.number, resolved.number, closed.number},
    }
    with acting_as(territory.rita) as rita:
        assert of_bob.number in {row.number for row in queries.requester_list(rita, "mes-sites")}


def test_the_ready_made_lists_of_a_desk(territory: Territory) -> None:
    with as_maintenance():
        team = TeamFactory.create(desk=territory.desk, members=[territory.tom])
    new = territory.incident(is_nudged=True)
    mine = territory.incident(status=Status.ASSIGNED, assignee=territory.tom)
    ours = territory.incident(status=Status.WAITING, team=team)
    planned = territory.incident(status=Status.PLANNED, assignee=territory.tina)
    done = territory.incident(status=Status.CLOSED)
    elsewhere = territory.incident(site=territory.other_hospital, desk=territory.other_desk, requester=territory.charlie)
    with acting_as(territory.tom) as tom:
        lists = {slug: {row.number for row in queries.desk_list(tom, territory.desk.id, slug)} for slug in queries.DESK_LISTS}
        assert not queries.desk_list(tom, territory.other_desk.id, "tous").exists()
    assert lists["a-attribuer"] == {new.number, ours.number}
    assert lists["a-traiter"] == {mine.number}
    assert lists["mon-groupe"] == {ours.number}
    assert lists["relances"] == {new.number}
    assert lists["planifies"] == {planned.number}
    assert lists["fermes"] == {done.number}
    assert elsewhere.number not in lists["tous"]


@pytest.mark.parametrize("sort", SORTS.values(), ids=list(SORTS))
def test_pages_forwards_and_backwards_give_every_row_once_in_order(territory: Territory, sort: queries.Sort) -> None:
    now = timezone.now()
    with as_maintenance():
        priorities = list(territory.desk.priorities.order_by("rank"))
    for index in range(7):
        # Twins: the identifier decides between equal dates.
        moment = now - timedelta(minutes=index // 2)
        territory.incident(created_at=moment, updated_at=moment, priority=priorities[index % 3])
    with acting_as(territory.tom) as tom:
        incidents = queries.desk_list(tom, territory.desk.id, "tous")
        sign = "-" if sort.descending else ""
        expected = numbers(incidents.order_by(f"{sign}{sort.field}", f"{sign}id"))
        forwards, page = [], queries.page_of(incidents, sort, Position(), size=3)
        forwards += numbers(page.rows)
        while page.has_next:
            page = queries.page_of(incidents, sort, Position(after=page.next_cursor), size=3)
            assert page.has_previous
            forwards += numbers(page.rows)
        backwards, page = [], queries.page_of(incidents, sort, Position(last=True), size=3)
        backwards = numbers(page.rows)
        while page.has_previous:
            page = queries.page_of(incidents, sort, Position(before=page.previous_cursor), size=3)
            backwards = numbers(page.rows) + backwards
    assert forwards == expected
    assert backwards == expected


@pytest.mark.parametrize("cursor", ["x", "~", "2026-01-01~x", f"2026-99-99T00:00:00+00:00~{UUID(int=1)}", f"nan~{UUID(int=1)}"])
def test_a_forged_cursor_is_the_first_page(territory: Territory, cursor: str) -> None:
    territory.incident()
    with acting_as(territory.alice) as alice:
        incidents = queries.requester_list(alice, "miens")
        assert len(queries.page_of(incidents, DEFAULT_SORT, Position(after=cursor)).rows) == 1
        assert len(queries.page_of(incidents, SORTS["priorite"], Position(after=cursor)).rows) == 1


def test_filters_narrow_and_nonsense_is_ignored(territory: Territory) -> None:
    territory.incident()
    waiting = territory.incident(status=Status.WAITING)
    with acting_as(territory.alice) as alice:
        incidents = queries.requester_list(alice, "miens")
        assert numbers(ListFilters(status="waiting").narrow(incidents)) == [waiting.number]
        assert ListFilters(status="'; DROP", priority="9" * 50, site="x").narrow(incidents).count() == 2


@pytest.mark.usefixtures("steady_matrix")
def test_a_list_costs_two_statements_whatever_its_length(territory: Territory) -> None:
    costs = []
    for length in (1, 30):
        for _ in range(length):
            territory.incident()
        with acting_as(territory.alice) as alice, CaptureQueriesContext(connection) as statements:
            queries.page_of(queries.requester_list(alice, "miens"), DEFAULT_SORT, Position())
        costs.append(len(statements))
    assert costs == [2, 2]


@pytest.mark.usefixtures("steady_matrix")
def test_a_record_costs_the_same_whatever_its_length(territory: Territory) -> None:
    incident = territory.incident()
    costs = []
    for length in (1, 30):
        for _ in range(length):
            with acting_as(territory.alice) as alice:
                actions.comment(alice, incident.id, body="Bonjour", submission=uuid4())
        with acting_as(territory.tom) as tom, CaptureQueriesContext(connection) as statements:
            queries.record_of(policies.access_incident(tom, number=incident.number))
        costs.append(len(statements))
    assert costs[0] == costs[1] <= 8


# --- Search ----------------------------------------------------------------------------------------------------------
def found_by(territory: Territory, name: str, words: str) -> list[str]:
    with acting_as(getattr(territory, name)) as actor:
        return numbers(queries.search(actor, words).rows)


def test_search_reads_stems_accents_numbers_messages_and_requesters(territory: Territory) -> None:
    with acting_as(territory.alice) as alice:
        incident = actions.file_incident(
            alice, territory.stated(subject="Écran figé à l’hôpital", description="Le serveur d’impression refuse")
        )
        actions.comment(alice, incident.id, body="Les câbles sont débranchés", submission=uuid4())
    for words in ("ecran", "hopitaux", "impressions", "cable", "Alice", "Martin figé", incident.number, '"serveur d’impression"'):
        assert found_by(territory, "alice", words) == [incident.number], words
    assert found_by(territory, "alice", "scanner") == []


def test_search_forgives_a_typing_error_and_says_so(territory: Territory) -> None:
    with acting_as(territory.alice) as alice:
        incident = actions.file_incident(alice, territory.stated(subject="Imprimante de bracelets"))
        found = queries.search(alice, "imprimnate")
    assert numbers(found.rows) == [incident.number]
    assert found.approximate


def test_search_marks_what_it_found(territory: Territory) -> None:
    with acting_as(territory.alice) as alice:
        actions.file_incident(alice, territory.stated(subject="Imprimante en panne"))
        (row,) = queries.search(alice, "imprimantes").rows
    assert row.subject == f"{queries.MARK[0]}Imprimante{queries.MARK[1]} en panne"


def test_search_never_finds_what_one_may_not_read(territory: Territory) -> None:
    with acting_as(territory.alice) as alice:
        incident = actions.file_incident(alice, territory.stated(subject="Onduleur"))
    with acting_as(territory.tom) as tom:
        actions.note(tom, incident.id, body="Contrat échu", submission=uuid4())
    assert {name: bool(found_by(territory, name, "onduleur")) for name in ("alice", "bob", "rita", "charlie", "tom", "trudy", "adele")} == {
        "alice": True,
        "bob": False,
        "rita": True,
        "charlie": False,
        "tom": True,
        "trudy": False,
        "adele": False,
    }
    assert found_by(territory, "charlie", "ondulur") == []
    assert found_by(territory, "tom", "contrats") == [incident.number]
    assert found_by(territory, "alice", "contrats") == []


@pytest.mark.parametrize("words", ["", "   ", "'", "& | !", "a" * 5000, "\\", "%", "le la du", '"', "-", "\x00"])
def test_search_survives_nonsense(territory: Territory, words: str) -> None:
    territory.incident()
    assert found_by(territory, "alice", words) == []


def test_changing_a_text_changes_what_is_found(territory: Territory) -> None:
    with acting_as(territory.alice) as alice:
        incident = actions.file_incident(alice, territory.stated(subject="Onduleur"))
    with as_maintenance():
        incident.subject = "Climatiseur"
        incident.save()
    assert found_by(territory, "alice", "climatiseur") == [incident.number]
    assert found_by(territory, "alice", "onduleur") == []


def test_what_waits_is_what_her_lists_hold(territory: Territory) -> None:
    people = (territory.alice, territory.bob, territory.rita, territory.charlie, territory.tom, territory.tina, territory.trudy)
    for requester in (territory.alice, territory.rita, territory.tom):
        for assignee in (territory.tom, territory.tina):
            for status in Status:
                territory.incident(requester=requester, assignee=assignee, status=status, planned_at=timezone.now())
    counts = []
    for person in people:
        with acting_as(person) as actor:
            answers = Q(requester=actor.id, status__in=[Status.WAITING, Status.RESOLVED])
            handling = Q(assignee=actor.id, is_open=True, desk__in=actor.desk_ids)
            expected = policies.visible_to(actor).filter(answers | handling).count()
            assert queries.waiting_count(actor) == expected, person
            counts.append(expected)
    assert counts[0] > 0
    assert counts[4] > 0


def test_a_large_total_is_kept_for_a_while_and_a_small_one_never(territory: Territory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "_LARGE", 2)
    queries._large_totals.clear()
    with acting_as(territory.alice) as alice:
        for expected in (1, 2, 3):
            with as_maintenance():
                territory.incident()
            assert queries._counted(queries.requester_list(alice, "miens")) == expected
        with as_maintenance():
            territory.incident()
        assert queries._counted(queries.requester_list(alice, "miens")) == 3
        queries._large_totals.clear()
        assert queries._counted(queries.requester_list(alice, "miens")) == 4
