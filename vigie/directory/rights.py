"""The matrix of rights, as data: read from the database, where each migration loads `rights.toml`.

Apps ask with the relations of a person to an object (« user, own », « agent, desk »): a right is held when one of
them is a cell of the matrix. Default is deny.

Operators change the matrix in the console (`rights_actions`). The file proposes, what they decided prevails: an upgrade
brings the new cells of the file and leaves the cells that were decided (docs/adr/0026).
"""

import json
import time
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from django.db import connections, transaction

from vigie.audit.actions import record_act
from vigie.directory.models import RightsCell, RightsOrigin, RightsVersion

Relation = tuple[str, str]
Cell = tuple[str, str, str]
"""Capability, role, scope."""
State = Mapping[Cell, bool]
"""The cells that give a right; True: once the person has confirmed who she is (step-up)."""

SOURCE = Path(__file__).parent / "rights.toml"
ABSENT: Final = 0
GIVEN: Final = 1
GIVEN_WITH_STEP_UP: Final = 2
_STEP_UP_MARK: Final = "!"
# Requests say at once when the matrix has changed (`heed`); this is for jobs, which make none.
_SECONDS_KEPT = 10


@dataclass(frozen=True, slots=True)
class _Kept:
    until: float
    version: int
    relations: Mapping[str, frozenset[Relation]]
    with_step_up: Mapping[str, frozenset[Relation]]


_kept: _Kept | None = None


# --- Asking ----------------------------------------------------------------------------------------------------------
def matrix() -> Mapping[str, frozenset[Relation]]:
    """Return the matrix in force: that of the request under way, or at most ten seconds old in a job."""
    return _in_force().relations


def holds(capability: str, relations: Iterable[Relation]) -> bool:
    """Tell whether one of these relations gives the capability."""
    cells = matrix().get(capability, frozenset())
    return any(relation in cells for relation in relations)


def asks_step_up(capability: str, relations: Iterable[Relation]) -> bool:
    """Tell whether she has to confirm who she is: every relation that gives her the capability asks for it."""
    kept = _in_force()
    given = set(relations) & kept.relations.get(capability, frozenset())
    return bool(given) and given <= kept.with_step_up.get(capability, frozenset())


def habilitations() -> frozenset[str]:
    """Return the capabilities that the matrix gives by habilitation."""
    return frozenset(name for name, relations in matrix().items() if any(scope == "habilitation" for _role, scope in relations))


def heed(version: int) -> None:
    """Read the matrix again unless it is of this version, which the opening of a request has just read."""
    global _kept  # noqa: PLW0603 - one copy a process
    if _kept is not None:
        _kept = replace(_kept, until=time.monotonic() + _SECONDS_KEPT) if _kept.version == version else None


def forget() -> None:
    """Read the matrix again at the next question."""
    global _kept  # noqa: PLW0603
    _kept = None


def _in_force() -> _Kept:
    global _kept  # noqa: PLW0603
    kept = _kept
    if kept is None or kept.until < time.monotonic():
        cells = list(RightsCell.objects.values_list("capability", "role", "scope", "step_up", "version"))
        kept = _Kept(
            until=time.monotonic() + _SECONDS_KEPT,
            version=cells[0][4] if cells else 0,
            relations=_grouped((capability, (role, scope)) for capability, role, scope, *_rest in cells),
            with_step_up=_grouped((capability, (role, scope)) for capability, role, scope, step_up, _version in cells if step_up),
        )
        _kept = kept
    return kept


def _grouped(cells: Iterable[tuple[str, Relation]]) -> dict[str, frozenset[Relation]]:
    found: dict[str, set[Relation]] = {}
    for capability, relation in cells:
        found.setdefault(capability, set()).add(relation)
    return {capability: frozenset(relations) for capability, relations in found.items()}


# --- The file --------------------------------------------------------------------------------------------------------
def read_source() -> tuple[int, dict[Cell, bool]]:
    """Return the version and the cells that `rights.toml` states."""
    document: dict[str, Any] = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    version = document.pop("version")
    return version, {
        (f"{family}.{name}", role, scope.removesuffix(_STEP_UP_MARK)): scope.endswith(_STEP_UP_MARK)
        for family, rows in document.items()
        for name, row in rows.items()
        for role, scopes in row.items()
        for scope in scopes
    }


