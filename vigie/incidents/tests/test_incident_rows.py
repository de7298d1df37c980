"""Rows drawn in Python escape as templates do."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.template import Context, Template

from vigie.incidents.queries import IncidentRow

ATTACK = "<script>alert(1)</script>"
ROW = IncidentRow(
    id=uuid4(),
    number="INC-2026-000001",
    subject=ATTACK,
    kind="incident",
    status="assigned",
    priority_name=ATTACK,
    priority_tone="major",
    priority_rank=2,
    category=ATTACK,
    site=ATTACK,
    solution=ATTACK,
    requester_name=ATTACK,
    contact_name=ATTACK,
    assignee_name=ATTACK,
    team=ATTACK,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    updated_at=datetime(2026, 1, 2, tzinfo=UTC),
    planned_at=None,
    resolved_at=None,
    closed_at=None,
    minutes_spent=0,
    nudge_count=2,
    is_nudged=True,
)


def drawn(row: IncidentRow, *, desk: object = None) -> str:
    page = Template("{% load incident_rows %}{% incident_row row for_desk=desk %}")
    return page.render(Context({"row": row, "desk": desk}))


@pytest.mark.parametrize("desk", [None, "guichet"])
def test_nothing_typed_becomes_markup(desk: object) -> None:
    row = drawn(ROW, desk=desk)
    assert "<script" not in row
    assert "&lt;script&gt;" in row


def test_a_desk_sees_who_asks_and_who_answers() -> None:
    row = replace(ROW, requester_name="Jeanne Martin", assignee_name="")
    assert "Jeanne Martin" in drawn(row, desk="guichet")
    assert "Jeanne Martin" not in drawn(row)
    assert "Non attribué" in drawn(row)


def test_a_row_leads_to_its_record_and_says_that_it_was_nudged() -> None:
    row = drawn(ROW)
    assert 'href="/incidents/INC-2026-000001/"' in row
    assert "Relancé" in row
