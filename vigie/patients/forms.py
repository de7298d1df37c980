"""The shape of what pages send about patients. Sealed values are opaque here; rules are in `actions`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from vigie.patients.models import LABELS, LONGEST_TOKEN, REQUIRED, SEALED

HELP = {"note": _("Ce qui aide à la prise en charge ; le support ne le lit pas.")}
INPUTS = {"birth_date": "date", "phone": "tel", "email": "email", "note": "textarea", "address": "textarea"}
"""How the page asks for each; the others are plain lines."""
LONGEST = {"address": 500, "note": 4000}
"""Characters of each; 200 for the others."""


class PatientForm(forms.Form):
    id = forms.UUIDField(widget=forms.HiddenInput)
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    emr_identifier = forms.CharField(
        label=_("Identifiant DPI"),
        max_length=40,
        required=False,
        help_text=_("Le numéro du patient dans votre dossier patient informatisé. Il reste lisible par le support : jamais un nom."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SEALED:
            self.fields[name] = forms.CharField(
                label=LABELS[name], max_length=LONGEST_TOKEN, required=name == REQUIRED, widget=forms.HiddenInput, strip=True
            )

    @property
    def sealed(self) -> dict[str, str]:
        """What was sealed, by field."""
        return {name: self.cleaned_data.get(name, "") for name in SEALED}
