"""The register of kinds of events that people are told of. Each app registers its own when it starts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise

from vigie.accounts.models import User

Words = str | Promise


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One line of a daily summary; `title` groups what is about one thing."""

    title: str
    words: str
    author: str
    at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that waited for the summary, as it was noted."""

    event: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EventKind:
    """One kind of event, as a person chooses how often she is told of it.

    `tell` reads again what waited, with the rights that the person has when the summary leaves; what she may no longer
    read is left out. A kind without `tell` is told at once and cannot be switched off: `help` says why.
    """

    label: Words
    help: Words
    tell: Callable[[User, Sequence[Waiting]], list[DigestLine]] | None = None
    offered_to: Callable[[Any], bool] = lambda _actor: True
    """Given the person who asks, as the directory knows her."""

    @property
    def may_choose(self) -> bool:
        return self.tell is not None


_kinds: Final[dict[str, EventKind]] = {}


def register(name: str, kind: EventKind) -> None:
    _kinds[name] = kind


def all_kinds() -> Mapping[str, EventKind]:
    """Return every kind, in the order in which apps registered them."""
    return _kinds
