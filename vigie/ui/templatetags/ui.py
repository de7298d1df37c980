"""The kit's atoms and frames, as template tags.

Atoms are plain functions with cached results: a list of 25 rows and 10 columns costs a couple of milliseconds, which an
`{% include %}` a cell would not.
"""

import time
import zlib
from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape, escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from vigie.ui import assets, dates, numbers, tones
from vigie.ui.shell import navigation_is_folded, theme_of

if TYPE_CHECKING:
    from django.http import HttpRequest

register = template.Library()

_AVATAR_TONES = 6
_EMPTY: SafeString = SafeString("")

# Caches are `typed`: a text marked safe must never answer for the same text that is not.


# ---- Assets ----------------------------------------------------------------------------------------------------------
@register.simple_tag
def asset(name: str) -> str:
    """Address of a built file: `{% asset "app.css" %}`."""
    return assets.asset(name).url


@register.simple_tag
def asset_integrity(name: str) -> str:
    return assets.asset(name).integrity


@register.simple_tag(takes_context=True)
def theme_attributes(context: template.Context) -> SafeString:
    """Attributes of `<html>`: the theme and the fold of the navigation, known before the first paint."""
    request: HttpRequest | None = context.get("request")
    shell = context.get("shell")
    theme = getattr(shell, "theme", None) or (theme_of(request) if request else "auto")
    folded = mark_safe(' data-nav="folded"') if request and navigation_is_folded(request) else _EMPTY
    return format_html('data-bs-theme="{}"{}', theme, folded)


@register.simple_tag(takes_context=True)
def current_theme(context: template.Context) -> str:
    request: HttpRequest | None = context.get("request")
    return getattr(context.get("shell"), "theme", None) or (theme_of(request) if request else "auto")


# ---- Atoms -----------------------------------------------------------------------------------------------------------
@register.simple_tag
@lru_cache(maxsize=1024, typed=True)
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """A drawing of the sheet. Without `label` it decorates a word; with one it speaks for itself."""
    if name not in assets.icon_names():
        raise template.TemplateSyntaxError(f"No icon is called {name!r}: add it to frontend/icons.json.")
    return format_html(
        '<svg class="icon{}" width="20" height="20" {}><use href="{}#{}"></use></svg>',
        f" icon-{size}" if size else "",
        format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"'),
        assets.asset("icons.svg").url,
        name,
    )


MARK_PATH = "M12 2l3 2.7V8H9V4.7zM8 9h8v2H8zm1.3 3h5.4L16.2 22H7.8zM7.5 4.9v2.6L2 9.3V3.1zm9 0L22 3.1v6.2l-5.5-1.8z"
"""A lookout and its light, in one path."""


@register.simple_tag
@lru_cache(maxsize=1)
def favicon() -> str:
    """The mark as an address of its own: one request less on each first visit."""
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><style>path{fill:#0b6165}'
        f'@media(prefers-color-scheme:dark){{path{{fill:#6fcfd0}}}}</style><path d="{MARK_PATH}"/></svg>'
    )
    return f"data:image/svg+xml,{quote(drawing, safe='/:=,;()@')}"


@register.simple_tag
@lru_cache(maxsize=1)
def mark() -> SafeString:
    return format_html(
        '<svg class="logo" width="28" height="28" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"></path></svg>', MARK_PATH
    )


@register.simple_tag
def status_badge(code: str) -> SafeString:
    return _status_badge(code, get_language())


@lru_cache(maxsize=64)
def _status_badge(code: str, _language: str | None) -> SafeString:
    status = tones.STATUSES[code]
    return format_html('<span class="badge badge-status status-{}">{}{}</span>', code, icon(status.icon), str(status.label))


@register.simple_tag
def status_label(code: str) -> str:
    return str(tones.STATUSES[code].label)


@register.simple_tag
@lru_cache(maxsize=256, typed=True)
def priority_badge(name: str, tone: str) -> SafeString:
    return format_html('<span class="badge priority-{}">{}{}</span>', tone, icon(tones.PRIORITY_ICONS[tone]), name)


@register.simple_tag
def nudge_badge(count: int) -> SafeString:
    """« Relancé » and how many times, where an answer is still owed."""
    return _nudge_badge(count, get_language())


