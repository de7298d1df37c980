"""Drawings of keys and workstations: their state, in an icon and a word."""

from functools import lru_cache

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from vigie.sealing.models import KeyState, Method
from vigie.sealing.queries import StationView
from vigie.ui.templatetags.ui import badge

register = template.Library()

_MARKS = {
    KeyState.DRAFT: ("warning", "hourglass"),
    KeyState.PROVEN: ("warning", "user-question"),
    KeyState.ACTIVE: ("success", "shield-check"),
    KeyState.SUPERSEDED: ("info", "clock"),
    KeyState.RETIRED: ("neutral", "archive"),
    KeyState.WITHDRAWN: ("neutral", "ban"),
}
METHOD_ICONS = {Method.PASSPHRASE: "forms", Method.KIT: "lifebuoy", Method.PASSKEY: "fingerprint"}


@register.simple_tag
def key_state(state: str) -> SafeString:
    return _state(KeyState(state), get_language())


@lru_cache(maxsize=32)
def _state(state: KeyState, _language: str | None) -> SafeString:
    tone, icon_name = _MARKS[state]
    return badge(str(state.label), tone, icon_name)


@register.simple_tag
def station_state(view: StationView) -> SafeString:
    """What a workstation may still read."""
    if view.station.revoked_at is not None:
        return badge(gettext("Révoqué"), "danger", "ban")
    if view.station.forgotten_at is not None:
        return badge(gettext("A oublié la clé"), "neutral", "archive")
    if not view.may_read:
        return badge(gettext("Personne non habilitée"), "danger", "alert-triangle")
    if not view.is_current:
        return badge(gettext("Ancienne clé"), "info", "clock")
    return badge(gettext("Déverrouillé"), "success", "circle-check")


@register.filter
def method_icon(method: str) -> str:
    return METHOD_ICONS[Method(method)]
