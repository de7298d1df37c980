"""The shape of what operators send about applications. Rules are in `actions`."""

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from vigie.applications import actions
from vigie.applications.actions import ApplicationFacts
from vigie.applications.models import ClaimScope


class ApplicationForm(forms.Form):
    name = forms.CharField(label=_("Nom"), max_length=actions.LONGEST_NAME)
    text = forms.CharField(
        label=_("Texte de la tuile"), max_length=actions.LONGEST_TEXT, help_text=_("Une phrase, sous son nom, sur la page d’accueil.")
    )
    address = forms.CharField(
        label=_("Adresse"),
        max_length=actions.LONGEST_ADDRESS,
        help_text=_("Où mène la tuile : la page de l’application qui ouvre la connexion par Vigie."),
    )
    redirect_addresses = forms.CharField(
        label=_("Adresses de retour"),
        max_length=(actions.LONGEST_ADDRESS + 2) * actions.MOST_REDIRECTS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Une par ligne, à la lettre : https://, ou http:// vers localhost."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Ce que l’application apprend d’une personne"),
        choices=ClaimScope.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("En plus de son identifiant et de la façon dont elle s’est connectée. Rien de ses autres sites."),
    )
    is_trusted = forms.BooleanField(
        label=_("Le territoire en répond : ne pas demander l’accord de chaque personne"),
        required=False,
        help_text=_("Sinon, chacun lit ce qui sera transmis, et accepte ou refuse, à chaque connexion."),
    )
    serves_all = forms.BooleanField(
        label=_("Ouverte à tous les sites"), required=False, help_text=_("Sinon, aux sites cochés ci-dessous seulement.")
    )
    sites = forms.MultipleChoiceField(label=_("Sites"), required=False, widget=forms.CheckboxSelectMultiple)
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)

    def __init__(self, *args: Any, sites: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.MultipleChoiceField", self.fields["sites"]).choices = list(sites)

    def facts(self) -> ApplicationFacts:
        stated = self.cleaned_data
        return ApplicationFacts(
            **{name: stated[name] for name in ("name", "text", "address", "scopes", "serves_all", "is_trusted")},
            redirect_addresses=stated["redirect_addresses"].splitlines(),
            sites=[UUID(site) for site in stated["sites"]],
        )
