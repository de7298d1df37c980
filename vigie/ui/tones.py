"""Words and icons of the values that have a badge. Each has both, so that colour never speaks alone."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Mark:
    label: str | Promise
    icon: str


STATUSES: Final = {
    "new": Mark(_("Nouveau"), "circle-dot"),
    "assigned": Mark(_("En cours (attribué)"), "user-check"),
    "planned": Mark(_("En cours (planifié)"), "calendar-time"),
    "waiting": Mark(_("En attente"), "clock-pause"),
    "resolved": Mark(_("Résolu"), "circle-check"),
    "closed": Mark(_("Fermé"), "lock"),
}

PRIORITY_ICONS: Final = {
    "critical": "alert-octagon",
    "major": "alert-triangle",
    "moderate": "equal",
    "minor": "arrow-narrow-down",
    "low": "minus",
}

SEVERITIES: Final = {
    "ua": Mark("UA", "activity"),
    "ur": Mark("UR", "activity"),
    "imp": Mark("IMP", "activity"),
    "dcd": Mark("DCD", "activity"),
    "nc": Mark("NC", "help-circle"),
}

TONE_ICONS: Final = {
    "info": "info-circle",
    "success": "circle-check",
    "warning": "alert-triangle",
    "danger": "alert-octagon",
    "neutral": "info-circle",
}
