"""How texts of incidents are shown."""

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from vigie.incidents.queries import MARK, IncidentRow

register = template.Library()


@register.filter
def highlighted(text: str) -> SafeString:
    """Show what the search found: the marks of `queries.search` become `<mark>`, all the rest is escaped."""
    start, stop = MARK
    # Escaped first: the marks are private characters that texts never hold (foundation.text).
    return mark_safe(escape(text).replace(start, "<mark>").replace(stop, "</mark>"))  # noqa: S308


@register.simple_tag
def nudges(row: IncidentRow) -> SafeString:
    """Say that the requester has asked again and nobody has answered since."""
    if not row.is_nudged:
        return SafeString("")
    return format_html('<span class="badge tone-warning">{}</span>', gettext("Relancé"))