@lru_cache(maxsize=64)
def _nudge_badge(count: int, _language: str | None) -> SafeString:
    times = f" ({count})" if count > 1 else ""
    return format_html('<span class="badge tone-danger">{}{}{}</span>', icon("bell-ringing"), gettext("Relancé"), times)


@register.simple_tag
def change_value(field: str, value: object) -> SafeString:
    """One side of a recorded change: a date, a duration, a name, or a dash for nothing."""
    if value is None or value == "":
        return SafeString('<span class="muted">—</span>')
    if isinstance(value, datetime):
        return when(value, "exact")
    if field.endswith("_minutes") and isinstance(value, int):
        return conditional_escape(dates.duration(value))
    return format_html("<strong>{}</strong>", value)


@register.simple_tag
@lru_cache(maxsize=32)
def severity_badge(code: str) -> SafeString:
    return format_html('<span class="badge severity severity-{}">{}</span>', code, tones.SEVERITIES[code].label)


@register.simple_tag
@lru_cache(maxsize=512, typed=True)
def badge(text: str, tone: str = "neutral", icon_name: str = "") -> SafeString:
    return format_html('<span class="badge tone-{}">{}{}</span>', tone, icon(icon_name) if icon_name else _EMPTY, text)


def initials_of(name: str) -> str:
    """« Claire Le Goff » → CG; « Standard » → ST."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + words[-1][0] if len(words) > 1 else words[0][:2]).upper()


@register.simple_tag
@lru_cache(maxsize=2048, typed=True)
def avatar(name: str, size: str = "") -> SafeString:
    """A person's initials, always on the same tint. Decorates a name written beside it."""
    tint = zlib.crc32(name.encode()) % _AVATAR_TONES
    return format_html(
        '<span class="avatar avatar-{}{}" aria-hidden="true">{}</span>',
        tint,
        f" avatar-{size}" if size else "",
        initials_of(name),
    )


@register.simple_tag
def person(name: str) -> SafeString:
    """A name with its initials, or « Non attribué » in a dashed ring."""
    if not name:
        return _nobody(get_language())
    return _person(name)


@lru_cache(maxsize=2048, typed=True)
def _person(name: str) -> SafeString:
    return format_html('<span class="person">{}<span class="truncate">{}</span></span>', avatar(name), name)


@lru_cache(maxsize=4)
def _nobody(_language: str | None) -> SafeString:
    return format_html(
        '<span class="person muted"><span class="avatar avatar-none" aria-hidden="true">{}</span>{}</span>',
        icon("user", size="small"),
        gettext("Non attribué"),
    )


@register.simple_tag
def when(moment: datetime | None, form: str = "relative") -> SafeString:
    """A moment as `relative` (the exact one on hover), `exact`, `day` or `clock`, in the reader's time zone."""
    if moment is None:
        return SafeString('<span class="muted">—</span>')
    minute = int(time.time() // 60) if form == "relative" else 0
    return _when(moment, form, get_language(), timezone.get_current_timezone(), minute)


@lru_cache(maxsize=8192)
def _when(moment: datetime, form: str, _language: str | None, _zone: tzinfo, _minute: int) -> SafeString:
    full = dates.exact(moment)
    shown = {"relative": dates.relative, "exact": dates.exact, "day": dates.day, "clock": dates.clock}[form](moment)
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(timespec="seconds"), full, shown)


@register.simple_tag
@lru_cache(maxsize=1024, typed=True)
def code(text: str) -> SafeString:
    return format_html('<span class="code">{}</span>', text)


@register.simple_tag
def sealed_text(scope: str, record: str, field: str, token: str, form: str = "") -> SafeString:
    """A sealed value, opened in the browser where the workstation holds the key. `form="date"` writes a date as people do."""
    if not token:
        return _not_given(get_language())
    return format_html(
        '<sealed-text translate="no" data-scope="{}" data-record="{}" data-field="{}"{} data-token="{}">{}</sealed-text>',
        scope,
        record,
        field,
        format_html(' data-format="{}"', form) if form else _EMPTY,
        token,
        _sealed_mark(get_language()),
    )


@lru_cache(maxsize=4)
def _sealed_mark(_language: str | None) -> SafeString:
    return format_html('<span class="sealed"><span aria-hidden="true">••••</span> {}</span>', gettext("chiffré"))


@lru_cache(maxsize=4)
def _not_given(_language: str | None) -> SafeString:
    text = gettext("non renseigné")
    return format_html('<span class="muted"><span aria-hidden="true">–</span><span class="sr-only">{}</span></span>', text)


