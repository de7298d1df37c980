"""The shape of what is sent about a desk. Rules are in `desk_actions`."""

from collections.abc import Iterable, Mapping
from datetime import time
from typing import Any, cast
from uuid import uuid4

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vigie.incidents import desk_actions as actions
from vigie.incidents.models import Tone
from vigie.incidents.scales import SCALES, names_of
from vigie.ui import dates
from vigie.ui.forms import Choice, ChoiceCards

_MEGABYTE = 1024 * 1024


class RevisedForm(forms.Form):
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class OpeningForm(forms.Form):
    """A desk to open."""

    site = forms.ChoiceField(label=_("Site"), help_text=_("Le site qui tient le guichet : ses techniciens y répondront."))
    name = forms.CharField(label=_("Nom"), max_length=actions.LONGEST_NAME)
    scale = forms.ChoiceField(
        label=_("Échelle des priorités"), widget=ChoiceCards, help_text=_("Un point de départ : tout s’y modifie ensuite.")
    )
    submission = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, sites: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["site"]).choices = [("", _("Choisissez…")), *sites]
        titles = {"trois": _("Trois priorités"), "cinq": _("Cinq priorités")}
        cast("forms.ChoiceField", self.fields["scale"]).choices = [
            (key, Choice(titles[key], names_of(steps))) for key, steps in SCALES.items()
        ]


class SettingsForm(RevisedForm):
    name = forms.CharField(label=_("Nom"), max_length=actions.LONGEST_NAME)
    phone = forms.CharField(label=_("Téléphone"), max_length=30, required=False)
    email = forms.EmailField(label=_("Adresse électronique"), max_length=254, required=False)
    notice = forms.CharField(
        label=_("Consigne de confidentialité"),
        max_length=actions.LONGEST_NOTICE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("Affichée à côté du formulaire de déclaration."),
    )
    closing_delay_days = forms.IntegerField(
        label=_("Clôture automatique après (jours)"),
        min_value=1,
        max_value=actions.MOST_DAYS,
        help_text=_("Sans réponse du demandeur, un incident résolu se ferme après ce délai."),
    )
    file_limit_megabytes = forms.IntegerField(label=_("Taille maximale d’un fichier (Mo)"), min_value=1, max_value=actions.MOST_MEGABYTES)


class HoursForm(RevisedForm):
    """A week: each day has up to three ranges, each between two hours. An empty range is no range."""

    always_open = forms.BooleanField(
        label=_("Ouvert jour et nuit, tous les jours"), required=False, help_text=_("Les plages ci-dessous sont alors gardées, sans effet.")
    )

    def __init__(self, *args: Any, opening: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day in range(actions.DAYS):
            ranges = opening.get(str(day), [])
            for place in range(actions.MOST_RANGES):
                given = ranges[place] if place < len(ranges) else ("", "")
                for end, value in zip(("from", "to"), given, strict=True):
                    field = forms.TimeField(required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
                    field.label = gettext("%(day)s, plage %(number)s, %(end)s") % {
                        "day": dates.weekday(day),
                        "number": place + 1,
                        "end": gettext("début") if end == "from" else gettext("fin"),
                    }
                    field.initial = value
                    self.fields[f"day_{day}_{place}_{end}"] = field

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        for day in range(actions.DAYS):
            for place in range(actions.MOST_RANGES):
                start, end = (found.get(f"day_{day}_{place}_{name}") for name in ("from", "to"))
                if (start is None) != (end is None) and not self.errors:
                    self.add_error(f"day_{day}_{place}_{'from' if start is None else 'to'}", gettext("Donnez les deux heures de la plage."))
        return found

    @property
    def week(self) -> list[list[tuple[time, time]]]:
        """The ranges of each day, Monday first."""
        stated = self.cleaned_data
        return [
            [
                (stated[f"day_{day}_{place}_from"], stated[f"day_{day}_{place}_to"])
                for place in range(actions.MOST_RANGES)
                if stated[f"day_{day}_{place}_from"] is not None
            ]
            for day in range(actions.DAYS)
        ]

    @property
    def days(self) -> list[tuple[str, list[Any], list[tuple[Any, Any]]]]:
        """Name of each day, what is wrong with it, and the pairs of fields of its ranges, to be drawn."""
        drawn = []
        for day in range(actions.DAYS):
            pairs = [(self[f"day_{day}_{place}_from"], self[f"day_{day}_{place}_to"]) for place in range(actions.MOST_RANGES)]
            wrong = [error for pair in pairs for field in pair for error in field.errors]
            drawn.append((str(dates.weekday(day)), wrong, pairs))
        return drawn


class TeamForm(RevisedForm):
    name = forms.CharField(label=_("Nom du groupe"), max_length=actions.LONGEST_NAME)
    members = forms.MultipleChoiceField(label=_("Techniciens"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, technicians: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.MultipleChoiceField", self.fields["members"]).choices = list(technicians)


class SolutionForm(RevisedForm):
    name = forms.CharField(label=_("Nom de la solution"), max_length=actions.LONGEST_NAME)
    is_active = forms.BooleanField(label=_("Proposée à la déclaration"), required=False)
    sites = forms.MultipleChoiceField(
        label=_("Sites qui l’utilisent"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Leurs personnes peuvent déclarer à ce guichet. Les incidents du passé restent lisibles."),
    )

    def __init__(self, *args: Any, sites: Iterable[tuple[str, str]] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if sites is None:
            del self.fields["sites"]
        else:
            cast("forms.MultipleChoiceField", self.fields["sites"]).choices = list(sites)


class CategoryForm(RevisedForm):
    name = forms.CharField(label=_("Nom de la catégorie"), max_length=actions.LONGEST_CATEGORY)
    is_active = forms.BooleanField(label=_("Proposée à la déclaration"), required=False)


class PriorityForm(RevisedForm):
    name = forms.CharField(label=_("Nom de la priorité"), max_length=actions.LONGEST_PRIORITY)
    definition = forms.CharField(
        label=_("Quand la choisir"),
        max_length=actions.LONGEST_DEFINITION,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Lue par les personnes qui déclarent."),
    )
    tone = forms.ChoiceField(label=_("Apparence"), choices=Tone.choices)
    response_minutes = forms.IntegerField(label=_("Première réponse (minutes ouvrées)"), min_value=1, max_value=actions.MOST_MINUTES)
    resolution_minutes = forms.IntegerField(label=_("Résolution (minutes ouvrées)"), min_value=1, max_value=actions.MOST_MINUTES)
