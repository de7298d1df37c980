"""Names tell what things are, and nothing is left half done."""

import re

from tests.conventions.project import ROOT, project_files

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers"}
# Written in pieces so that this file does not match itself.
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!X)")


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert not [path for path in project_files(".py", ".ts") if path.stem in EMPTY_NAMES or EMPTY_NAMES & set(path.parts)]


def test_nothing_is_left_for_later() -> None:
    left = {
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in project_files(".py", ".ts", ".html", ".css", ".sh", ".md")
        if (found := UNFINISHED.search(path.read_text(encoding="utf-8")))
    }
    assert not left


def test_every_module_of_an_app_says_what_it_is_for() -> None:
    silent = [
        path.relative_to(ROOT).as_posix()
        for path in project_files(".py")
        if path.is_relative_to(ROOT / "vigie")
        and path.name not in {"__init__.py", "apps.py", "urls.py"}
        and "migrations" not in path.parts
        and not path.read_text(encoding="utf-8").lstrip().startswith('"""')
    ]
    assert not silent
