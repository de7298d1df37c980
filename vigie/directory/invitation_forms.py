"""What an invited person types."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from vigie.accounts.models import User
from vigie.accounts.passwords import MAX_LENGTH


class ChoosePasswordForm(forms.Form):
    password1 = forms.CharField(
        label=_("Mot de passe"),
        strip=False,
        max_length=MAX_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Au moins 12 caractères, difficiles à deviner : quatre mots sans rapport font l’affaire."),
    )
    password2 = forms.CharField(
        label=_("Mot de passe, encore une fois"),
        strip=False,
        max_length=MAX_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        validate_password(password, self._person)
        return password

    def clean_password2(self) -> str:
        again: str = self.cleaned_data["password2"]
        if self.cleaned_data.get("password1") not in (None, again):
            raise ValidationError(_("Les deux mots de passe sont différents."))
        return again
