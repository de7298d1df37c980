"""Entries drawn in Python: what each says, and that nothing typed becomes markup."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from vigie.incidents.models import Status
from vigie.incidents.queries import ChangeView, EntryView, FileView
from vigie.incidents.templatetags.incident_timeline import prose, timeline_entry

ATTACK = "<script>alert(1)</script>"
ENTRY = EntryView(
    position=3,
    kind="message",
    internal=False,
    is_nudge=False,
    author_name="Jeanne Martin",
    side="requester",
    is_mine=False,
    body="Bonjour",
    changes=(),
    minutes_spent=0,
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    files=(),
)
CHANGE = ChangeView("status", "Statut", Status.NEW.label, Status.RESOLVED.label)
FILE = FileView(uuid4(), ATTACK, 3000, "application/pdf", internal=False, may_be_served=True, is_image=False, url="/f/1/")


def test_nothing_typed_becomes_markup() -> None:
    change = ChangeView("assignee", ATTACK, ATTACK, ATTACK)
    entry = replace(ENTRY, body=ATTACK, author_name=ATTACK, changes=(change,), files=(FILE,))
    for view in (entry, replace(entry, body="", files=()), replace(entry, body=f"voir https://exemple.fr/{ATTACK}")):
        assert "<script" not in timeline_entry(view)
        assert "&lt;script&gt;" in timeline_entry(view)


def test_paragraphs_are_kept_and_addresses_lead_somewhere() -> None:
    assert prose("un\n\ndeux\ntrois") == '<div class="prose"><p>un</p>\n\n<p>deux<br>trois</p></div>'
    assert 'href="https://exemple.fr/a?b=1&amp;c=2"' in prose("voir https://exemple.fr/a?b=1&c=2")
    assert 'href="mailto:aide@exemple.fr"' in prose("écrire à aide@exemple.fr")
    assert "javascript" not in prose("javascript:alert(1)").replace("javascript:alert(1)", "", 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "a écrit"),
        ({"side": "desk"}, "a répondu"),
        ({"internal": True}, "Note interne"),
        ({"is_nudge": True}, "a relancé"),
        ({"is_nudge": True, "body": ""}, "a relancé le support"),
        ({"minutes_spent": 30, "body": ""}, "a noté du temps passé"),
        ({"changes": (CHANGE,), "body": ""}, "a modifié"),
    ],
)
def test_an_entry_says_what_happened(changes: dict[str, object], said: str) -> None:
    drawn = timeline_entry(replace(ENTRY, **changes))  # type: ignore[arg-type]
    assert said in drawn
    assert 'id="entree-3"' in drawn


def test_a_change_says_from_what_to_what() -> None:
    drawn = timeline_entry(replace(ENTRY, body="", changes=(CHANGE,)))
    assert drawn.index("Nouveau") < drawn.index("Résolu")