def load(*, alias: str = "owner") -> None:
    """Bring the file's matrix in force under what operators decided, unless it is there already or an older release's."""
    version, delivered = read_source()
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        # Row-level security binds the owner of the tables too.
        cursor.execute("SELECT set_config('vigie.platform', 'on', true)")
        last = RightsVersion.objects.using(alias).first()
        if last is None or last.file_version < version or (last.file_version == version and decoded(last.delivered) != delivered):
            decisions = {} if last is None else kept_decisions(last.decisions, delivered)
            number = write(
                overlaid(delivered, decisions),
                expected=0 if last is None else last.number,
                origin=RightsOrigin.DELIVERED,
                author_name="Vigie",
                source=(version, delivered),
                decisions=decisions,
                alias=alias,
            )
            if last is not None:
                _record_upgrade(last, number, overlaid(delivered, decisions), alias=alias)
        cursor.execute("SELECT set_config('vigie.platform', '', true)")
    forget()


def _record_upgrade(former: RightsVersion, number: int, cells: State, *, alias: str) -> None:
    record_act(
        None,
        "rights.upgraded",
        site_id=None,
        space_id=None,
        object_kind="rights",
        object_id=number,
        details={"version": number, "changes": differences(decoded(former.cells), cells), "kept": len(former.decisions)},
        using=alias,
    )


def overlaid(delivered: State, decisions: Mapping[Cell, int]) -> dict[Cell, bool]:
    """Return the file's cells with those that operators decided in place of them."""
    cells = {cell: step_up for cell, step_up in delivered.items() if cell not in decisions}
    return cells | {cell: state == GIVEN_WITH_STEP_UP for cell, state in decisions.items() if state != ABSENT}


def kept_decisions(decisions: Mapping[str, int], delivered: State) -> dict[Cell, int]:
    """Return what operators decided of capabilities that still exist."""
    capabilities = {capability for capability, _role, _scope in delivered}
    return {cell: state for key, state in decisions.items() if (cell := cell_of(key))[0] in capabilities}


# --- Writing ---------------------------------------------------------------------------------------------------------
def write(
    cells: State,
    *,
    expected: int,
    origin: str,
    author_name: str,
    source: tuple[int, State],
    decisions: Mapping[Cell, int],
    reason: str = "",
    alias: str = "default",
) -> int:
    """Write a version of the matrix after the version `expected`; return its number, 0 when another one came first.

    For the platform's scope alone. The database refuses a matrix in which anybody but the operator changes rights.
    """
    file_version, delivered = source
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT directory_write_rights(%s::jsonb, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb)",
            [
                json.dumps(encoded(cells)),
                expected,
                str(origin),
                reason,
                author_name,
                file_version,
                json.dumps(encoded(delivered)),
                json.dumps({key_of(cell): state for cell, state in decisions.items()}),
            ],
        )
        (number,) = cursor.fetchone()
    forget()
    return int(number)


def key_of(cell: Cell) -> str:
    return "|".join(cell)


def cell_of(key: str) -> Cell:
    """Return the cell that a key names; raises ValueError when it names none."""
    capability, role, scope = key.split("|")
    return capability, role, scope


def encoded(cells: State) -> dict[str, bool]:
    return {key_of(cell): step_up for cell, step_up in sorted(cells.items())}


def decoded(cells: Mapping[str, bool]) -> dict[Cell, bool]:
    return {cell_of(key): step_up for key, step_up in cells.items()}


def state_of(cells: State, cell: Cell) -> int:
    """Return whether a cell is absent, given, or given with step-up."""
    if cell not in cells:
        return ABSENT
    return GIVEN_WITH_STEP_UP if cells[cell] else GIVEN


def differences(before: State, after: State) -> list[str]:
    """Return what changed, as acts tell it: « +incident.nudge|user|followed »; a step-up that comes or goes shows as both."""
    changed = [cell for cell in sorted({*before, *after}) if state_of(before, cell) != state_of(after, cell)]
    return [f"-{key_of(cell)}" for cell in changed if cell in before] + [f"+{key_of(cell)}" for cell in changed if cell in after]
