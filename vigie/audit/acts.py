"""What each administrative act is called, and the sentence that tells it: « Adèle Henry a invité Claire Le Goff. ».

Each app declares its own in a module `acts`, read when Vigie starts. An act whose code has no sentence is refused by
`record_act`, and a test walks the code for those that no other test records.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

Words = str | Promise


@dataclass(frozen=True, slots=True)
class ActKind:
    """One kind of act. `sentence` may name `actor`, `object` and any of the act's details."""

    code: str
    sentence: Words
    family: str


@dataclass(frozen=True, slots=True)
class Detail:
    """How one detail of acts is shown under the sentence; `names` gives its codes their words."""

    label: Words
    names: Mapping[str, Words]


_kinds: dict[str, ActKind] = {}
_families: dict[str, Words] = {}
_details: dict[str, Detail] = {}


def declare(family: str, label: Words, sentences: Mapping[str, Words]) -> None:
    """Say the sentences of some acts, shown together under one label in the journal's filter. A family may be declared in pieces."""
    _families.setdefault(family, label)
    for code, sentence in sentences.items():
        _kinds[code] = ActKind(code, sentence, family)


def declare_detail(key: str, label: Words, names: Mapping[str, Words] | None = None) -> None:
    """Say how a detail is shown: « Rôles : + Référent ». Details that are not declared are not shown."""
    _details[key] = Detail(label, dict(names or {}))


def is_declared(code: str) -> bool:
    return code in _kinds


def declared() -> dict[str, ActKind]:
    return dict(_kinds)


def families() -> list[tuple[str, Words]]:
    """Return the families of acts, by label."""
    return sorted(_families.items(), key=lambda family: str(family[1]))


def codes_of(family: str) -> list[str]:
    return [kind.code for kind in _kinds.values() if kind.family == family]


def sentence(code: str, *, actor: str, object_name: str, details: Mapping[str, Any]) -> SafeString:
    """Return the act as a sentence, its names in bold."""
    kind = _kinds.get(code)
    if kind is None:  # Written by a later or a former release.
        return format_html("<strong>{}</strong>", actor) + format_html(" – {} – ", code) + format_html("<strong>{}</strong>", object_name)
    return mark_safe(str(kind.sentence) % _Named({"actor": _bold(actor), "object": _bold(object_name)}, details))  # noqa: S308 - each name is escaped, the sentence is ours


def plain_sentence(code: str, *, actor: str, object_name: str, details: Mapping[str, Any]) -> str:
    """Return the same sentence without marks, for exports."""
    kind = _kinds.get(code)
    if kind is None:
        return f"{actor} – {code} – {object_name}"
    return str(kind.sentence) % _Named({"actor": actor, "object": object_name or "–"}, details, escapes=False)


def told_details(details: Mapping[str, Any]) -> list[str]:
    """Return what an act changed, a line each: « Rôles : + Référent, − Utilisateur »."""
    lines = []
    for key, value in details.items():
        detail = _details.get(key)
        if detail is None or value in (None, "", []):
            continue
        values = value if isinstance(value, list) else [value]
        told = ", ".join(_told(str(one), detail.names) for one in values[:30])
        lines.append(gettext("%(label)s : %(values)s") % {"label": detail.label, "values": told})
    return lines


def _told(value: str, names: Mapping[str, Words]) -> str:
    sign, rest = (value[0], value[1:]) if value[:1] in ("+", "-") else ("", value)
    word = str(names.get(rest, rest))
    return f"{'−' if sign == '-' else '+'} {word}" if sign else word


def _bold(name: str) -> SafeString:
    return format_html("<strong>{}</strong>", name or "–")


class _Named(dict[str, Any]):
    """The names of a sentence: a detail that an old act has not is a dash."""

    def __init__(self, names: Mapping[str, Any], details: Mapping[str, Any], *, escapes: bool = True) -> None:
        super().__init__({key: format_html("{}", value) if escapes else value for key, value in details.items()})
        self.update(names)

    def __missing__(self, key: str) -> str:
        return "–"
