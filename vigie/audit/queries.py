"""The history of one record, read from the rows that triggers keep."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from vigie.audit.models import Act
from vigie.ui import dates

if TYPE_CHECKING:
    from django.utils.functional import Promise

    AnyField = models.Field[Any, Any]
else:
    AnyField = models.Field

_MOST_EVENTS: Final = 500
_LONGEST_VALUE: Final = 300
_OWN_PREFIX: Final = "pgh_"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, before and after, as people read them. `is_masked`: that it changed is said, not what it held."""

    name: str
    label: str
    before: str
    after: str
    is_masked: bool = False


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One write to the record. `actor` is empty when the reader may not know the name, or nobody signed in wrote."""

    at: datetime
    kind: str
    """`insert`, `update` or `delete`."""
    actor: str
    is_automatic: bool
    """Vigie itself wrote: a job, a command, a migration."""
    route: str
    request_id: str
    changes: tuple[FieldChange, ...]


def record_history(
    model: type[models.Model],
    pk: object,
    *,
    masked_fields: Collection[str] = (),
    left_out: Collection[str] = (),
    names: Mapping[UUID, str] | None = None,
) -> list[HistoryEvent]:
    """Return the history of one record, the latest write first; the caller has checked that it may be read.

    The names of people whose accounts the reader cannot see come from `names`. `masked_fields` are said to have changed,
    without their values; `left_out` are not mentioned at all.
    """
    event_model = model._meta.get_field("events").related_model  # Added by pghistory.track.
    rows = list(event_model._default_manager.filter(pgh_obj_id=pk).order_by("-pgh_id")[: _MOST_EVENTS + 1])  # type: ignore[union-attr]
    fields = [field for field in event_model._meta.concrete_fields if _is_told(field, left_out)]  # type: ignore[union-attr]
    people = _people(rows, fields, names or {})
    written = {field.name: _writer(field, rows, people) for field in fields}
    events = []
    for position, row in enumerate(rows[:_MOST_EVENTS]):
        former = rows[position + 1] if position + 1 < len(rows) else None
        events.append(_event(row, former, fields, written, masked=frozenset(masked_fields), people=people))
    return events


def _is_told(field: AnyField, left_out: Collection[str]) -> bool:
    return not field.name.startswith(_OWN_PREFIX) and field.name != "id" and field.name not in left_out


def _event(
    row: models.Model,
    former: models.Model | None,
    fields: Iterable[AnyField],
    written: Mapping[str, Callable[[Any], str]],
    *,
    masked: frozenset[str],
    people: Mapping[str, str],
) -> HistoryEvent:
    context = row.pgh_context or {}  # type: ignore[attr-defined]
    kind = row.pgh_label  # type: ignore[attr-defined]
    actor = str(context.get("user") or "")
    return HistoryEvent(
        at=row.pgh_created_at,  # type: ignore[attr-defined]
        kind=kind,
        actor=people.get(actor, ""),
        is_automatic=not actor,
        route=str(context.get("route") or ""),
        request_id=str(context.get("request") or ""),
        changes=tuple(_changes(row, None if kind == "insert" else former, fields, written, masked)),
    )


def _changes(
    row: models.Model,
    former: models.Model | None,
    fields: Iterable[AnyField],
    written: Mapping[str, Callable[[Any], str]],
    masked: frozenset[str],
) -> Iterable[FieldChange]:
    for field in fields:
        after = getattr(row, field.attname)
        before = getattr(former, field.attname) if former is not None else None
        if before == after or (former is None and after in (None, "", [], {})):
            continue
        is_masked = field.name in masked
        write = written[field.name]
        yield FieldChange(
            name=field.name,
            label=str(capfirst(field.verbose_name)),
            before="" if is_masked else write(before),
            after="" if is_masked else write(after),
            is_masked=is_masked,
        )


def _writer(field: AnyField, rows: Iterable[models.Model], people: Mapping[str, str]) -> Callable[[Any], str]:
    """Return how the values of a field are written for people; names of related rows are read at once."""
    if field.remote_field is not None and isinstance(field.remote_field.model, type):
        if field.remote_field.model is get_user_model():
            return lambda value: people.get(str(value), _("une personne d’un autre site")) if value else ""
        manager = field.remote_field.model._base_manager
        named = manager.in_bulk({value for row in rows if (value := getattr(row, field.attname)) is not None})
        return lambda value: str(named.get(value, value)) if value is not None else ""
    # Of a list, the choices are those of its elements.
    element = getattr(field, "base_field", field)
    choices: dict[Any, str | Promise] = dict(element.flatchoices) if element.choices else {}
    return lambda value: _plain([choices.get(one, one) for one in value] if isinstance(value, list) else choices.get(value, value))


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("oui") if value else _("non")
    if isinstance(value, datetime):
        return dates.exact(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE].rstrip()}…"


def _people(rows: Iterable[models.Model], fields: Iterable[AnyField], names: Mapping[UUID, str]) -> dict[str, str]:
    """Return the names, by identifier, of everybody whom these rows mention and whom the reader may see."""
    user = get_user_model()
    about_people = [field for field in fields if field.remote_field is not None and field.remote_field.model is user]
    mentioned: set[UUID] = set()
    for row in rows:
        mentioned |= {value for field in about_people if (value := getattr(row, field.attname)) is not None}
        if actor := (row.pgh_context or {}).get("user"):  # type: ignore[attr-defined]
            mentioned.add(UUID(actor))
    found = {str(identifier): name for identifier, name in names.items()}
    unknown = [identifier for identifier in mentioned if str(identifier) not in found]
    found |= {str(person.pk): str(person) for person in user._default_manager.filter(pk__in=unknown)}
    return found


def last_act(site_id: UUID | None, object_kind: str, object_id: object) -> tuple[str, datetime] | None:
    """Return who did the last administrative act on an object of a site and when; None when the reader may not know."""
    acts = Act.objects.filter(site_id=site_id, object_kind=object_kind, object_id=str(object_id))
    return acts.order_by("-at", "-id").values_list("actor_name", "at").first()
