"""The entries of a record's timeline, in Python: node by node they were a sixth of the page."""

import re
from collections.abc import Sequence

from django import template
from django.template.loader import render_to_string
from django.utils.html import linebreaks, urlize
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from vigie.incidents.queries import ChangeView, EntryView, FileView
from vigie.ui.drawing import escaped
from vigie.ui.templatetags import ui

register = template.Library()

# What Django's urlize would make a link of; most messages have none, and it looks at each of their words.
_MAY_HOLD_A_LINK = re.compile(r"https?:|www\.|@|\.(?:com|edu|gov|int|mil|net|org)", re.IGNORECASE)


@register.simple_tag
def prose(text: str) -> SafeString:
    """What somebody wrote: escaped, its paragraphs kept, its addresses made links."""
    linked = urlize(text, nofollow=True, autoescape=True) if _MAY_HOLD_A_LINK.search(text) else escaped(text)
    return SafeString(f'<div class="prose">{linebreaks(SafeString(linked), autoescape=False)}</div>')


@register.simple_tag
def timeline_entry(item: EntryView) -> SafeString:
    """One entry: a card for what somebody wrote, a line for what happened."""
    anchor = f"entree-{item.position}"
    if item.body or item.files:
        parts = [
            f'<p class="entry-changes">{_changes(item.changes)}</p>' if item.changes else "",
            prose(item.body) if item.body else "",
            _files(item.files),
        ]
        if item.minutes_spent:
            parts.append(f'<p class="small muted">{ui.icon("hourglass", size="small")} {ui.duration(item.minutes_spent)}</p>')
        look, label = _manner(item)
        return ui.entry("".join(parts), item.author_name, item.created_at, anchor, look, label)
    if item.is_nudge:
        said, icon, tone = gettext("a relancé le support"), "bell-ringing", "warning"
    elif item.minutes_spent:
        said, icon, tone = f"{gettext('a noté du temps passé :')} {ui.duration(item.minutes_spent)}", "hourglass", ""
    else:
        said, icon, tone = f"{gettext('a modifié')} {_changes(item.changes)}", "history", ""
    return ui.entry(said, item.author_name, item.created_at, anchor, "change", "", tone, icon)


def _manner(item: EntryView) -> tuple[str, str]:
    """How a card looks, and what is said of its author."""
    if item.internal:
        return "internal", gettext("Note interne")
    look = "message" if item.side == "desk" else "own"
    if item.is_nudge:
        return look, gettext("a relancé")
    return look, gettext("a répondu") if item.side == "desk" else gettext("a écrit")


def _changes(changes: Sequence[ChangeView]) -> str:
    """Recorded changes, in words."""
    becomes = f' <span aria-label="{escaped(gettext("devient"))}" role="img">→</span> '
    return "".join(
        f'<span class="change"><span class="change-label">{escaped(change.label)}</span> '
        f"{f'{ui.change_value(change.field, change.before)}{becomes}' if change.before else ''}"
        f"{ui.change_value(change.field, change.after)}</span>"
        for change in changes
    )


def _files(files: Sequence[FileView]) -> str:
    return render_to_string("incidents/_files.html", {"files": files}) if files else ""
