"""The matrix of rights, as data: read from the database, where each migration loads `rights.toml`.

Apps ask with the relations of a person to an object (« user, own », « agent, desk »): a right is held when one of
them is a cell of the matrix. Default is deny.
"""

import time
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db import transaction

from vigie.directory.models import RightsCell

Relation = tuple[str, str]
SOURCE = Path(__file__).parent / "rights.toml"
_SECONDS_KEPT = 60
_kept: tuple[float, dict[str, frozenset[Relation]]] | None = None


def read_source() -> tuple[int, dict[str, frozenset[Relation]]]:
    """Return the version and the cells that `rights.toml` states."""
    document: dict[str, Any] = tomllib.loads(SOURCE.read_text(encoding="utf-8"))
    version = document.pop("version")
    return version, {
        f"{family}.{name}": frozenset((role, scope) for role, scopes in row.items() for scope in scopes)
        for family, rows in document.items()
        for name, row in rows.items()
    }


def load(*, alias: str = "owner") -> None:
    """Write the source into the database, unless its version is there already."""
    version, cells = read_source()
    with transaction.atomic(using=alias):
        stored = RightsCell.objects.using(alias)
        if stored.filter(version__gte=version).exists():
            return
        stored.all().delete()
        stored.bulk_create(
            RightsCell(capability=capability, role=role, scope=scope, version=version)
            for capability, relations in cells.items()
            for role, scope in sorted(relations)
        )
    forget()


def matrix() -> dict[str, frozenset[Relation]]:
    """Return the matrix in force, at most a minute old."""
    global _kept  # noqa: PLW0603 - one copy a process
    if _kept is None or _kept[0] < time.monotonic():
        cells: dict[str, set[Relation]] = {}
        for capability, role, scope in RightsCell.objects.values_list("capability", "role", "scope"):
            cells.setdefault(capability, set()).add((role, scope))
        _kept = (time.monotonic() + _SECONDS_KEPT, {name: frozenset(relations) for name, relations in cells.items()})
    return _kept[1]


def forget() -> None:
    """Read the matrix again at the next question."""
    global _kept  # noqa: PLW0603
    _kept = None


def holds(capability: str, relations: Iterable[Relation]) -> bool:
    """Tell whether one of these relations gives the capability."""
    cells = matrix().get(capability, frozenset())
    return any(relation in cells for relation in relations)
