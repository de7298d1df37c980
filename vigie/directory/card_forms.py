"""The shape of a loan. Rules are in `card_actions`."""

from django import forms
from django.utils.translation import gettext_lazy as _

from vigie.directory.card_actions import LONGEST_NUMBER


class LoanForm(forms.Form):
    number = forms.CharField(label=_("Numéro de la carte"), max_length=LONGEST_NUMBER, help_text=_("Celui qui est imprimé sur la carte."))
    due_on = forms.DateField(
        label=_("À rendre le"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Passé ce jour, la carte est signalée en retard."),
    )
