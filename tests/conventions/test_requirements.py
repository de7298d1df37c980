"""Requirements are cited by identifier; the list of them is complete and says where each stands."""

import re

from tests.conventions.project import ROOT, project_files

FAMILIES = ("ACC", "INC", "PLA", "KNO", "DOC", "CRI", "SEA", "CON", "INT")
LIST = ROOT / "docs" / "reference" / "exigences.md"
STATES = {"fait", "partiel", "à venir"}
# `INC-2026-000123` is the number of an incident, not a requirement.
CITED = re.compile(rf"\b((?:{'|'.join(FAMILIES)})-\d{{1,2}})\b(?!-\d)")


def listed() -> dict[str, list[str]]:
    """Return the cells of each line of the list, by identifier."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in LIST.read_text(encoding="utf-8").splitlines()]
    return {cells[0]: cells[1:] for cells in rows if CITED.fullmatch(cells[0])}


def test_every_requirement_cited_exists() -> None:
    known = listed()
    unknown = {
        f"{path.relative_to(ROOT)}: {identifier}"
        for path in project_files(".py", ".md", ".html", ".ts", ".css", ".toml", ".yml", ".txt")
        for identifier in CITED.findall(path.read_text(encoding="utf-8"))
        if identifier not in known
    }
    assert not unknown


def test_every_requirement_says_where_it_stands() -> None:
    known = listed()
    assert len(known) > 100
    wrong = {identifier: cells for identifier, cells in known.items() if len(cells) != 3 or cells[1] not in STATES}
    assert not wrong


def test_a_partial_requirement_says_what_is_missing() -> None:
    assert not [identifier for identifier, (_text, state, remark) in listed().items() if state == "partiel" and not remark]


def test_every_family_is_listed() -> None:
    assert {identifier.split("-")[0] for identifier in listed()} == set(FAMILIES)
