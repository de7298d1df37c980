"""The two scales of priorities that a desk starts from (INC-2): that of a vendor's portal, and GLPI's five levels.

They are copied when the desk opens, in the language of whoever opens it: the desk then makes the scale its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vigie.incidents.models import Tone

if TYPE_CHECKING:
    from django.utils.functional import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One priority, the highest first. Minutes are those of the desk's opening hours."""

    name: "str | Promise"
    tone: Tone
    definition: "str | Promise"
    response_minutes: int
    resolution_minutes: int


VENDOR: Final[tuple[Step, ...]] = (
    Step(
        name=pgettext_lazy("priorité", "Bloquant"),
        tone=Tone.CRITICAL,
        definition=_(
            "Une fonction indispensable ne peut plus être utilisée du tout. L’établissement continue de fonctionner, mais sans elle."
        ),
        response_minutes=60,
        resolution_minutes=480,
    ),
    Step(
        name=pgettext_lazy("priorité", "Urgent"),
        tone=Tone.MAJOR,
        definition=_("Une fonction se comporte mal. Le travail se poursuit grâce à un mode dégradé."),
        response_minutes=240,
        resolution_minutes=1440,
    ),
    Step(
        name=pgettext_lazy("priorité", "Important"),
        tone=Tone.MODERATE,
        definition=_("La gêne se limite à certains cas ou à quelques personnes. Le reste fonctionne normalement."),
        response_minutes=480,
        resolution_minutes=4800,
    ),
)
FIVE_LEVELS: Final[tuple[Step, ...]] = (
    Step(
        name=pgettext_lazy("priorité", "Très haute"),
        tone=Tone.CRITICAL,
        definition=_("Un service régional est arrêté pour plusieurs établissements, ou les soins sont empêchés."),
        response_minutes=30,
        resolution_minutes=240,
    ),
    Step(
        name=pgettext_lazy("priorité", "Haute"),
        tone=Tone.MAJOR,
        definition=_("Un service est arrêté pour un établissement entier, ou une activité de soins est fortement ralentie."),
        response_minutes=60,
        resolution_minutes=480,
    ),
    Step(
        name=pgettext_lazy("priorité", "Moyenne"),
        tone=Tone.MODERATE,
        definition=_("Une équipe est gênée, mais une autre façon de faire existe."),
        response_minutes=240,
        resolution_minutes=1440,
    ),
    Step(
        name=pgettext_lazy("priorité", "Basse"),
        tone=Tone.MINOR,
        definition=_("Une personne est gênée, sans effet sur les soins."),
        response_minutes=480,
        resolution_minutes=2880,
    ),
    Step(
        name=pgettext_lazy("priorité", "Très basse"),
        tone=Tone.LOW,
        definition=_("Question, suggestion ou demande sans échéance."),
        response_minutes=960,
        resolution_minutes=9600,
    ),
)

SCALES: Final[Mapping[str, tuple[Step, ...]]] = {"trois": VENDOR, "cinq": FIVE_LEVELS}
"""By the key that the form sends."""


def names_of(scale: tuple[Step, ...]) -> str:
    """Return what a scale is called by: its steps."""
    return ", ".join(str(step.name) for step in scale)
