"""Long work: each item done exactly once, whatever happens to the worker; nothing personal kept when it is over."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.tests.factories import UserFactory
from vigie.errands import actions, files, kinds
from vigie.errands.kinds import Kind, Outcome, Product, Refusal, Task, Tell
from vigie.errands.models import Errand, ErrandState
from vigie.foundation import scope
from vigie.foundation.errors import NotAllowed
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance, run_jobs

pytestmark = pytest.mark.django_db


class Diary:
    """What the kind of these tests did, and what it is told to do wrong."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.breaks_at: int | None = None
        self.refuses_all = False
        self.ended: list[int] = []

    def step(self, task: Task, items: Any) -> Outcome:
        if self.refuses_all:
            raise NotAllowed
        assert scope.current().user_id == task.owner_id
        for item in items:
            if item == self.breaks_at:
                raise RuntimeError("the worker fell")
            self.done.append(item)
        return Outcome(sum(item % 7 != 0 for item in items), [Refusal(f"n° {item}", "un septième") for item in items if item % 7 == 0])

    def make(self, task: Task, tell: Tell) -> Product:
        tell(40)
        return Product("liste.csv", "text/csv", b"confidentiel", rows=80)

    def after(self, task: Task, succeeded: int) -> None:
        self.ended.append(succeeded)


@pytest.fixture
def diary(monkeypatch: pytest.MonkeyPatch) -> Diary:
    diary = Diary()
    monkeypatch.setattr(kinds, "_kinds", {})
    kinds.register("essai", Kind(title="Essai", said=str, step=diary.step, together=10, after=diary.after))
    kinds.register("fichier", Kind(title="Fichier", said=str, make=diary.make))
    return diary


@pytest.fixture
def alice() -> User:
    with as_maintenance():
        created: User = UserFactory.create()
    return created


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Any) -> None:
    settings.VIGIE_FILES_FOLDER = tmp_path


def started(alice: User, count: int, **more: Any) -> Errand:
    with scope.entered(Scope(user_id=alice.pk)):
        return actions.start(alice.pk, "essai", submission=more.pop("submission", uuid4()), order={}, items=list(range(1, count + 1)))


def stored(errand: Errand) -> Errand:
    with as_maintenance():
        return Errand.objects.get(pk=errand.pk)


def test_few_items_are_done_while_the_person_waits(alice: User, diary: Diary) -> None:
    errand = started(alice, 20)
    assert diary.done == list(range(1, 21))
    assert (errand.state, errand.done, errand.succeeded, errand.refused) == (ErrandState.DONE, 20, 18, 2)
    assert run_jobs() == []


def test_many_items_are_done_by_a_job_and_refusals_are_told(alice: User, diary: Diary) -> None:
    errand = started(alice, 120)
    assert diary.done == []
    run_jobs()
    assert diary.done == list(range(1, 121))
    assert diary.ended == [103]
    with scope.entered(Scope(user_id=alice.pk)):
        refusals = actions.refusals_of(Errand.objects.get(pk=errand.pk))
    assert [refusal.name for refusal in refusals][:2] == ["n° 7", "n° 14"]


def test_a_form_sent_twice_is_one_errand(alice: User, diary: Diary) -> None:
    submission = uuid4()
    assert started(alice, 120, submission=submission).id == started(alice, 120, submission=submission).id
    run_jobs()
    assert len(diary.done) == 120


def test_a_worker_that_falls_is_resumed_where_it_was(alice: User, diary: Diary) -> None:
    errand = started(alice, 120)
    diary.breaks_at = 55
    with pytest.raises(RuntimeError):
        actions.run(errand.id, alice.pk)
    assert (stored(errand).done, stored(errand).attempts) == (50, 1)
    diary.breaks_at = None
    diary.done = diary.done[:50]  # what the broken step did is rolled back with it
    run_jobs()
    assert diary.done == list(range(1, 121))
    assert stored(errand).state == ErrandState.DONE


def test_a_job_done_again_changes_nothing(alice: User, diary: Diary) -> None:
    errand = started(alice, 120)
    run_jobs()
    actions.run(errand.id, alice.pk)
    assert (len(diary.done), diary.ended) == (120, [103])


def test_what_fails_again_and_again_is_given_up_and_says_so(alice: User, diary: Diary) -> None:
    errand = started(alice, 120)
    diary.breaks_at = 1
    for _ in range(4):
        with pytest.raises(RuntimeError):
            actions.run(errand.id, alice.pk)
    actions.run(errand.id, alice.pk)
    assert stored(errand).state == ErrandState.FAILED


def test_a_right_that_is_lost_ends_the_errand_with_its_reason(alice: User, diary: Diary) -> None:
    errand = started(alice, 120)
    diary.refuses_all = True
    run_jobs()
    assert stored(errand).state == ErrandState.FAILED
    assert "droit" in stored(errand).reason


def test_what_an_errand_works_on_is_encrypted_then_erased(alice: User, diary: Diary) -> None:
    with scope.entered(Scope(user_id=alice.pk)):
        errand = actions.prepare(alice.pk, "essai", submission=uuid4(), order={"file": "ines@val.example"}, about={})
        assert actions.order_of(errand) == {"file": "ines@val.example"}
    with as_maintenance(), connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(e)::text || encode(sealed_order, 'escape') FROM errands_errand e")
        assert "ines@val" not in cursor.fetchone()[0]
    with scope.entered(Scope(user_id=alice.pk)):
        actions.confirm(errand.id, [1, 2, 3])
        actions.confirm(errand.id, [4, 5, 6])
    run_jobs()
    assert diary.done == [1, 2, 3]
    assert bytes(stored(errand).sealed_order) == b""


def test_a_file_is_encrypted_on_disk_and_gone_after_a_day(alice: User, diary: Diary, tmp_path: Any) -> None:
    with scope.entered(Scope(user_id=alice.pk)):
        errand = actions.start(alice.pk, "fichier", submission=uuid4(), order={}, total=80)
    run_jobs()
    (path,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert b"confidentiel" not in path.read_bytes()
    assert files.read(errand.id) == b"confidentiel"
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
        assert actions.forget_expired() == 1
    assert not path.exists()
    with as_maintenance():
        assert not Errand.objects.exists()


def test_nobody_else_reads_an_errand(alice: User, diary: Diary) -> None:
    errand = started(alice, 120)
    with as_maintenance():
        bob = UserFactory.create()
    with scope.entered(Scope(user_id=bob.pk)):
        assert not Errand.objects.filter(pk=errand.pk).exists()
