"""The shape of what is sent about factors. Rules are in `factor_actions`."""

from datetime import date, datetime, time

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.directory.factor_actions import LONGEST_NAME


class IdentityCheckedForm(forms.Form):
    """Nobody is helped by mail alone: whoever reads her mailbox could ask too."""

    checked = forms.BooleanField(
        label=_("J’ai vérifié qui est cette personne, de vive voix ou en sa présence."),
        error_messages={"required": _("Vérifiez d’abord qui vous le demande, autrement que par courriel, puis cochez la case.")},
    )


class NetworkForm(forms.Form):
    name = forms.CharField(label=_("Nom de la plage"), max_length=LONGEST_NAME, help_text=_("Le lieu : « Salle de garde, bâtiment B »."))
    network = forms.CharField(
        label=_("Plage d’adresses"),
        max_length=43,
        help_text=_(
            "Celle que Vigie voit : /28 au moins pour des adresses publiques, /24 privées, /56 en IPv6. Par exemple 203.0.113.16/28."
        ),
    )
    expires_on = forms.DateField(
        label=_("Jusqu’au"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Ce jour compris, dans un an au plus."),
    )

    def end(self) -> datetime:
        """Return the last moment of the day that was chosen, in the reader's time zone."""
        day: date = self.cleaned_data["expires_on"]
        return timezone.make_aware(datetime.combine(day, time.max))
