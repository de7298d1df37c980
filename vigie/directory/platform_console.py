"""What the pages of the operator's console share: their frame. A new part of it is one more line of SECTIONS."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from vigie.directory.console import Tab

SECTIONS: tuple[tuple[str, Any, str], ...] = (
    ("spaces", _("Espaces"), "directory:platform_spaces"),
    ("sites", _("Sites"), "directory:platform_sites"),
    ("accounts", _("Comptes"), "directory:platform_accounts"),
    ("features", _("Fonctionnalités"), "directory:catalogue"),
    ("desks", _("Guichets"), "desks:platform"),
    ("applications", _("Applications"), "applications:list"),
    ("rights", _("Droits"), "directory:rights"),
    ("terms", _("Conditions"), "directory:terms"),
    ("journal", _("Journal"), "directory:platform_journal"),
)
"""Key, label and address of each part of the console, in the order of its tabs."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What `directory/platform.html` draws around a page."""

    tabs: Sequence[Tab]
    crumbs: Sequence[tuple[Any, str]]


def frame(current: str, *here: tuple[Any, str]) -> Frame:
    """Return the frame of a page of the part `current`; `here` is the way from its first page, with the page itself last."""
    labels = {key: (label, reverse(address)) for key, label, address in SECTIONS}
    label, url = labels[current]
    return Frame(
        tabs=[Tab(label, url, key == current) for key, (label, url) in labels.items()],
        crumbs=[(_("Plateforme"), reverse("directory:platform")), (label, url if here else ""), *here],
    )
