"""The shape of what operators send about spaces, sites and accounts. Rules are in the actions."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from vigie.accounts.forms import time_zones
from vigie.directory.console_forms import IdentityForm
from vigie.directory.models import HolidayZone, SiteKind
from vigie.directory.site_actions import LONGEST_SPACE, SiteFacts

Choices = Iterable[tuple[str, Any]]


class SpaceForm(forms.Form):
    name = forms.CharField(label=_("Nom"), max_length=LONGEST_SPACE)
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)


class SiteForm(forms.Form):
    name = forms.CharField(label=_("Nom"), max_length=160)
    kind = forms.ChoiceField(label=_("Type"), choices=[("", _("Choisissez…")), *SiteKind.choices])
    number = forms.CharField(label=_("Numéro de site"), max_length=20)
    finess = forms.CharField(label=_("FINESS"), max_length=14, required=False)
    address = forms.CharField(label=_("Adresse"), max_length=200, required=False)
    city = forms.CharField(label=_("Ville"), max_length=80, required=False)
    latitude = forms.FloatField(label=_("Latitude"), required=False, widget=forms.NumberInput(attrs={"step": "any"}))
    longitude = forms.FloatField(label=_("Longitude"), required=False, widget=forms.NumberInput(attrs={"step": "any"}))
    time_zone = forms.ChoiceField(label=_("Fuseau horaire"), choices=time_zones, initial="Europe/Paris")
    holiday_zone = forms.ChoiceField(label=_("Jours fériés"), choices=HolidayZone.choices, initial=HolidayZone.MAINLAND)
    phone = forms.CharField(label=_("Téléphone"), max_length=30, required=False)

    def facts(self) -> SiteFacts:
        stated = self.cleaned_data
        return SiteFacts(**{name: stated[name] for name in SiteFacts.__slots__})


class RevisedSiteForm(SiteForm):
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class NewSiteForm(SiteForm):
    space = forms.ChoiceField(label=_("Espace"), help_text=_("Un site reste dans son espace : son journal y est conservé."))
    field_order = ("space", "name", "kind", "number", "finess")

    def __init__(self, *args: Any, spaces: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ChoiceField", self.fields["space"]).choices = [("", _("Choisissez…")), *spaces]


class AdministratorForm(IdentityForm):
    """Somebody to invite directly as an administrator."""

    email = forms.EmailField(
        label=_("Adresse électronique"), max_length=254, help_text=_("L’invitation y est envoyée ; elle servira à se connecter.")
    )
    is_user = forms.BooleanField(
        label=_("Déclare aussi des incidents"),
        required=False,
        initial=True,
        help_text=_(
            "Administrer un site ne donne aucun droit sur ses incidents : cochez pour qu’elle puisse en déclarer et suivre les siens."
        ),
    )
    field_order = ("email", "last_name", "first_name", "function", "is_user")


class AddressForm(forms.Form):
    """Another address for an account; `former` is the one that was shown."""

    email = forms.CharField(
        label=_("Nouvelle adresse électronique"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    former = forms.CharField(widget=forms.HiddenInput, max_length=254)


class UnlockForm(forms.Form):
    is_checked = forms.BooleanField(
        label=_("J’ai vérifié qui est cette personne"),
        help_text=_("Par un autre moyen que le courriel : de vive voix, ou par son administrateur."),
    )
    removing_factors = forms.BooleanField(
        label=_("Elle a perdu ses seconds facteurs : les retirer"),
        required=False,
        help_text=_("Application, clés, codes de secours et identités liées n’ouvrent plus rien, et ses sessions se ferment."),
    )
