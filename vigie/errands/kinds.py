"""The register of what errands can do. Each app registers its own when it starts; the job finds them by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.utils.functional import Promise

Item = Any
"""Anything that JSON holds."""
Order = Mapping[str, Any]
Tell = Callable[[int], None]
"""Says how many were gone through, while a file is being made."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that was left as it was, and why."""

    name: str
    reason: str
    line: int = 0
    """Of the file that named it, if there was one."""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step did with its items."""

    succeeded: int
    refusals: Sequence[Refusal] = ()


@dataclass(frozen=True, slots=True)
class Product:
    """The file that an errand made."""

    name: str
    media_type: str
    data: bytes = field(repr=False)
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """What a kind is told of the errand under way."""

    errand_id: UUID
    owner_id: UUID
    order: Order


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of errand.

    `step` does some items in the transaction under way, under a scope that it enters itself as the owner: rights are those
    of this moment. `make` makes a file instead. Either may raise a DomainError, which ends the errand and is its reason.
    """

    title: str | Promise
    said: Callable[[int], str]
    """« 12 personnes désactivées. »"""
    step: Callable[[Task, Sequence[Item]], Outcome] | None = None
    make: Callable[[Task, Tell], Product] | None = None
    together: int = 100
    """How many items a transaction does."""
    may_take: Callable[[Any, Mapping[str, Any]], bool] | None = None
    """Whether who asked, with the rights that she has by now, may still take the file that it made; told what it is about."""
    after: Callable[[Task, int], None] | None = None
    """Called once, in the last transaction, with how many succeeded."""


_kinds: Final[dict[str, Kind]] = {}


def register(name: str, kind: Kind) -> None:
    _kinds[name] = kind


def kind_of(name: str) -> Kind:
    """Return a kind. Raises KeyError for one that no app registered."""
    return _kinds[name]
