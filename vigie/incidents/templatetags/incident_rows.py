"""The rows of a list, in Python: twenty-five of them, node by node, were more than half of the cost of the page."""

from django import template
from django.utils.safestring import SafeString

from vigie.incidents.queries import IncidentRow
from vigie.ui.drawing import escaped
from vigie.ui.templatetags.ui import code, nudge_badge, person, priority_badge, status_badge, when

register = template.Library()


@register.simple_tag
def incident_row(row: IncidentRow, *, for_desk: object) -> SafeString:
    """One `<tr>` of `_list.html`, with the columns of its head; a desk sees who asks and who answers."""
    nudges = nudge_badge(row.nudge_count) if row.is_nudged else ""
    category = f" · {escaped(row.category)}" if row.category else ""
    assignee = person(row.assignee_name)
    people = f'{person(row.requester_name)}</td><td class="cell-person">{assignee}' if for_desk else assignee
    return SafeString(
        f'<tr><td class="cell-tight">{code(row.number)}</td>'
        f'<td class="cell-main"><a class="table-link two-lines" href="{escaped(row.url)}">{escaped(row.subject)}</a>'
        f'<span class="muted small truncate-block">{escaped(row.site)} · {escaped(row.solution)}{category}</span></td>'
        f'<td class="cell-tight">{priority_badge(row.priority_name, row.priority_tone)}</td>'
        f'<td class="cell-tight cell-status">{status_badge(row.status)}{nudges}</td>'
        f'<td class="cell-person">{people}</td>'
        f'<td class="cell-tight cell-hide cell-wide">{when(row.created_at)}</td>'
        f'<td class="cell-tight">{when(row.updated_at)}</td></tr>'
    )