@register.simple_tag
@lru_cache(maxsize=64)
def kbd(text: str) -> SafeString:
    return format_html("<kbd>{}</kbd>", text)


@register.simple_tag
def filesize(size: int) -> str:
    return numbers.readable_size(size)


@register.simple_tag
def number(value: int) -> str:
    return numbers.grouped(value)


@register.simple_tag
def duration(minutes: int) -> str:
    return dates.duration(minutes)


@register.simple_tag
def file_icon(name: str) -> SafeString:
    """The icon of a file by its extension."""
    kinds = {"pdf": "file-type-pdf", "jpg": "photo", "jpeg": "photo", "png": "photo", "xls": "file-spreadsheet"}
    kinds["xlsx"] = "file-spreadsheet"
    return icon(kinds.get(name.rsplit(".", 1)[-1].lower(), "file-text"))


def _attributes(extra: Mapping[str, Any]) -> SafeString:
    """`data_open_dialog="x"` → ` data-open-dialog="x"`; True gives a bare attribute, False and None nothing."""
    parts = []
    for name, value in extra.items():
        if value is False or value is None:
            continue
        written = name.replace("_", "-")
        parts.append(f" {written}" if value is True else f' {written}="{escape(value)}"')
    return mark_safe("".join(parts))


def _button_classes(kind: str, size: str, label: str, extra: str = "") -> str:
    classes = ["btn"]
    if kind:
        classes.append(f"btn-{kind}")
    if size:
        classes.append(f"btn-{size}")
    if not label:
        classes.append("btn-icon")
    if extra:
        classes.append(extra)
    return " ".join(classes)


@register.simple_tag
def button(label: str, icon_name: str = "", kind: str = "", size: str = "", **extra: Any) -> SafeString:
    """`{% button _("Enregistrer") "device-floppy" kind="primary" name="action" value="save" %}`.

    `kind`: primary, danger, ghost. `type` is `submit` unless given. `hint` gives the name of a button with an icon only.
    """
    hint = extra.pop("hint", "")
    return format_html(
        '<button type="{}" class="{}"{}{}>{}{}</button>',
        extra.pop("type", "submit"),
        _button_classes(kind, size, label, extra.pop("classes", "")),
        format_html(' aria-label="{0}" title="{0}"', hint) if hint else _EMPTY,
        _attributes(extra),
        icon(icon_name) if icon_name else _EMPTY,
        label,
    )


@register.simple_tag
def link_button(label: str, url: str, icon_name: str = "", kind: str = "", size: str = "", **extra: Any) -> SafeString:
    """The same drawing for what leads somewhere."""
    hint = extra.pop("hint", "")
    return format_html(
        '<a href="{}" class="{}"{}{}>{}{}</a>',
        url,
        _button_classes(kind, size, label, extra.pop("classes", "")),
        format_html(' aria-label="{0}" title="{0}"', hint) if hint else _EMPTY,
        _attributes(extra),
        icon(icon_name) if icon_name else _EMPTY,
        label,
    )


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> str:
    """The current query string with some parameters changed; an empty value removes one."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value not in {"", None}:
            query[name] = str(value)
    text = urlencode(sorted((name, value) for name, values in query.lists() for value in values))
    return f"?{text}" if text else "?"


@register.simple_tag(takes_context=True)
def sort_header(context: template.Context, label: str, key: str, current: str, param: str = "tri", classes: str = "") -> SafeString:
    """A `<th>` that sorts: `current` is the sort in force, `-` before it for descending."""
    is_current = current.lstrip("-") == key
    descending = current.startswith("-")
    state, drawing = ("none", "selector")
    if is_current:
        state, drawing = ("descending", "arrow-narrow-down") if descending else ("ascending", "arrow-narrow-up")
    following = key if is_current and descending else f"-{key}" if is_current else key
    query = with_query(context, **{param: following, "apres": "", "avant": "", "fin": "", "page": ""})
    return format_html(
        '<th scope="col" class="{}" aria-sort="{}"><a class="sort" href="{}">{}{}</a></th>',
        classes,
        state,
        query,
        label,
        icon(drawing),
    )


# ---- Frames ----------------------------------------------------------------------------------------------------------
@register.simple_block_tag
def page_header(content: str, title: str, over: str = "", under: str = "", badges: str = "") -> SafeString:
    """The page's title; inside, its actions."""
    actions = content.strip()
    return format_html(
        '<header class="page-head"><div class="page-head-text">{}<h1>{}{}</h1>{}</div>{}</header>',
        format_html('<p class="page-head-over">{}</p>', over) if over else _EMPTY,
        title,
        format_html(" {}", badges) if badges else _EMPTY,
        format_html('<p class="page-head-under">{}</p>', under) if under else _EMPTY,
        format_html('<div class="page-head-actions">{}</div>', mark_safe(actions)) if actions else _EMPTY,
    )


