"""The interface's texts: collect them from the sources, keep the English catalogue in step, compile catalogues.

French is the source language. GNU gettext is not needed: templates are read with Django's own lexer, Python with `ast`.

    python -m scripts.messages update    collect, and bring locale/en up to date (new texts come untranslated)
    python -m scripts.messages check     say what is missing; exits 1 when something is
    python -m scripts.messages compile   write vigie/locale/*/LC_MESSAGES/django.mo (also done by the package's build)
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polib
from django.template.base import Lexer, Token, TokenType
from django.utils.translation import trim_whitespace

from scripts.catalogues import CATALOGUE, PLURALS, ROOT, Message, compile_catalogues, is_translated, read_catalogue

# For each function, where its arguments stand: context, singular, plural.
FUNCTIONS: dict[str, tuple[int | None, int, int | None]] = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
_TRANSLATED_LITERAL = re.compile(r"""_\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*\)""")


@dataclass(frozen=True, order=True)
class Place:
    """Where a text stands in the sources."""

    path: str
    line: int


class UnreadableMessageError(Exception):
    """A text is marked for translation in a way that cannot be collected."""


def collect(root: Path = ROOT) -> dict[Message, list[Place]]:
    """Return every text of the interface and where it stands."""
    found: dict[Message, list[Place]] = {}
    for path in sources(root):
        read = _from_python if path.suffix == ".py" else _from_template
        for message, line in read(path):
            found.setdefault(message, []).append(Place(path.relative_to(root).as_posix(), line))
    return found


def sources(root: Path) -> Iterator[Path]:
    """Yield the files that may hold texts, tests excepted."""
    for path in sorted((root / "vigie").rglob("*")):
        inside = path.relative_to(root).parts
        if "tests" in inside or "node_modules" in inside or "migrations" in inside:
            continue
        if path.suffix == ".py" or (path.suffix in {".html", ".txt"} and "templates" in inside):
            yield path


def _from_python(path: Path) -> Iterator[tuple[Message, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    # `_` is also how an unused value is called: it marks a text only where it was imported to do so.
    marks = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in ("django.utils.translation", "django.utils.translation.trans_null")
        for alias in node.names
        if alias.name in FUNCTIONS
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = None
        if isinstance(node.func, ast.Name):
            name = marks.get(node.func.id)
        elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "translation":
            name = node.func.attr
        if name not in FUNCTIONS:
            continue
        context, text, plural = FUNCTIONS[name]
        yield (
            Message(
                text=_literal(path, node, text),
                plural=None if plural is None else _literal(path, node, plural),
                context=None if context is None else _literal(path, node, context),
            ),
            node.lineno,
        )


def _literal(path: Path, call: ast.Call, position: int) -> str:
    argument = call.args[position] if position < len(call.args) else None
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    raise UnreadableMessageError(f"{path}:{call.lineno}: only a plain string can be collected, not an expression")


def _from_template(path: Path) -> Iterator[tuple[Message, int]]:
    tokens = iter(Lexer(path.read_text(encoding="utf-8")).tokenize())
    in_comment = False
    for token in tokens:
        if token.token_type not in {TokenType.BLOCK, TokenType.VAR}:
            continue
        line = token.lineno or 0
        words = token.split_contents() if token.token_type is TokenType.BLOCK else []
        tag = words[0] if words else ""
        if tag in {"comment", "endcomment"}:
            in_comment = tag == "comment"
        if in_comment:
            continue
        for literal in _TRANSLATED_LITERAL.finditer(token.contents):
            yield Message(_unquoted(literal[1]).replace("%", "%%")), line
        if tag in {"translate", "trans"} and words[1][0] in "\"'":
            yield Message(_unquoted(words[1]).replace("%", "%%"), context=_context(words)), line
        elif tag in {"blocktranslate", "blocktrans"}:
            yield _block(path, words, tokens), line


def _block(path: Path, words: list[str], tokens: Iterable[Token]) -> Message:
    """Read the body of a blocktranslate up to its end, as the tag itself would."""
    bodies: list[list[str]] = [[]]
    for token in tokens:
        if token.token_type is TokenType.TEXT:
            bodies[-1].append(token.contents.replace("%", "%%"))
        elif token.token_type is TokenType.VAR:
            bodies[-1].append(f"%({token.contents})s")
        elif token.token_type is TokenType.BLOCK:
            tag = token.contents.strip()
            if tag in {"endblocktranslate", "endblocktrans"}:
                break
            if tag != "plural":
                raise UnreadableMessageError(f"{path}:{token.lineno}: {tag!r} cannot stand inside blocktranslate")
            bodies.append([])
    texts = ["".join(body) for body in bodies]
    if "trimmed" in words:
        texts = [trim_whitespace(text) for text in texts]
    return Message(texts[0], plural=texts[1] if len(texts) > 1 else None, context=_context(words))


def _context(words: list[str]) -> str | None:
    return _unquoted(words[words.index("context") + 1]) if "context" in words else None


def _unquoted(literal: str) -> str:
    return literal[1:-1].replace(f"\\{literal[0]}", literal[0]).replace("\\\\", "\\")


def update(root: Path = ROOT) -> polib.POFile:
    """Bring the English catalogue in step with the sources: translations are kept, vanished texts dropped."""
    known = read_catalogue(root)
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = {
        "Project-Id-Version": "Vigie",
        "Language": "en",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURALS["en"],
    }
    for message, places in sorted(collect(root).items(), key=lambda item: (item[1][0], item[0].text)):
        former = known.get(message)
        entry = polib.POEntry(
            msgid=message.text,
            msgctxt=message.context,
            msgstr="" if message.plural or not former else former.msgstr,
            # Files without lines: a line moved elsewhere must not change the catalogue.
            occurrences=[(path, "") for path in sorted({place.path for place in places})],
        )
        if message.plural:
            entry.msgid_plural = message.plural
            entry.msgstr_plural = former.msgstr_plural if former else {0: "", 1: ""}
        if "%(" in message.text or "%s" in message.text:
            entry.flags = ["python-format"]
        catalogue.append(entry)
    path = root / CATALOGUE
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue.save(str(path))
    return catalogue


def problems(root: Path = ROOT) -> list[str]:
    """Say, one line each, what keeps the English interface from being complete."""
    known = read_catalogue(root)
    wanted = collect(root)
    found = [f"{wanted[m][0].path}:{wanted[m][0].line}: not in {CATALOGUE}: {m.text!r}" for m in wanted if m not in known]
    found += [f"{CATALOGUE}: no longer in the sources: {m.text!r}" for m in known if m not in wanted]
    found += [f"{CATALOGUE}: not translated: {m.text!r}" for m in known if m in wanted and not is_translated(known[m])]
    return found


def main() -> int:
    """Run one of the three commands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["update", "check", "compile"])
    command = parser.parse_args().command
    if command == "update":
        catalogue = update()
        compile_catalogues()
        print(f"{len(catalogue)} texts, {sum(not is_translated(entry) for entry in catalogue)} to translate in {CATALOGUE}")
        return 0
    if command == "compile":
        for path in compile_catalogues():
            print(path.relative_to(ROOT))
        return 0
    missing = problems()
    print("\n".join(missing) or "Every text has its English translation.")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
