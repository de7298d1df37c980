"""Pages of long lists that cost the same wherever one is: what comes after, or before, a given row.

A page is named by the identifier of a row, so that an address tells nobody's name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
MOST_COUNTED = 10_000
PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page starts: after or before a row, or at the end."""

    after: str = ""
    before: str = ""
    last: bool = False


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """One page of rows."""

    rows: Sequence[Row]
    total: int
    """At most MOST_COUNTED + 1."""
    has_next: bool
    has_previous: bool

    @property
    def total_is_exact(self) -> bool:
        return self.total <= MOST_COUNTED

    @property
    def next_cursor(self) -> str:
        return str(self.rows[-1].pk) if self.rows else ""

    @property
    def previous_cursor(self) -> str:
        return str(self.rows[0].pk) if self.rows else ""


def cut(rows: QuerySet[Row], order: Sequence[str], position: Position, *, size: int = PAGE_SIZE, descending: bool = False) -> Slice[Row]:
    """Return one page of `rows` in the order of these fields, the last of which is the identifier, in at most three statements."""
    total = rows.order_by().values("pk")[: MOST_COUNTED + 1].count()
    backwards = position.last or bool(position.before)
    start = None if position.last else _place(rows, order, position.before or position.after)
    descends = descending != backwards
    wanted = rows if start is None else rows.filter(beyond(order, start, "lt" if descends else "gt"))
    found = list(wanted.order_by(*(f"-{name}" if descends else name for name in order))[: size + 1])
    shown = found[:size]
    has_more = len(found) > size
    if backwards:
        shown.reverse()
    return Slice(
        rows=shown,
        total=total,
        has_next=bool(shown) and (bool(position.before) if backwards else has_more),
        has_previous=bool(shown) and (has_more if backwards else start is not None),
    )


def beyond(order: Sequence[str], start: Sequence[Any], lookup: str) -> Q:
    """Return the condition « after this place in the order » (`lookup`: gt), or before it (lt)."""
    # The first condition alone bounds the scan of the index.
    condition = Q(**{f"{order[0]}__{lookup}e": start[0]})
    alternatives = Q()
    for depth, name in enumerate(order):
        same = dict(zip(order[:depth], start[:depth], strict=True))
        alternatives |= Q(**same, **{f"{name}__{lookup}": start[depth]})
    return condition & alternatives


def _place(rows: QuerySet[Row], order: Sequence[str], cursor: str) -> tuple[Any, ...] | None:
    """Return the place of a row in the order; an unknown one is the first page."""
    try:
        identifier = rows.model._meta.pk.to_python(cursor) if cursor else None
    except ValidationError:
        return None
    if identifier is None:
        return None
    return rows.model._default_manager.filter(pk=identifier).values_list(*order).first()


def uuid_or_none(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
