"""The interface's texts: all translated, all in good French typography (PLA-13)."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.template.base import Lexer, TokenType

from scripts import catalogues, messages
from tests.conventions.project import ROOT, project_files

SPOKEN_ATTRIBUTES = {"alt", "aria-label", "aria-description", "label", "placeholder", "title"}
# What needs no translation: marks, units, names.
SAME_EVERYWHERE = re.compile(r"Vigie|Ctrl|Esc|Alt|[KkMG]?o\b|&\w+;|https?://\S+|[A-Z]{2,5}\b|\bfr\b|\ben\b")
STYLE_CLASS = re.compile(r"[a-z]+(-[a-z]+)+")
WORD = re.compile(r"[^\W\d_]{2,}")
# Development pages show code and raw mail: they are written for developers.
FOR_DEVELOPERS = ("kit",)

NO_BREAK = "\u00a0\u202f"
ORDINARY_SPACE_BEFORE = re.compile(r"\w?[ ][:;?!»%]")
ORDINARY_SPACE_AFTER = re.compile(r"«[ ]")
NO_SPACE_BEFORE = re.compile(rf"[^\s{NO_BREAK}?!.…(\[][?!;»](?=[\s.,)]|$)|[^\W\d]:(?=\s|$)|«\S")
STRAIGHT_APOSTROPHE = re.compile(r"[^\W\d]'[^\W\d]")
THREE_DOTS = re.compile(r"\.\.\.")


def test_every_text_is_translated_into_english() -> None:
    assert messages.problems() == []


def test_translations_keep_every_placeholder() -> None:
    placeholder = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{\w*\}")
    wrong = [
        (entry.msgid, translation)
        for message, entry in catalogues.read_catalogue().items()
        if catalogues.is_translated(entry)
        for translation in (entry.msgstr_plural.values() if message.plural else [entry.msgstr])
        # The singular may say « one » without the number; nothing may be invented.
        if (extra := set(placeholder.findall(translation)) ^ set(placeholder.findall(message.plural or message.text)))
        and not (message.plural and extra <= set(placeholder.findall(message.plural)))
    ]
    assert not wrong


def test_compiled_catalogues_are_built_from_the_translations(tmp_path: Path) -> None:
    (tmp_path / catalogues.CATALOGUE).parent.mkdir(parents=True)
    (tmp_path / catalogues.CATALOGUE).write_bytes((ROOT / catalogues.CATALOGUE).read_bytes())
    for fresh in catalogues.compile_catalogues(tmp_path):
        used = ROOT / fresh.relative_to(tmp_path)
        assert used.exists(), f"{used.relative_to(ROOT)} is missing: run « make messages »"
        assert used.read_bytes() == fresh.read_bytes(), f"{used.relative_to(ROOT)} is out of date: run « make messages »"


@pytest.mark.parametrize(
    ("mistake", "pattern"),
    [
        ("an ordinary space before : ; ? ! » or %", ORDINARY_SPACE_BEFORE),
        ("an ordinary space after «", ORDINARY_SPACE_AFTER),
        ("no space before ? ! ; : or »", NO_SPACE_BEFORE),
        ("a straight apostrophe", STRAIGHT_APOSTROPHE),
        ("three dots for an ellipsis", THREE_DOTS),
    ],
)
def test_french_typography(mistake: str, pattern: re.Pattern[str]) -> None:
    wrong = [
        f"{places[0].path}:{places[0].line}: {text!r}"
        for message, places in messages.collect().items()
        for text in (message.text, message.plural)
        if text and pattern.search(_as_read(text))
    ]
    assert not wrong, f"{mistake}:\n" + "\n".join(wrong)


def test_no_text_stands_outside_translation() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {text!r}"
        for path in project_files(".html", ".txt")
        if "templates" in path.parts and "tests" not in path.parts and not path.stem.startswith(FOR_DEVELOPERS)
        for text in _untranslated(path)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_french_text_stands_outside_translation_in_code() -> None:
    french = re.compile(r"[éèêàçùôîœâûÉÈÀ«»]|[^\W\d]’")
    # Terminals speak to operators; the kit and the territory show invented data; dates know both languages; the guard
    # recognises the words of both, and what it leaves in a stored text is the same for all its readers.
    elsewhere = ("config/", "/management/", "/seed/", "ui/kit_samples.py", "ui/dates.py", "confidentiality/secrets.py")
    wrong = [
        f"{path.relative_to(ROOT)}:{text.lineno}: {text.value!r}"
        for path in messages.sources(ROOT)
        if path.suffix == ".py" and not any(part in path.as_posix() for part in elsewhere)
        for text in _untranslated_constants(path)
        # Languages bear their own names; the zone is an identifier.
        if french.search(str(text.value)) and text.value not in {"Français", "Métropole"}
    ]
    assert not wrong, "\n".join(wrong)


def _untranslated_constants(path: Path) -> Iterator[ast.Constant]:
    """Yield the literals of a module that are neither documentation nor given to a translation function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spoken_for: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            spoken_for.add(id(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in messages.FUNCTIONS:
            spoken_for |= {id(argument) for argument in node.args}
        elif isinstance(node, ast.keyword) and node.arg == "help_text":
            spoken_for.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in spoken_for:
            yield node


def _as_read(text: str) -> str:
    """Return the text as people see it: entities resolved, placeholders filled, markup and addresses gone."""
    text = re.sub(r"&nbsp;|&#160;", "\u00a0", text)
    text = re.sub(r"&#8239;|&NNBSP;", "\u202f", text)
    text = re.sub(r"https?://\S+|</?\w[^>]*>", "", text)
    return re.sub(r"%\(\w+\)[sd]", "x", text).replace("%%", "%")


def _untranslated(path: Path) -> Iterator[str]:
    """Yield the words of a template that its reader would see in one language only."""
    bare = []
    depth = 0
    for token in Lexer(path.read_text(encoding="utf-8")).tokenize():
        tag = token.contents.split()[0] if token.token_type is TokenType.BLOCK and token.contents.split() else ""
        if tag in {"blocktranslate", "blocktrans", "comment"}:
            depth += 1
        elif tag in {"endblocktranslate", "endblocktrans", "endcomment"}:
            depth -= 1
        elif depth == 0:
            bare.append(token.contents if token.token_type is TokenType.TEXT else "")
    if path.suffix == ".txt":
        seen = ["".join(bare)]
    else:
        reader = _Reader()
        reader.feed("".join(bare))
        seen = reader.seen
    for text in seen:
        if WORD.search(SAME_EVERYWHERE.sub("", text)) and not STYLE_CLASS.fullmatch(text.strip()):
            yield text.strip()


class _Reader(HTMLParser):
    """Gathers what a page says: its texts and the attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.seen: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in {"script", "style", "code", "kbd"}
        self.seen += [value for name, value in attrs if name in SPOKEN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style", "code", "kbd"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.seen.append(data)
