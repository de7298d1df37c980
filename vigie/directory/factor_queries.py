"""What the console reads of a member's factors and sessions: kinds, names and dates; never a secret, a code or an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from vigie.accounts.devices import browser_name
from vigie.accounts.factors import FactorKind, ShownFactor, shown_factors
from vigie.accounts.models import User
from vigie.directory.policies import MemberAccess
from vigie.foundation import scope
from vigie.foundation.scope import Scope

MOST_SESSIONS = 50


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One open session: which browser and since when, not from which address."""

    id: int
    browser: str
    opened_at: datetime
    seen_at: datetime
    is_by_network: bool


@dataclass(frozen=True, slots=True)
class MemberFactors:
    """What the record shows under « Authentification forte » and « Sessions »."""

    own: Sequence[ShownFactor]
    """What she has or knows."""
    networks: Sequence[ShownFactor]
    sessions: Sequence[SessionRow]
    waits_for_unlocking: bool
    """Her password came from her mailbox, and she has nothing else to show: her sign-in stops."""
    now: datetime

    @property
    def mailbox_counts(self) -> bool:
        return not any(factor.kind in (FactorKind.KEY, FactorKind.APPLICATION) for factor in self.own)


def member_factors(access: MemberAccess) -> MemberFactors | None:
    """Return what may be seen of the factors of a member; None when nothing may, or there is no account yet."""
    # A support site sees no factor, and cannot even read the account.
    user = access.membership.user if access.may_see_factors else None
    if user is None:
        return None
    with scope.entered(Scope(user_id=user.pk)):
        shown = shown_factors(user)
    return MemberFactors(
        own=[factor for factor in shown if factor.kind is not FactorKind.NETWORK],
        networks=[factor for factor in shown if factor.kind is FactorKind.NETWORK],
        sessions=_open_sessions(user),
        waits_for_unlocking=user.is_password_from_email
        and not any(factor.kind in (FactorKind.KEY, FactorKind.APPLICATION, FactorKind.RECOVERY) for factor in shown),
        now=timezone.now(),
    )


def _open_sessions(user: User) -> list[SessionRow]:
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    rows = UserSession.objects.filter(user_id=user.pk, session_key__in=alive.values("session_key")).order_by("-last_seen_at", "-pk")
    return [
        SessionRow(row.pk, browser_name(row.user_agent), row.created_at, row.last_seen_at, bool(row.data.get("by_network")))
        for row in rows[:MOST_SESSIONS]
    ]
