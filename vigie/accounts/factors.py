"""Which second factors a person holds, and which of them count today."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from allauth.mfa.models import Authenticator

from vigie.accounts.models import User

STRONG: Final = frozenset({Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN})
"""An authenticator application, passkeys and security keys: what e-mail codes give way to."""


@dataclass(frozen=True, slots=True)
class Factors:
    """What the security page lists."""

    application: Authenticator | None
    keys: tuple[Authenticator, ...]
    recovery: Authenticator | None

    @property
    def unused_recovery_codes(self) -> int:
        return len(self.recovery.wrap().get_unused_codes()) if self.recovery else 0

    @property
    def has_strong(self) -> bool:
        return self.application is not None or bool(self.keys)


def factors_of(user: User) -> Factors:
    """Return her factors, oldest key first."""
    held = list(Authenticator.objects.filter(user=user).order_by("created_at"))

    def one(kind: Authenticator.Type) -> Authenticator | None:
        return next((factor for factor in held if factor.type == kind), None)

    return Factors(
        application=one(Authenticator.Type.TOTP),
        keys=tuple(factor for factor in held if factor.type == Authenticator.Type.WEBAUTHN),
        recovery=one(Authenticator.Type.RECOVERY_CODES),
    )


def holds_any(user: User, kinds: Iterable[str]) -> bool:
    """Tell whether she holds a factor of one of these kinds."""
    return Authenticator.objects.filter(user=user, type__in=kinds).exists()


def can_show_second_factor(user: User) -> bool:
    """Tell whether the second step asks for a code or a key that she holds.

    Recovery codes alone are not asked for at every sign-in: the mailbox is there for that, unless it has already
    given the password.
    """
    kinds = STRONG | {Authenticator.Type.RECOVERY_CODES} if user.is_password_from_email else STRONG
    return holds_any(user, kinds)


def may_use_mailbox(user: User) -> bool:
    """Tell whether a code sent to her mailbox is her second factor."""
    return not user.is_password_from_email and not holds_any(user, STRONG)
