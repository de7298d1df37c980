"""Errands are started, go on step by step, and are forgotten.

A step and the note of how far it is are one transaction, under the lock of the errand: a worker that is killed, two
workers at once or a job done again do each item exactly once.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from vigie.audit.middleware import acting
from vigie.errands import files
from vigie.errands.kinds import Kind, Order, Outcome, Product, Refusal, Task, kind_of
from vigie.errands.models import Errand, ErrandState
from vigie.foundation import jobs, scope
from vigie.foundation.encryption import decrypt, encrypt
from vigie.foundation.errors import DomainError
from vigie.foundation.ids import uuid7
from vigie.foundation.scope import Scope

KEPT_FOR: Final = timedelta(days=1)
AT_ONCE: Final = 100
"""Up to so many items are done while the person waits."""
_MOST_ATTEMPTS: Final = 5
_PURPOSE: Final = "errand"
log = structlog.get_logger(__name__)


def start(
    owner_id: UUID,
    kind: str,
    *,
    submission: UUID,
    order: Order,
    items: Sequence[Any] | None = None,
    total: int | None = None,
    about: Mapping[str, Any] | None = None,
) -> Errand:
    """Do something long, or return what the same form has started already.

    `items` are done one after another, at once when they are few; without items the kind makes a file of about `total`
    rows. The scope must be the owner's.
    """
    content = dict(order) | ({} if items is None else {"items": list(items)})
    count = total or 0 if items is None else len(items)
    errand, is_new = _store(owner_id, kind, submission, content, total=count, about=about, state=ErrandState.WAITING)
    if is_new and items is not None and len(items) <= AT_ONCE:
        # In the transaction under way: the form, and what it does, are one.
        while _advance(errand.id, owner_id):
            pass
        errand.refresh_from_db()
    elif is_new:
        jobs.defer("errands.run", errand_id=errand.id, owner_id=owner_id)
    return errand


def prepare(owner_id: UUID, kind: str, *, submission: UUID, order: Order, about: Mapping[str, Any]) -> Errand:
    """Keep what an errand will work on, encrypted, until its owner has seen what it will do."""
    return _store(owner_id, kind, submission, order, total=0, about=about, state=ErrandState.PREPARED)[0]


@transaction.atomic
def change_order(errand_id: UUID, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Change what a prepared errand will do; one that has started stays as it is."""
    errand = Errand.objects.select_for_update().filter(id=errand_id, state=ErrandState.PREPARED).first()
    if errand is not None:
        errand.sealed_order = _sealed(errand, change(order_of(errand)))
        errand.save(update_fields=["sealed_order"])


@transaction.atomic
def confirm(errand_id: UUID, items: Sequence[Any], *, refusals: Sequence[Refusal] = ()) -> None:
    """Start a prepared errand on these items. Confirmed twice, it starts once. `refusals` are told beforehand."""
    errand = Errand.objects.select_for_update().filter(id=errand_id, state=ErrandState.PREPARED).first()
    if errand is None:
        return
    order = order_of(errand)
    errand.sealed_order = _sealed(errand, {name: order[name] for name in order if name != "file"} | {"items": list(items)})
    errand.sealed_refusals = _sealed(errand, [asdict(refusal) for refusal in refusals])
    errand.refused = len(refusals)
    errand.total = len(items)
    errand.state = ErrandState.WAITING
    errand.expires_at = timezone.now() + KEPT_FOR
    errand.save()
    jobs.defer("errands.run", errand_id=errand.id, owner_id=errand.owner_id)


@transaction.atomic
def drop(errand_id: UUID) -> None:
    """Forget a prepared errand, and what it would have worked on."""
    Errand.objects.filter(id=errand_id, state=ErrandState.PREPARED).delete()


def run(errand_id: UUID, owner_id: UUID) -> None:
    """Go on with an errand until its end. One that another worker is at is left to it."""
    try:
        while _advance(errand_id, owner_id):
            pass
    except Exception as error:
        if _fail(errand_id, owner_id, error):
            return
        raise


