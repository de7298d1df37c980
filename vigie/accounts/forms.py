"""Forms of sign-in, factors and preferences: allauth's, in French and drawn by the kit, and ours."""

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final
from uuid import UUID

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.forms import (
    ChangePasswordForm as BaseChangePasswordForm,
)
from allauth.account.forms import (
    ConfirmLoginCodeForm as BaseConfirmLoginCodeForm,
)
from allauth.account.forms import (
    ConfirmPasswordResetCodeForm,
    ResetPasswordKeyForm,
)
from allauth.account.forms import (
    LoginForm as BaseLoginForm,
)
from allauth.account.forms import (
    ReauthenticateForm as BaseReauthenticateForm,
)
from allauth.account.forms import (
    ResetPasswordForm as BaseResetPasswordForm,
)
from allauth.account.forms import (
    SetPasswordForm as BaseSetPasswordForm,
)
from allauth.core import context, ratelimit
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.adapter import get_adapter as get_factor_adapter
from allauth.mfa.base.forms import AuthenticateForm, BaseAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as BaseFactorAgainForm
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.forms import GenerateRecoveryCodesForm as BaseGenerateRecoveryCodesForm
from allauth.mfa.totp.forms import ActivateTOTPForm as BaseActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.cache import cache as shared_cache
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_decode

from vigie.accounts import actions, letters
from vigie.accounts.authentication import candidate, find_by_email, pending_user_id
from vigie.accounts.models import User
from vigie.accounts.passwords import MAX_LENGTH
from vigie.foundation.text import clean_line

_REGIONS: Final = ("Europe/", "America/", "Indian/", "Pacific/", "Atlantic/", "Africa/", "Asia/", "Australia/")


def _label(form: forms.BaseForm, name: str, label: Any, **attributes: str) -> None:
    """Rename a field of allauth's form; our fields have no placeholder, which would pass for a label."""
    field = form.fields[name]
    field.label = label
    field.help_text = ""
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs |= attributes


def _code_field(form: forms.BaseForm) -> None:
    _label(form, "code", _("Code"), inputmode="numeric", autocomplete="one-time-code", maxlength="20", autofocus="autofocus")


def _bound(form: forms.BaseForm, *names: str) -> None:
    for name in names:
        form.fields[name].validators.append(forms.CharField(max_length=MAX_LENGTH).validators[0])
        form.fields[name].widget.attrs["maxlength"] = str(MAX_LENGTH)


class LoginForm(BaseLoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self, "login", _("Adresse électronique"), autocomplete="username webauthn", spellcheck="false")
        _label(self, "password", _("Mot de passe"))
        _bound(self, "password")


class ReauthenticateForm(BaseReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self, "password", _("Mot de passe"), autofocus="autofocus")
        _bound(self, "password")


class ChangePasswordForm(BaseChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self, "oldpassword", _("Mot de passe actuel"))
        _bound(self, "oldpassword")
        _label_new_passwords(self)


