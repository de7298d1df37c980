"""The history of a row, as the triggers recorded it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Field, ForeignKey, Model

MASK = "•••"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """`before` and `after` are MASK where the reader may not have the text, None where there was nothing."""

    label: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One write. `author` is empty for what no person asked."""

    at: datetime
    kind: str
    """insert, update or delete"""
    author: str
    route: str
    changes: Sequence[FieldChange]


def record_history(
    model: type[Model], pk: UUID, *, masked_fields: Collection[str] = (), left_out: Collection[str] = ()
) -> list[HistoryEvent]:
    """Return the writes of one row, newest first; the row's policy says who gets any."""
    events_model = model.events.rel.related_model  # type: ignore[attr-defined]
    fields = [
        field
        for field in events_model._meta.concrete_fields
        if not field.name.startswith("pgh_") and field.name not in left_out
    ]
    rows = list(events_model.objects.filter(pgh_obj_id=pk).order_by("pgh_created_at", "pgh_id"))
    names = _names(fields, rows)
    history: list[HistoryEvent] = []
    former: Model | None = None
    for row in rows:
        context = row.pgh_context or {}
        changes = [
            FieldChange(
                label=str(field.verbose_name),
                before=_shown(field, former, masked_fields, names) if former else None,
                after=_shown(field, row, masked_fields, names),
            )
            for field in fields
            if former is not None and getattr(former, field.attname) != getattr(row, field.attname)
        ]
        history.append(
            HistoryEvent(
                at=row.pgh_created_at,
                kind=row.pgh_label,
                author=context.get("name", ""),
                route=context.get("route", ""),
                changes=changes,
            )
        )
        former = row
    history.reverse()
    return history


def _names(fields: Sequence[Field[Any, Any]], rows: Sequence[Model]) -> dict[tuple[str, Any], str]:
    """Return the names of the rows that the snapshots point at, as far as the reader may see them."""
    names: dict[tuple[str, Any], str] = {}
    for field in fields:
        if isinstance(field, ForeignKey):
            wanted = {getattr(row, field.attname) for row in rows} - {None}
            if len({getattr(row, field.attname) for row in rows}) > 1:
                found = field.related_model._default_manager.in_bulk(wanted)  # type: ignore[union-attr]
                names |= {(field.name, key): str(value) for key, value in found.items()}
    return names


def _shown(field: Field[Any, Any], row: Model, masked: Collection[str], names: dict[tuple[str, Any], str]) -> Any:
    value = getattr(row, field.attname)
    if value in (None, ""):
        return None
    if field.name in masked:
        return MASK
    if isinstance(field, ForeignKey):
        return names.get((field.name, value), MASK)
    if field.choices:
        return dict(field.flatchoices).get(value, value)
    return value
