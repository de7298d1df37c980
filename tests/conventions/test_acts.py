"""Every administrative act is told in a sentence, in both languages (PLA-42)."""

import ast
import re
from collections.abc import Iterator

from django.utils.translation import override

from tests.conventions.project import ROOT, project_files
from vigie.audit import acts

CODE = re.compile(r"[a-z_]+\.[a-z_]+")
RECORDING = re.compile(r"_?record(_\w+)?")


def codes_in(source: str) -> Iterator[tuple[int, str]]:
    """Yield each code that is given to a function that records acts, with its line."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if not RECORDING.fullmatch(called):
            continue
        for given in (*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "code")):
            # A code may be chosen: « a if … else b ».
            for part in (given.body, given.orelse) if isinstance(given, ast.IfExp) else (given,):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and CODE.fullmatch(part.value):
                    yield part.lineno, part.value


def test_every_act_that_the_code_records_has_a_sentence() -> None:
    recorded = [
        (path.relative_to(ROOT).as_posix(), line, code)
        for path in project_files(".py")
        if path.is_relative_to(ROOT / "vigie") and "tests" not in path.parts
        for line, code in codes_in(path.read_text(encoding="utf-8"))
    ]
    assert len(recorded) > 8
    assert not [f"{path}:{line}: {code}: declare its sentence" for path, line, code in recorded if not acts.is_declared(code)]


def test_codes_are_found_where_they_are_chosen_or_named() -> None:
    source = "_record(access, 'a.b' if x else 'c.d')\nrecord_act(None, code='e.f')\naudit.record_act(actor, 'g.h')\nother('i.j')"
    assert [code for _line, code in codes_in(source)] == ["a.b", "c.d", "e.f", "g.h"]


def test_every_sentence_can_be_said_in_both_languages() -> None:
    for code, kind in acts.declared().items():
        with override("fr"):
            french = acts.plain_sentence(code, actor="Adèle Henry", object_name="Claire Le Goff", details={})
        with override("en"):
            english = acts.plain_sentence(code, actor="Adèle Henry", object_name="Claire Le Goff", details={})
        assert french.endswith("."), kind
        assert english.endswith("."), kind
        assert french != english, kind
