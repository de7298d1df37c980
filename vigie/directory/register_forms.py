"""The shape of what administrators send about the registers of a site. Rules are in the actions of each register."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from vigie.directory import feature_actions, practitioner_actions, service_actions


class ServiceForm(forms.Form):
    name = forms.CharField(label=_("Nom"), max_length=service_actions.LONGEST_NAME)


class RevisedServiceForm(ServiceForm):
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class PractitionerForm(forms.Form):
    rpps = forms.CharField(
        label=_("Numéro RPPS"), max_length=20, help_text=_("Onze chiffres."), widget=forms.TextInput({"inputmode": "numeric"})
    )
    title = forms.CharField(
        label=_("Titre"), max_length=practitioner_actions.LONGEST["title"], required=False, help_text=_("« Dr », « Pr »…")
    )
    last_name = forms.CharField(label=_("Nom"), max_length=practitioner_actions.LONGEST["last_name"])
    first_name = forms.CharField(label=_("Prénom"), max_length=practitioner_actions.LONGEST["first_name"])
    specialty = forms.CharField(label=_("Spécialité"), max_length=practitioner_actions.LONGEST["specialty"], required=False)


class RevisedPractitionerForm(PractitionerForm):
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class _Boxes(forms.Form):
    """Boxes to tick among what there is, against the revision that was shown."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, choices: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.visible_fields():
            cast("forms.MultipleChoiceField", field.field).choices = list(choices)


class ActivationForm(_Boxes):
    services = forms.MultipleChoiceField(label=_("Services"), required=False, widget=forms.CheckboxSelectMultiple)


class PractitionerFeaturesForm(_Boxes):
    features = forms.MultipleChoiceField(label=_("Fonctionnalités"), required=False, widget=forms.CheckboxSelectMultiple)


class FeatureForm(forms.Form):
    name = forms.CharField(label=_("Nom"), max_length=feature_actions.LONGEST_NAME)
    description = forms.CharField(
        label=_("Description"),
        max_length=feature_actions.LONGEST_DESCRIPTION,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Ce que la personne peut faire, en une phrase."),
    )


class NewFeatureForm(FeatureForm):
    code = forms.CharField(
        label=_("Code"),
        max_length=50,
        help_text=_("Le nom que connaissent les logiciels : lettres minuscules, chiffres et traits d’union. Il ne changera plus."),
    )
    field_order = ("code", "name", "description")


class RevisedFeatureForm(FeatureForm):
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
