"""Fields and widgets of forms as HTML, in Python: a record's page has some thirty, and a template a widget cost half of it.

`forms.KitRenderer` comes here first. Widgets with a story of their own (file drop, cards, groups of boxes) stay templates.
"""

from collections.abc import Callable, Mapping
from html import escape as escape_html
from typing import Any, Final

from django.forms import BoundField
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from vigie.ui.templatetags.ui import icon


def escaped(value: object) -> str:
    """Escape a text, unless it is HTML already."""
    made = getattr(value, "__html__", None)
    return str(made()) if made is not None else escape_html(str(value))


def attributes(attrs: Mapping[str, Any]) -> str:
    """Attributes of a widget but its class: True gives a bare one, False none."""
    parts = []
    for name, value in attrs.items():
        if value is True:
            parts.append(f" {name}")
        elif value is not False and name != "class":
            parts.append(f' {name}="{escaped(value)}"')
    return "".join(parts)


def _classes(own: str, attrs: Mapping[str, Any]) -> str:
    extra = attrs.get("class")
    return f"{own} {escaped(extra)}" if extra else own


def _value(value: object) -> str:
    return "" if value is None else f' value="{escaped(value)}"'


def _hidden(widget: dict[str, Any]) -> str:
    return f'<input type="hidden" name="{escaped(widget["name"])}"{_value(widget["value"])}{attributes(widget["attrs"])}>'


def _input(widget: dict[str, Any]) -> str:
    attrs, kind = widget["attrs"], widget["type"]
    classes = _classes("form-check-input" if kind in {"checkbox", "radio"} else "form-control", attrs)
    return f'<input type="{kind}" name="{escaped(widget["name"])}" class="{classes}"{_value(widget["value"])}{attributes(attrs)}>'


def _textarea(widget: dict[str, Any]) -> str:
    attrs, value = widget["attrs"], widget["value"]
    # Browsers drop the first line break.
    content = f"\n{escaped(value)}" if value else "\n"
    return f'<textarea name="{escaped(widget["name"])}" class="{_classes("form-control", attrs)}"{attributes(attrs)}>{content}</textarea>'


def _select(widget: dict[str, Any]) -> str:
    attrs = widget["attrs"]
    parts = [f'<select name="{escaped(widget["name"])}" class="{_classes("form-select", attrs)}"{attributes(attrs)}>']
    for group, options, _index in widget["optgroups"]:
        if group:
            parts.append(f'<optgroup label="{escaped(group)}">')
        parts += [
            f'<option value="{escaped(option["value"])}"{attributes(option["attrs"])}>{escaped(option["label"])}</option>'
            for option in options
        ]
        if group:
            parts.append("</optgroup>")
    parts.append("</select>")
    return "".join(parts)


def _errors(field: BoundField) -> str:
    errors = field.errors
    if not errors:
        return ""
    lines = "".join(f'<p class="invalid-feedback">{icon("alert-circle")}<span>{escaped(error)}</span></p>' for error in errors)
    return f'<div id="{field.auto_id}_error">{lines}</div>'


def draw_errors(field: BoundField) -> SafeString:
    """What is wrong with a field, under it."""
    return SafeString(_errors(field))


def draw_field(field: BoundField) -> SafeString:
    """One field with its label, its help and what is wrong with it: `{{ field.as_field_group }}`."""
    label, help_text = field.label, field.help_text
    if field.widget_type == "checkbox":
        text = f'<span class="form-check-text" id="{field.auto_id}_helptext">{escaped(help_text)}</span>' if help_text else ""
        return SafeString(
            f'<div class="field"><div class="form-check">{field}<label class="form-check-label" for="{field.id_for_label}">'
            f"{escaped(label)}{text}</label></div>{_errors(field)}</div>"
        )
    optional = "" if field.field.required else f' <span class="form-optional">{gettext("(facultatif)")}</span>'
    hint = f'<div class="form-hint" id="{field.auto_id}_helptext">{escaped(help_text)}</div>' if help_text else ""
    if field.use_fieldset:
        described = field.aria_describedby
        by = f' aria-describedby="{described}"' if described else ""
        return SafeString(
            f'<fieldset class="field" id="{field.auto_id}_field"{by}><legend>{escaped(label)}{optional}</legend>'
            f"{hint}{field}{_errors(field)}</fieldset>"
        )
    shown = f'<label class="form-label" for="{field.id_for_label}">{escaped(label)}{optional}</label>' if label else ""
    return SafeString(f'<div class="field">{shown}{hint}{field}{_errors(field)}</div>')


FIELD: Final = "ui/field"
_WIDGETS: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "django/forms/widgets/hidden.html": _hidden,
    "django/forms/widgets/textarea.html": _textarea,
    "django/forms/widgets/select.html": _select,
    **{
        f"django/forms/widgets/{kind}.html": _input
        for kind in ("input", "text", "number", "email", "url", "password", "date", "time", "datetime", "checkbox", "file")
    },
}


def drawn(name: str, context: dict[str, Any]) -> SafeString | None:
    """The HTML of what is drawn here, None for what has a template."""
    if name == FIELD:
        return draw_field(context["field"])
    draw = _WIDGETS.get(name)
    return SafeString(draw(context["widget"])) if draw is not None else None
