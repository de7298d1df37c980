"""The register of what is held about a person (PLA-43): each app says its part, and how to read it.

A section reads rows about one account, under a scope that it enters itself, and never a secret: passwords, factors'
secrets and tokens prove who she is and tell nothing about her.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise

Value = str | int | bool | datetime | Sequence[str] | None
Row = Sequence[Value]
Words = str | Promise


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the file that she downloads. `columns` are the names of machines and the labels of people, in the order of rows."""

    title: Words
    columns: Mapping[str, Words]
    read: Callable[[Any], Iterable[Row]]
    """Given the account."""


_sections: Final[dict[str, Section]] = {}


def register(name: str, section: Section) -> None:
    _sections[name] = section


def sections() -> Mapping[str, Section]:
    """Return every section, in the order in which apps registered them."""
    return _sections
