"""The sealed values of patients, for the job that seals them again under a new data key (docs/reference/scellement.md, section 7)."""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from vigie.directory.actors import Actor
from vigie.foundation.errors import NotAllowed
from vigie.patients.models import SEALED
from vigie.patients.policies import registers_of
from vigie.sealing.registry import Resealed, SealedValue

# One row a value, with the number of its data key. Archived patients count: what they hold is sealed too.
_VALUES = (
    "FROM patients_patient p CROSS JOIN LATERAL (VALUES "
    + ", ".join(f"('{name}', p.{name})" for name in SEALED)
    + ") AS v(field, token) WHERE p.site_id = %s AND v.token <> ''"
)
_NUMBER = "split_part(v.token, '.', 2)::integer"
_PREFIX = "patient:"


class PatientValues:
    """What `sealing.registry` asks of an application with sealed fields."""

    code = "patients"

    def label(self) -> str:
        return _("patients")

    def count(self, site_id: UUID, *, below: int | None = None, number: int | None = None) -> int:
        condition = f"(%s::integer IS NULL OR {_NUMBER} < %s) AND (%s::integer IS NULL OR {_NUMBER} = %s)"
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) {_VALUES} AND {condition}", [site_id, below, below, number, number])
            (count,) = cursor.fetchone()
        return int(count)

    def batch(self, actor: Actor, site_id: UUID, *, below: int, limit: int) -> Sequence[SealedValue]:
        _require(actor, site_id)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT p.id, v.field, v.token {_VALUES} AND {_NUMBER} < %s ORDER BY p.id, v.field LIMIT %s", [site_id, below, limit]
            )
            return [SealedValue(f"{_PREFIX}{identifier}", field, token) for identifier, field, token in cursor.fetchall()]

    def replace(self, actor: Actor, site_id: UUID, values: Sequence[Resealed]) -> int:
        _require(actor, site_id)
        done = 0
        with connection.cursor() as cursor:
            for value in values:
                identifier = _patient(value.record)
                if identifier is None or value.field not in SEALED:
                    continue
                cursor.execute(
                    f"UPDATE patients_patient SET {value.field} = %s WHERE id = %s AND site_id = %s AND {value.field} = %s",  # noqa: S608 - one of our own columns
                    [value.token, identifier, site_id, value.former],
                )
                done += cursor.rowcount
        return done


def _require(actor: Actor, site_id: UUID) -> None:
    if site_id not in {membership.site_id for membership in registers_of(actor)}:
        raise NotAllowed


def _patient(record: str) -> UUID | None:
    try:
        return UUID(record.removeprefix(_PREFIX)) if record.startswith(_PREFIX) else None
    except ValueError:
        return None
