"""The shape of what administrators send about grants. Rules are in `support_actions`."""

from datetime import datetime, time, timedelta
from typing import Any, Final
from uuid import uuid4

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.directory.models import GrantedCapability, SupportPurpose
from vigie.directory.support_actions import LONGEST_NOTE

_DAY: Final = "day"
DURATIONS: Final = (
    ("8", _("8 heures")),
    ("24", _("24 heures")),
    ("72", _("3 jours")),
    ("168", _("7 jours")),
    ("720", _("30 jours")),
    ("2160", _("90 jours, le plus long")),
    (_DAY, _("jusqu’à la fin d’un jour choisi")),
)


class UntilForm(forms.Form):
    """How long: some hours, or to the end of a day. `cleaned_data["until"]` is the moment."""

    duration = forms.ChoiceField(label=_("Durée"), choices=DURATIONS, initial="8")
    day = forms.DateField(
        label=_("Dernier jour"),
        required=False,
        help_text=_("Pour la durée « jusqu’à la fin d’un jour choisi », dans les 90 jours."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean(self) -> dict[str, Any]:
        stated: dict[str, Any] = super().clean() or {}
        duration, day = stated.get("duration"), stated.get("day")
        if duration == _DAY:
            if day is None and "day" not in self.errors:
                self.add_error("day", _("Choisissez le dernier jour."))
            elif day is not None:
                stated["until"] = timezone.make_aware(datetime.combine(day, time(23, 59)))
        elif duration:
            stated["until"] = timezone.now() + timedelta(hours=int(duration))
        return stated


class GrantForm(UntilForm):
    """What for, with which capabilities, until when (SEA-2)."""

    purpose = forms.ChoiceField(label=_("Motif"), choices=SupportPurpose.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Précision"),
        max_length=LONGEST_NOTE,
        required=False,
        help_text=_("Ce que vous attendez, sans nom de patient. À remplir pour le motif « Autre »."),
    )
    capabilities = forms.MultipleChoiceField(
        label=_("Le support peut aussi"),
        choices=[(one.value, one.label) for one in GrantedCapability if one is not GrantedCapability.USERS_READ],
        initial=[GrantedCapability.USERS_WRITE.value],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Voir les personnes, leurs services et leurs accès va de soi."),
    )
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    field_order = ("purpose", "note", "capabilities", "duration", "day", "submission")


class RenewForm(UntilForm):
    renewals = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
