"""Two implementations of one protocol: what is written down, what each makes, what each refuses."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from vigie.sealing.tests import interop, refusals

VECTORS: dict[str, Any] = json.loads(interop.VECTORS.read_text(encoding="utf-8"))
CASES: list[dict[str, Any]] = VECTORS["cases"]


@pytest.mark.parametrize("maker", ["python", "typescript"])
def test_what_is_written_down_opens(maker: str) -> None:
    bundle: interop.Bundle = VECTORS[maker]
    assert interop.open_bundle(bundle) == [value["text"] for value in bundle["values"]]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['call']}: {case['says']}" for case in CASES])
def test_what_is_not_exactly_so_is_refused(case: dict[str, Any]) -> None:
    assert interop.answer_to(VECTORS["python"], case) == case["code"]


def test_each_implementation_opens_what_the_other_makes_now() -> None:
    ours = interop.make_bundle()
    cases = refusals.cases(ours)
    theirs = interop.ask_typescript(ours, cases)
    assert theirs["texts"] == [value["text"] for value in ours["values"]]
    assert interop.open_bundle(theirs["bundle"]) == [value["text"] for value in theirs["bundle"]["values"]]
    answers = zip(cases, theirs["answers"], strict=True)
    assert not {case["says"]: answer for case, answer in answers if answer != case["code"]}


def test_everything_refused_stands_beside_something_accepted() -> None:
    accepted = Counter(case["call"] for case in CASES if case["code"] == "accepted")
    assert set(accepted) == {case["call"] for case in CASES}


def test_the_page_lists_every_code_of_refusal() -> None:
    page = (interop.FRONTEND.parent / "docs" / "reference" / "scellement.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", page.partition("## Refusals")[2], re.MULTILINE))
    in_typescript = (interop.FRONTEND / "sealing" / "refusal.ts").read_text(encoding="utf-8").partition("] as const")[0]
    assert listed == set(re.findall(r'"([a-z-]+)"', in_typescript))
    assert {case["code"] for case in CASES} <= listed | {"accepted"}
