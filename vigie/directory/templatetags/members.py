"""Drawings of members: their status, the mark of administrators, a line of the list. A page has a hundred lines."""

from functools import lru_cache

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from vigie.directory.member_queries import MemberRow
from vigie.directory.models import MemberStatus
from vigie.ui.templatetags.ui import avatar, badge

register = template.Library()

_MARKS = {
    MemberStatus.INVITED: ("info", "mail"),
    MemberStatus.EXPIRED: ("warning", "clock-exclamation"),
    MemberStatus.ACCEPTED: ("neutral", "mail-opened"),
    MemberStatus.ACTIVE: ("success", "circle-check"),
    MemberStatus.DISABLED: ("danger", "ban"),
}


@register.simple_tag
def member_status(status: str) -> SafeString:
    return _status(MemberStatus(status), get_language())


@lru_cache(maxsize=32)
def _status(status: MemberStatus, _language: str | None) -> SafeString:
    tone, icon_name = _MARKS[status]
    return badge(str(status.label), tone, icon_name)


@register.simple_tag
def administrator_badge() -> SafeString:
    """An icon and a word: colour never speaks alone."""
    return badge(gettext("Administrateur"), "info", "shield-check")


@register.simple_tag
def member_row(row: MemberRow, with_services: object = None) -> SafeString:
    """One line of the list, its name leading to the record."""
    return format_html(
        '<tr{}><td class="cell-tight"><input class="form-check-input" type="checkbox" name="membre" value="{}" aria-label="{}"></td>'
        '<td class="cell-main"><span class="person">{}<span><a class="table-link" href="{}">{}</a>{}'
        '<span class="muted small truncate-block">{}</span></span></span></td>'
        '<td><span class="row-wrap">{}</span></td>{}<td class="cell-tight">{}</td></tr>',
        "" if row.status != MemberStatus.DISABLED else SafeString(' class="muted"'),
        row.id,
        gettext("Sélectionner %(name)s") % {"name": row.name},
        avatar(row.name),
        reverse("directory:member", args=[row.id]),
        row.name,
        format_html(" {}", administrator_badge()) if row.is_admin else "",
        f"{row.function} · {row.email}" if row.function else row.email,
        format_html_join("", "{}", ((badge(label),) for label in row.role_labels)),
        format_html('<td class="cell-wide">{}</td>', row.services or "—") if with_services else "",
        member_status(row.status),
    )
