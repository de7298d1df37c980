"""Shapes of what people type about keys; no secret is ever a field of a form."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ConnectorForm(forms.Form):
    """A program proposed as a reader."""

    name = forms.CharField(label=_("Nom du connecteur"), max_length=80)
    purpose = forms.CharField(
        label=_("À quoi il sert"),
        max_length=200,
        help_text=_("Tout le monde le lira dans « Qui peut lire ». Exemple : « alimente le dossier patient »"),
    )
    record = forms.CharField(
        label=_("Clé publique du connecteur"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Le texte que donne le connecteur à son installation ; il commence par « eyJ »."),
    )
