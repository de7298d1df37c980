"""Secrets that people paste into a text by habit are taken out of it before it is stored (CON-8).

Passwords, passphrases, recovery codes, keys, tokens, addresses that carry a password, links of invitation. Nobody at a
desk needs them, and a ticket is read by many, mailed and kept for years. Unlike the other rules of confidentiality this
one asks nothing: what is recognised is replaced by a mark that says what stood there, and the writer is told.

A rule finds a secret by its form (a key, a token) or by the words before it (« mot de passe : … »). After words alone,
what looks like an ordinary word stays: « mot de passe : oublié » is no secret. Every pattern is bounded: the time grows with
the text's length and not faster.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

_SAID = r"(?:\s{0,3}(?:[:=→]|->)\s{0,3}|,?[^\S\n]{1,3}(?:est|is|c['’]est)[^\S\n]{1,3}(?::[^\S\n]{0,3})?)"
"""How a value is announced: « : », « = », « est »…"""
_SEP = r"[\s_'’-]{0,2}"
_PASSWORD = (
    rf"(?:mots?{_SEP}(?:de{_SEP})?passes?|mdp|passwords?|passwd|pwd|pass{_SEP}?phrase|phrases?{_SEP}(?:de{_SEP}passe|secr[èe]tes?)|passe)"
)
_CODE = rf"(?:codes?{_SEP}(?:de{_SEP})?(?:secours|r[ée]cup[ée]ration|pin)|recovery{_SEP}codes?|code{_SEP}pin|pin)"
_KEY = (
    rf"(?:cl[ée]s?{_SEP}(?:secr[èe]tes?|api|priv[ée]es?|d['’]{_SEP}api)|(?:secret|api|access|private){_SEP}keys?"
    rf"|client{_SEP}secret|jetons?|tokens?)"
)
_VALUE = r"(?P<secret>«[^»\n]{1,200}»|\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|[^\s«»\"“”]{3,200})"
_COMMON: Final = frozenset(
    {"azerty", "azertyuiop", "qwerty", "motdepasse", "password", "admin", "administrateur", "root", "bonjour", "soleil", "secret"}
    | {"doudou", "marseille", "chouchou", "loulou", "princesse", "welcome", "changeme", "test", "toto"}
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of secret: what is left in its place, and how the writer is told of it."""

    mark: str
    """In French, as everything that is stored for all readers alike."""
    label: Any


PASSWORD: Final = Kind("[mot de passe retiré]", _("un mot de passe"))
CODE: Final = Kind("[code de secours retiré]", _("un code de secours"))
KEY: Final = Kind("[clé secrète retirée]", _("une clé ou un jeton d’accès"))
LINK: Final = Kind("[lien d’invitation retiré]", _("un lien d’invitation"))


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: Kind
    pattern: re.Pattern[str]
    is_certain: bool = True
    """By its form alone. Otherwise the words before it announce it, and an ordinary word is let through."""


def _rule(kind: Kind, pattern: str, *, is_certain: bool = True) -> _Rule:
    return _Rule(kind, re.compile(pattern, re.IGNORECASE), is_certain)


_RULES: Final = (
    _rule(
        KEY,
        r"(?P<secret>-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:\s{0,4}[A-Z0-9+/=:,.-]{8,80}){0,400}"
        r"(?:\s{0,4}[A-Z0-9+/=]{1,80})?(?:\s{0,4}-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----)?)",
    ),
    _rule(KEY, r"(?P<secret>\botpauth://[^\s<>\"]{1,500})"),
    _rule(KEY, r"(?P<secret>\beyJ[\w-]{8,4000}\.[\w-]{8,8000}(?:\.[\w-]{0,4000}){1,3})"),
    _rule(KEY, r"(?P<secret>\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_\w{36,80}|glpat-[\w-]{20,60}|xox[abpr]-[\w-]{10,80}|sk-[\w-]{20,120}))"),
    _rule(KEY, r"\b(?:bearer|basic)[^\S\n]{1,3}(?P<secret>[\w.~+/=-]{16,4000})"),
    _rule(PASSWORD, r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"']{0,100}:(?P<secret>[^\s/@\"']{1,200})@"),
    _rule(LINK, r"/invitation/(?P<secret>[\w-]{20,100})"),
    _rule(PASSWORD, rf"\b(?:login|identifiants?|utilisateur|user|id|compte)\s{{0,2}}/\s{{0,2}}{_PASSWORD}\s{{0,3}}[:=]\s{{0,3}}"
          r"[^\s/]{1,100}\s{0,2}/\s{0,2}(?P<secret>[^\s/]{1,200})"),
    _rule(CODE, rf"\b{_CODE}{_SAID}(?P<secret>(?:[\w-]{{3,60}}(?:\s{{0,2}}[,;·]\s{{0,2}}|[^\S\n]))*[\w-]{{3,60}})", is_certain=False),
    _rule(KEY, rf"\b{_KEY}{_SAID}{_VALUE}", is_certain=False),
    _rule(PASSWORD, rf"\b{_PASSWORD}(?:[^\S\n][^\s:=→]{{1,30}}){{0,6}}{_SAID}{_VALUE}", is_certain=False),
)  # fmt: skip


def remove_secrets(text: str) -> str:
    """Return the text with a mark in the place of each secret that is recognised."""
    for rule in _RULES:
        text = rule.pattern.sub(lambda found, rule=rule: _replaced(rule, found), text)  # type: ignore[misc]
    return text


def secrets_in(*texts: str) -> list[Kind]:
    """Return the kinds of secrets that `remove_secrets` takes out of these texts, each once."""
    return list(dict.fromkeys(kind for text in texts for kind in _kinds(text)))


def _kinds(text: str) -> Iterator[Kind]:
    for rule in _RULES:
        if any(_is_secret(rule, found) for found in rule.pattern.finditer(text)):
            yield rule.kind
            text = rule.pattern.sub(lambda found, rule=rule: _replaced(rule, found), text)  # type: ignore[misc]


def _replaced(rule: _Rule, found: re.Match[str]) -> str:
    if not _is_secret(rule, found):
        return found[0]
    start, end = found.start("secret") - found.start(), found.end("secret") - found.start()
    kept = re.search(r"[.,;:!?)]*$", found["secret"])
    tail = kept[0] if kept and not rule.is_certain and len(kept[0]) == 1 else ""
    return f"{found[0][:start]}{rule.kind.mark}{tail}{found[0][end:]}"


def _is_secret(rule: _Rule, found: re.Match[str]) -> bool:
    value = found["secret"].strip(".,;!?()[]")
    if "retiré" in found["secret"]:
        return False
    return rule.is_certain or _looks_chosen(value)


def _looks_chosen(value: str) -> bool:
    """Tell whether this is no ordinary word: quoted, or with a digit, a sign or a capital inside, or a well-known password."""
    if value[:1] in '«"“':
        return True
    return (
        any(character.isdigit() for character in value)
        or any(character in "!@#$%^&*+=?§£€_/\\" for character in value)
        or (any(character.isupper() for character in value[1:]) and not value.isupper())
        or value.casefold() in _COMMON
    )
