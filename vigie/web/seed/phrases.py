"""Texts with variants: « [une fois|deux fois] » is one or the other, « {poste} » is a value.

Templates are written plainly; what people read has French apostrophes and spaces that do not break.
"""

import re
from collections.abc import Mapping
from functools import cache

from vigie.web.seed.dice import Dice

_CHOICE = re.compile(r"\[([^\]]+)\]")
_BEFORE_HIGH_MARK = re.compile(r" (?=[:;?!»])|(?<=«) ")
_NO_BREAK = "\N{NO-BREAK SPACE}"
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"


def said(template: str, values: Mapping[str, str], dice: Dice) -> str:
    """Return one way of saying the template."""
    parts = [part if isinstance(part, str) else dice.one_of(part) for part in _parts(template)]
    return "".join(parts).format_map(values)


def french(text: str) -> str:
    """Return the text with the apostrophes and the spaces of French typography."""
    return _BEFORE_HIGH_MARK.sub(_NO_BREAK, text.replace("'", _APOSTROPHE))


@cache
def _parts(template: str) -> tuple[str | tuple[str, ...], ...]:
    pieces = _CHOICE.split(french(template))
    return tuple(tuple(piece.split("|")) if index % 2 else piece for index, piece in enumerate(pieces))
