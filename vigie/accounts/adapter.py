"""Where allauth asks Vigie how it is done here: mail, limits, second factors, secrets."""

from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import Login
from allauth.core import context, ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from vigie.accounts import actions, devices, encryption, failures, letters, terms
from vigie.accounts.authentication import find_by_email, is_in_network, is_strong, vouched_for_two_factors
from vigie.accounts.factors import STRONG, can_show_second_factor, may_use_mailbox
from vigie.accounts.models import User
from vigie.accounts.session_store import SessionStore
from vigie.foundation import scope
from vigie.foundation.scope import Scope

_CODES = frozenset({"account/email/login_code", "account/email/password_reset_code"})
"""Mails whose text opens something."""


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by administrators; their mail goes through the outbox, in their owner's language and time zone."""

    error_messages = DefaultAccountAdapter.error_messages | {
        # The same for an address that has no account: attempts are counted by address.
        "too_many_login_attempts": _(
            "Trop d’essais manqués. Attendez cinq minutes, choisissez un autre mot de passe par « Mot de passe oublié ? », ou demandez "
            "à l’administrateur de votre site de débloquer votre compte."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        """The place if it counts, an e-mail code for those who hold nothing stronger, then what they hold."""
        return [
            "vigie.accounts.stages.NetworkStage",
            "vigie.accounts.stages.MailboxAloneStage",
            "allauth.account.stages.LoginByCodeStage",
            "vigie.accounts.stages.FactorStage",
        ]

    def is_login_by_code_required(self, login: Login) -> bool:
        user = login.user
        if not isinstance(user, User) or vouched_for_two_factors(context.request, user) or is_in_network(context.request, user):
            return False
        return may_use_mailbox(user)

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        words = {
            "reauthenticate": gettext("Avec mon mot de passe"),
            "mfa_reauthenticate": gettext("Avec un code de mon application ou un code de secours"),
            "mfa_reauthenticate:webauthn": gettext("Avec ma clé d’accès"),
        }
        return [method | {"description": words[method["id"]]} for method in super().get_reauthentication_methods(user)]

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failed attempts by account: writing its address in another way does not begin anew."""
        return failures.attempts_key(str(credentials.get("email") or credentials.get("username") or ""))

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        if isinstance(request.session, SessionStore):
            request.session.start()

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        """Tell her by mail when this browser is new to her account."""
        response = super().post_login(request, user, **kwargs)
        if isinstance(user, User):
            if terms.has_accepted(user, terms.terms_in_force()):
                terms.let_in(request, user)
            if not is_strong(request, user):
                actions.mark_session_of_network(str(request.session.session_key))
            token = devices.device_token(request)
            if not actions.remember_device(user, devices.fingerprint_of(token)):
                self.send_notification_mail("account/email/new_device", user)
            devices.keep_token(response, token)
        return response

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """Change it from a full session, which stays; the others end."""
        if isinstance(user, User):
            actions.choose_password(user, password, keep_session=context.request.session.session_key)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: AbstractBaseUser,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell a person what happened to her account; allauth sometimes does so once the transaction has ended."""
        with _as_herself(user):
            details = {
                "timestamp": timezone.now(),
                "ip": self.get_client_ip(self.request),
                "browser": devices.browser_name(self.get_http_user_agent(self.request)),
            }
            if isinstance(user, User):
                letters.post(user, template_prefix, details | (context or {}))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send to the owner of this address. Mail to others is never sent: nobody learns that they have no account."""
        identifier = find_by_email(email)
        user = User.objects.filter(pk=identifier).first() if identifier else None
        if user is None:
            return
        if template_prefix == "account/email/login_code":
            self._limit_codes(user)
        letters.post(user, template_prefix, context, opens_something=template_prefix in _CODES)

    def _limit_codes(self, user: User) -> None:
        """So many codes an hour: each can be guessed at three times, and each fills a mailbox."""
        if not ratelimit.consume(context.request, action="login_code", key=str(user.pk)):
            raise ImmediateHttpResponse(ratelimit.respond_429(context.request))


class FactorAdapter(DefaultMFAAdapter):
    """Second factors: their secrets are encrypted, their names are French."""

    purpose = "factor"

    def encrypt(self, text: str) -> str:
        return encryption.seal(text, purpose=self.purpose)

    def decrypt(self, encrypted_text: str) -> str:
        return encryption.unseal(encrypted_text, purpose=self.purpose)

    def is_mfa_enabled(self, user: AbstractBaseUser, types: Iterable[str] | None = None) -> bool:
        """Both strong kinds at once is the question of allauth's sign-in: has she something to show at the second step."""
        if types is not None and set(types) == STRONG and isinstance(user, User):
            return can_show_second_factor(user)
        return super().is_mfa_enabled(user, types)

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002 - allauth's name.
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return gettext("Clé d’accès %(number)d") % {"number": count + 1}

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": context.request.get_host().partition(":")[0], "name": "Vigie"}

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": _("Ce facteur ne peut pas être retiré."),
    }


def _as_herself(user: AbstractBaseUser) -> AbstractContextManager[None]:
    return nullcontext() if connection.in_atomic_block else scope.entered(Scope(user_id=user.pk))