class SetPasswordForm(BaseSetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label_new_passwords(self)


class NewPasswordForm(ResetPasswordKeyForm):
    """The end of a forgotten password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label_new_passwords(self)

    def save(self) -> None:
        actions.choose_forgotten_password(self.user, self.cleaned_data["password1"])


def _label_new_passwords(form: forms.BaseForm) -> None:
    _label(form, "password1", _("Nouveau mot de passe"))
    form.fields["password1"].help_text = _("Au moins 12 caractères, difficiles à deviner : quatre mots sans rapport font l’affaire.")
    _label(form, "password2", _("Nouveau mot de passe, encore une fois"))
    _bound(form, "password1", "password2")


class ResetPasswordForm(BaseResetPasswordForm):
    """The beginning of a forgotten password: the same answer whether the account exists or not."""

    users: list[User]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self, "email", _("Adresse électronique"), autocomplete="username", autofocus="autofocus")

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        user = candidate(find_by_email(address))
        self.users = [user] if user is not None and user.is_active else []
        return address

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        if not self.users:
            code = get_account_adapter().generate_password_reset_code()
            letters.rehearse(self.cleaned_data["email"], "account/email/password_reset_code", {"code": code})
        return super().save(request, **kwargs)


class ConfirmResetCodeForm(ConfirmPasswordResetCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code_field(self)

    def clean_code(self) -> str:
        _count_guess()
        return super().clean_code()


class ConfirmLoginCodeForm(BaseConfirmLoginCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code_field(self)

    def clean_code(self) -> str:
        _count_guess()
        return super().clean_code()


def _count_guess() -> None:
    """Count the guesses at mailed codes by account; allauth counts them by session, which parallel requests outrun."""
    request = context.request
    key = str(pending_user_id(request) or request.session.session_key)
    if not ratelimit.consume(request, action="code_guess", key=key):
        raise get_account_adapter().validation_error("too_many_login_attempts")


class _UsedOnce(BaseAuthenticateForm):
    """Accept a one-time code once.

    allauth forgets after one period that a code was used; with a tolerance it would be accepted for longer than that.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _code_field(self)

    def clean_code(self) -> str:
        code = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP:
            lifetime = (2 * mfa_settings.TOTP_TOLERANCE + 1) * mfa_settings.TOTP_PERIOD
            typed = "".join(filter(str.isdigit, code))
            if not shared_cache.add(f"accounts.totp.{self.user.pk}.{typed}", 1, timeout=lifetime):
                raise get_factor_adapter().validation_error("incorrect_code")
        return code


class FactorCodeForm(_UsedOnce, AuthenticateForm):
    """The second step of a sign-in."""


class FactorCodeAgainForm(_UsedOnce, BaseFactorAgainForm):
    """The same person again, before something sensitive."""


class ActivateTOTPForm(BaseActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self, "code", _("Code affiché par l’application"), inputmode="numeric", autocomplete="one-time-code", maxlength="20")


class AddPasskeyForm(AddWebAuthnForm):
    """A key that can be found without an address (passkey), so that it opens a session alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self, "name", _("Nom de la clé"), maxlength="60")
        self.fields["name"].help_text = _("Pour la reconnaître : « Téléphone », « Clé USB du bureau »…")
        _label(self, "passwordless", _("Me connecter sans mot de passe avec cette clé"))
        self.fields["passwordless"].help_text = _("Elle demandera votre empreinte, votre visage ou un code.")
        self.fields["passwordless"].initial = True

    def clean(self) -> dict[str, Any]:
        with _well_formed():
            return super().clean()


class RenamePasskeyForm(EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _label(self, "name", _("Nom de la clé"), maxlength="60")


@contextmanager
def _well_formed() -> Iterator[None]:
    """Refuse what is no answer of a browser; allauth trusts its shape."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise get_factor_adapter().validation_error("incorrect_code") from error


class PasskeySignInForm(LoginWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        """Let the transaction read the account that the key names; the key still has to sign."""
        with _well_formed():
            candidate(_user_of(self.cleaned_data["credential"]))
            return super().clean_credential()


class PasskeySecondForm(AuthenticateWebAuthnForm):
    """The second step of a sign-in."""

    def clean_credential(self) -> Authenticator:
        with _well_formed():
            return super().clean_credential()


class PasskeyAgainForm(ReauthenticateWebAuthnForm):
    """The same person again, before something sensitive."""

    def clean_credential(self) -> Authenticator:
        with _well_formed():
            return super().clean_credential()


def _user_of(credential: object) -> UUID | None:
    try:
        handle = credential["response"]["userHandle"]  # type: ignore[index]
        return UUID(websafe_decode(handle).decode())
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


class GenerateRecoveryCodesForm(BaseGenerateRecoveryCodesForm):
    """Recovery codes are for everybody: with the mailbox as only factor, they are what a forgotten password leaves."""

    def clean(self) -> dict[str, Any]:
        return self.cleaned_data


class FactorNameForm(forms.Form):
    name = forms.CharField(
        label=_("Nom du facteur"), max_length=60, help_text=_("Pour le reconnaître : « Téléphone de service », « Coffre du bureau »…")
    )

    def clean_name(self) -> str:
        name = clean_line(self.cleaned_data["name"])
        if not name:
            raise forms.ValidationError(_("Ce champ est obligatoire."))
        return name


class TermsForm(forms.Form):
    accepted = forms.BooleanField(
        label=_("J’ai lu les conditions d’utilisation et je les accepte."),
        error_messages={"required": _("Cochez la case pour accepter les conditions, ou déconnectez-vous.")},
    )


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg] # Django's own class takes no parameter.
    class Meta:
        model = User
        fields = ("first_name", "last_name", "phone", "secure_address")
        labels = {"first_name": _("Prénom"), "last_name": _("Nom"), "phone": _("Téléphone")}
        help_texts = {"secure_address": _("Vos échanges sur les incidents y sont envoyés de préférence.")}


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("language", "time_zone", "theme")
        labels = {
            "language": _("Langue"),
            "time_zone": _("Fuseau horaire"),
            "theme": _("Apparence"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Fuseau horaire"), choices=time_zones, help_text=_("Toutes les heures sont affichées dans ce fuseau.")
        )


@cache
def time_zones() -> list[tuple[str, str]]:
    """Return the zones that a person may choose, those of France first."""
    names = sorted(name for name in zoneinfo.available_timezones() if name.startswith(_REGIONS))
    first = ["Europe/Paris", *(name for name in names if name in _FRENCH)]
    return [(name, name.replace("_", " ")) for name in dict.fromkeys([*first, *names])]


_FRENCH: Final = frozenset(
    {
        "America/Cayenne",
        "America/Guadeloupe",
        "America/Martinique",
        "America/Miquelon",
        "America/St_Barthelemy",
        "Indian/Mayotte",
        "Indian/Reunion",
        "Pacific/Noumea",
        "Pacific/Tahiti",
        "Pacific/Wallis",
    }
)