def forget_expired() -> int:
    """Delete the errands whose time has passed, and files that no errand names any more; return how many errands."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT errand_id, owner_id FROM errands_expired(%s)", [timezone.now()])
        rows: list[tuple[UUID, UUID]] = cursor.fetchall()
    for errand_id, owner_id in rows:
        with scope.entered(Scope(user_id=owner_id)):
            Errand.objects.filter(id=errand_id).delete()
        files.remove(errand_id)
    for path in files.older_than(2 * KEPT_FOR.total_seconds()):
        path.unlink(missing_ok=True)
    return len(rows)


def owned_errand(owner_id: UUID, errand_id: UUID) -> Errand | None:
    """Return an errand of this person that has not expired."""
    return Errand.objects.filter(id=errand_id, owner_id=owner_id, expires_at__gt=timezone.now()).first()


def order_of(errand: Errand) -> dict[str, Any]:
    """Return what an errand works on; nothing once it has ended."""
    found: dict[str, Any] = _unsealed(errand, errand.sealed_order) or {}
    return found


def refusals_of(errand: Errand) -> list[Refusal]:
    return [Refusal(**refusal) for refusal in _unsealed(errand, errand.sealed_refusals) or ()]


def said_of(errand: Errand) -> str:
    """Return what was done: « 12 personnes désactivées »."""
    return kind_of(errand.kind).said(errand.succeeded)


def progress_of(errand: Errand) -> int:
    """Return how many rows were gone through, also inside the transaction that makes a file."""
    return max(errand.done, int(cache.get(_cache_key(errand.id)) or 0)) if errand.is_under_way else errand.done


def _store(
    owner_id: UUID,
    kind: str,
    submission: UUID,
    content: Mapping[str, Any],
    *,
    total: int,
    about: Mapping[str, Any] | None,
    state: ErrandState,
) -> tuple[Errand, bool]:
    kind_of(kind)
    errand = Errand(id=uuid7())
    return Errand.objects.get_or_create(
        owner_id=owner_id,
        submission=submission,
        defaults={
            "id": errand.id,
            "kind": kind,
            "about": dict(about or {}),
            "sealed_order": _sealed(errand, content),
            "state": state,
            "total": total,
            "expires_at": timezone.now() + KEPT_FOR,
        },
    )


def _advance(errand_id: UUID, owner_id: UUID) -> bool:
    """Do one step; return whether there is another one."""
    with scope.entered(Scope(user_id=owner_id)):
        errand = Errand.objects.select_for_update(skip_locked=True).filter(id=errand_id, state=ErrandState.WAITING).first()
        if errand is None:
            return False
        kind = kind_of(errand.kind)
        order = order_of(errand)
        task = Task(errand.id, owner_id, order)
        try:
            with transaction.atomic(), _in_the_name_of(errand):
                if kind.make is not None:
                    _keep(errand, kind.make(task, _teller(errand.id)))
                else:
                    _step(errand, kind, task)
                is_over = errand.done >= errand.total
                if is_over and kind.after is not None:
                    kind.after(task, errand.succeeded)
        except DomainError as error:
            errand.reason = str(error.message)[:300]
            _end(errand, ErrandState.FAILED)
            return False
        errand.attempts = 0
        if is_over:
            _end(errand, ErrandState.DONE)
        else:
            errand.save()
        return not is_over


@contextmanager
def _in_the_name_of(errand: Errand) -> Iterator[None]:
    """History names who asked. Inside a request it names her already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT NULLIF(current_setting('pghistory.context_id', true), '') IS NOT NULL")
        (is_said,) = cursor.fetchone()
    if is_said:
        yield
        return
    with acting(f"errands.{errand.kind}", user_id=errand.owner_id):
        yield


def _step(errand: Errand, kind: Kind, task: Task) -> None:
    assert kind.step is not None  # noqa: S101 - a kind has one or the other
    items = task.order["items"][errand.done : errand.done + kind.together]
    outcome: Outcome = kind.step(task, items) if items else Outcome(0)
    if outcome.refusals:
        told = [*_unsealed(errand, errand.sealed_refusals), *(asdict(refusal) for refusal in outcome.refusals)]
        errand.sealed_refusals = _sealed(errand, told)
    errand.done += len(items)
    errand.succeeded += outcome.succeeded
    errand.refused += len(outcome.refusals)


def _keep(errand: Errand, product: Product) -> None:
    # On disk before the row says so: a transaction that fails leaves an orphan, which is removed with its age.
    files.write(errand.id, product.data)
    errand.file_name, errand.file_type, errand.file_size = product.name, product.media_type, len(product.data)
    errand.total = errand.done = errand.succeeded = product.rows


def _end(errand: Errand, state: ErrandState) -> None:
    errand.state = state
    errand.sealed_order = b""
    errand.ended_at = timezone.now()
    errand.expires_at = errand.ended_at + KEPT_FOR
    errand.save()


def _fail(errand_id: UUID, owner_id: UUID, error: Exception) -> bool:
    """Note a failure; return whether that was one too many."""
    with scope.entered(Scope(user_id=owner_id)):
        errand = Errand.objects.select_for_update().filter(id=errand_id, state=ErrandState.WAITING).first()
        if errand is None:
            return True
        errand.attempts += 1
        if errand.attempts < _MOST_ATTEMPTS:
            errand.save(update_fields=["attempts"])
            return False
        log.error("errand.given_up", errand=str(errand.id), kind=errand.kind, reason=type(error).__name__)
        _end(errand, ErrandState.FAILED)
        return True


def _teller(errand_id: UUID) -> Callable[[int], None]:
    # The cache commits by itself: the page sees it while the transaction goes on.
    return lambda done: cache.set(_cache_key(errand_id), done, 3600)


def _cache_key(errand_id: UUID) -> str:
    return f"errands.{errand_id}"


def _sealed(errand: Errand, content: object) -> bytes:
    return encrypt(json.dumps(content).encode(), purpose=_PURPOSE, context=str(errand.id))


def _unsealed(errand: Errand, sealed: bytes | memoryview) -> Any:
    return json.loads(decrypt(bytes(sealed), purpose=_PURPOSE, context=str(errand.id))) if sealed else []
