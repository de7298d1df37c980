"""What mails need and pages do not: moments as plain text, messages cut to a sane length."""

from datetime import datetime
from typing import Final

from django import template
from django.utils.translation import gettext

from vigie.ui import dates

register = template.Library()
_LONGEST: Final = 4000


@register.filter
def moment(value: datetime) -> str:
    """« lundi 5 juin 2023 à 17 h 58 », in the reader's time zone."""
    return dates.exact(value)


@register.filter
def spent(minutes: int) -> str:
    """« 1 h 30 »."""
    return dates.duration(minutes)


@register.filter
def message(value: str, longest: int = _LONGEST) -> str:
    """What somebody wrote, cut at a word when it is too long for a mail."""
    text = value.strip()
    if len(text) <= longest:
        return text
    cut = text[:longest].rsplit(None, 1)[0] or text[:longest]
    return f"{cut} […]\n{gettext('La suite se lit dans Vigie.')}"


@register.filter
def quoted(value: str) -> str:
    """Each line behind « > », as mail readers show what was said before."""
    return "\n".join(f"> {line}".rstrip() for line in value.splitlines())