@register.simple_block_tag
def callout(content: str, tone: str = "info", title: str = "", icon_name: str = "", role: str = "") -> SafeString:
    return format_html(
        '<div class="callout tone-{}"{}>{}<div class="callout-body">{}{}</div></div>',
        tone,
        format_html(' role="{}"', role) if role else _EMPTY,
        icon(icon_name or tones.TONE_ICONS[tone]),
        format_html('<strong class="callout-title">{}</strong>', title) if title else _EMPTY,
        mark_safe(content),
    )


@register.simple_block_tag
def dialog(content: str, id: str, title: str, stays: bool = False) -> SafeString:  # noqa: A002, FBT001, FBT002
    """A native dialog, opened by `data_open_dialog=id`. With `stays`, a click on the veil does not close it."""
    return format_html(
        '<dialog id="{0}" aria-labelledby="{0}-title"{1}><div class="dialog-head"><h2 id="{0}-title">{2}</h2>{3}</div>{4}</dialog>',
        id,
        mark_safe(" data-stays") if stays else _EMPTY,
        title,
        button("", "x", kind="ghost", type="button", hint=str(_("Fermer")), data_close_dialog=True),
        mark_safe(content),
    )


@register.simple_block_tag
def drop_menu(
    content: str, label: str = "", icon_name: str = "", hint: str = "", kind: str = "", size: str = "", side: str = "end"
) -> SafeString:
    """A button that opens a list of `.menu-item`; `hint` names it when it has no label."""
    summary = format_html(
        '<summary class="{}"{}>{}{}{}</summary>',
        _button_classes(kind, size, label),
        format_html(' aria-label="{0}" title="{0}"', hint) if hint else _EMPTY,
        icon(icon_name) if icon_name else _EMPTY,
        label,
        icon("chevron-down", size="small") if label else _EMPTY,
    )
    return format_html(
        '<drop-menu class="menu-{}"><details>{}<div class="menu-panel">{}</div></details></drop-menu>',
        side,
        summary,
        mark_safe(content),
    )


@register.simple_block_tag
def entry(
    content: str,
    author: str,
    moment: datetime,
    anchor: str,
    kind: str = "message",
    label: str = "",
    tone: str = "",
    icon_name: str = "",
) -> SafeString:
    """One entry of a timeline. `kind`: message, own, internal (cards); change, file (one line with `icon_name`)."""
    if kind == "change":
        return format_html(
            '<li class="entry entry-change" id="{}"><div class="entry-mark"><span class="entry-dot{}">{}</span></div>'
            '<div class="entry-line"><strong>{}</strong> {} <span class="small">{}</span></div></li>',
            anchor,
            f" tone-{tone}" if tone else "",
            icon(icon_name or "history"),
            author,
            mark_safe(content),
            when(moment),
        )
    return format_html(
        '<li class="entry entry-{}" id="{}"><div class="entry-mark">{}</div><article class="entry-card">'
        '<header class="entry-head"><strong>{}</strong>{} {} <a class="entry-link" href="#{}" title="{}">{}</a></header>'
        '<div class="entry-body">{}</div></article></li>',
        kind,
        anchor,
        avatar(author),
        author,
        format_html(" {}", label) if label else _EMPTY,
        when(moment),
        anchor,
        gettext("Lien permanent"),
        f"#{number}" if (number := anchor.rsplit("-", 1)[-1]).isdecimal() else icon("link", size="small"),
        mark_safe(content),
    )


@register.filter
def marked(text: str) -> SafeString:
    """The words that a search found, between U+E000 and U+E001, in `<mark>`; all the rest escaped."""
    return mark_safe(str(escape(text)).replace("\ue000", "<mark>").replace("\ue001", "</mark>"))
