"""Which second factors a person holds, and which of them count today."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.db.models import TextChoices
from django.db.models.fields.json import KT
from django.utils.translation import gettext_lazy as _

from vigie.accounts import identities
from vigie.accounts.models import TrustedNetwork, User

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


class FactorKind(TextChoices):
    """What a factor is, for whoever sees that of somebody else."""

    KEY = "webauthn", _("Clé d’accès")
    APPLICATION = "totp", _("Application d’authentification")
    RECOVERY = "recovery_codes", _("Codes de secours")
    IDENTITY = "identity", _("Identité liée")
    NETWORK = "network", _("Plage d’adresses")


@dataclass(frozen=True, slots=True)
class ShownFactor:
    """A factor as an administrator sees it: never what is in it."""

    id: str
    kind: FactorKind
    name: str
    added_at: datetime
    last_used_at: datetime | None
    ends_at: datetime | None = None
    network: str = ""


def shown_factors(user: User) -> list[ShownFactor]:
    """Return all that a person may show, strongest kinds first, in three statements; the scope must be hers.

    Secrets and codes are not even read.
    """
    columns: tuple[Any, ...] = ("pk", "type", KT("data__name"), "created_at", "last_used_at")
    held = [
        ShownFactor(str(key), FactorKind(kind), name or "", added_at, last_used_at)
        for key, kind, name, added_at, last_used_at in Authenticator.objects.filter(user=user).order_by("pk").values_list(*columns)
    ]
    held.sort(key=lambda factor: FactorKind.values.index(factor.kind))
    linked = [
        ShownFactor(str(row.pk), FactorKind.IDENTITY, identities.name_of(row), row.date_joined, row.last_login)
        for row in identities.linked_to(user)
    ]
    places = [
        ShownFactor(str(row.pk), FactorKind.NETWORK, row.name, row.created_at, row.last_used_at, row.expires_at, row.network)
        for row in TrustedNetwork.objects.filter(user=user).order_by("-expires_at", "pk")
    ]
    return held + linked + places
