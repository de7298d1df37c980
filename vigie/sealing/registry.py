"""The applications that keep sealed fields, so that a key can be replaced under all of them.

Each registers a source when Vigie starts. A job in a browser reads values by batches, opens them, seals them with the
newest data key, and gives them back; the server only moves ciphertext.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from vigie.directory.actors import Actor
from vigie.foundation.errors import Unseen


@dataclass(frozen=True, slots=True)
class SealedValue:
    """One sealed value and where it belongs: what `ctx` is made of (docs/reference/scellement.md, section 6)."""

    record: str
    """« patient:0192… »"""
    field: str
    token: str


@dataclass(frozen=True, slots=True)
class Resealed:
    """The same value under a newer data key. It replaces `former`, unless somebody wrote meanwhile."""

    record: str
    field: str
    former: str
    token: str


class SealedSource(Protocol):
    """What an application with sealed fields answers, for the records that a site keeps outside events."""

    code: str
    """« patients »"""

    def label(self) -> str:
        """Return what its values are, for people: « patients »."""

    def count(self, site_id: UUID, *, below: int | None = None, number: int | None = None) -> int:
        """Count the values sealed under a data key below a number, or under exactly one."""

    def batch(self, actor: Actor, site_id: UUID, *, below: int, limit: int) -> Sequence[SealedValue]:
        """Return some values sealed under a data key below a number. Raises NotAllowed to whom may not read them."""

    def replace(self, actor: Actor, site_id: UUID, values: Sequence[Resealed]) -> int:
        """Store values sealed again, in the caller's transaction; return how many. One that changed meanwhile stays as it is."""


_sources: dict[str, SealedSource] = {}


def register(source: SealedSource) -> None:
    """Say that an application keeps sealed fields (from `AppConfig.ready`)."""
    _sources[source.code] = source


def sources() -> list[SealedSource]:
    return list(_sources.values())


def source(code: str) -> SealedSource:
    """Return the source of this code. Raises Unseen."""
    try:
        return _sources[code]
    except KeyError:
        raise Unseen from None


def in_use(site_id: UUID, number: int) -> bool:
    """Tell whether something is still sealed under this data key of the site."""
    return any(source.count(site_id, number=number) for source in _sources.values())
