"""What the operator's console reads of accounts: names, addresses, memberships; no health data. The caller is an operator."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from allauth.usersessions.models import UserSession
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from vigie.accounts.factors import can_show_second_factor
from vigie.accounts.models import User
from vigie.directory import keyset
from vigie.directory.keyset import Position, Slice
from vigie.directory.models import Membership, MemberStatus, Role
from vigie.foundation import scope
from vigie.foundation.errors import Unseen
from vigie.foundation.scope import Scope
from vigie.foundation.text import clean_line

MOST_SOUGHT = 200
"""Characters of a search that count."""
_ORDER = ("last_name", "first_name", "id")


@dataclass(frozen=True, slots=True)
class AccountFilters:
    """What narrows the list of accounts; nonsense is ignored."""

    words: str = ""
    state: str = ""
    """« 1 »: active; « 0 »: deactivated."""
    role: str = ""
    """Held in force in some site."""

    @property
    def active(self) -> bool:
        return bool(self.state or self.role)

    def narrow(self, accounts: QuerySet[User]) -> QuerySet[User]:
        if self.state in ("0", "1"):
            accounts = accounts.filter(is_active=self.state == "1")
        if self.role in Role.values:
            holders = Membership.objects.in_force().filter(roles__contains=[self.role], site__is_active=True)
            accounts = accounts.filter(pk__in=holders.values("user"))
        return accounts


@dataclass(frozen=True, slots=True)
class AccountRow:
    """One line of the list of accounts."""

    account: User
    sites: Sequence[str]
    is_administrator: bool
    is_operator: bool

    @property
    def name(self) -> str:
        return f"{self.account.last_name} {self.account.first_name}".strip()


@dataclass(frozen=True, slots=True)
class AccountsPage:
    slice: Slice[User]
    rows: Sequence[AccountRow]
    is_approximate: bool
    """Nobody bears what was sought; these are the nearest names."""


def accounts_page(filters: AccountFilters, position: Position) -> AccountsPage:
    """Return one page of all accounts, by name, in at most seven statements."""
    words = clean_line(filters.words)[:MOST_SOUGHT]
    found = keyset.cut(filters.narrow(_sought(words, near=False)), _ORDER, position)
    is_approximate = False
    if not found.total and words:
        found = keyset.cut(filters.narrow(_sought(words, near=True)), _ORDER, position)
        is_approximate = bool(found.total)
    sites: dict[UUID | None, list[str]] = {}
    roles: dict[UUID | None, set[str]] = {}
    members = Membership.objects.in_force().filter(user__in=[account.pk for account in found.rows]).order_by("site__name")
    for person, site, given in members.values_list("user", "site__name", "roles"):
        sites.setdefault(person, []).append(site)
        roles.setdefault(person, set()).update(given)
    rows = []
    for account in found.rows:
        held = roles.get(account.pk, set())
        rows.append(AccountRow(account, sites.get(account.pk, []), Role.ADMIN in held, Role.OPERATOR in held))
    return AccountsPage(found, rows, is_approximate)


def _sought(words: str, *, near: bool) -> QuerySet[User]:
    if not words:
        return User.objects.all()
    return User.objects.filter(pk__in=RawSQL("SELECT accounts_search(%s, %s)", [words, near]))


@dataclass(frozen=True, slots=True)
class AccountMembership:
    """What the person of an account is in one site."""

    id: UUID
    site_id: UUID
    site: str
    space: str
    is_site_active: bool
    roles: Sequence[str]
    is_administrator: bool
    status: MemberStatus


@dataclass(frozen=True, slots=True)
class AccountView:
    """What the page of an account shows."""

    account: User
    memberships: Sequence[AccountMembership]
    sole_administrator_of: Sequence[str]
    """Sites in service that nobody else administers."""
    sessions: int
    waiting: int
    """Invitations to other sites, under her address, that she has not accepted."""
    waits_for_unlocking: bool
    """Her password comes from her mailbox, and she has nothing else to show."""


def account(account_id: UUID) -> User:
    found = User.objects.filter(pk=account_id).first()
    if found is None:
        raise Unseen
    return found


def account_view(account: User) -> AccountView:
    """Return what the page of an account shows, in five statements."""
    now = timezone.now()
    members = Membership.objects.filter(user=account).select_related("site__space").order_by("site__name", "id")
    return AccountView(
        account=account,
        memberships=[
            AccountMembership(
                id=member.id,
                site_id=member.site_id,
                site=member.site.name,
                space=member.site.space.name,
                is_site_active=member.site.is_active,
                roles=[str(role.label) for role in Role if role in member.roles and role is not Role.ADMIN],
                is_administrator=Role.ADMIN in member.roles,
                status=member.status_at(now),
            )
            for member in members
        ],
        sole_administrator_of=sites_administered_by_nobody_else(account),
        sessions=UserSession.objects.filter(user_id=account.pk).count(),
        waiting=Membership.objects.filter(user=None, email=account.email, is_active=True).count(),
        waits_for_unlocking=account.is_password_from_email and not _can_show_second_factor(account),
    )


def _can_show_second_factor(account: User) -> bool:
    # Factors are their owner's alone to read.
    with scope.entered(Scope(user_id=account.pk)):
        return can_show_second_factor(account)


def sites_administered_by_nobody_else(account: User) -> list[str]:
    """Return the sites in service that would have no administrator without this account, by name."""
    own = Membership.objects.in_force().filter(user=account, site__is_active=True, roles__contains=[Role.ADMIN])
    others = Membership.objects.in_force().filter(roles__contains=[Role.ADMIN], user__is_active=True).exclude(user=account)
    return list(own.exclude(site__in=others.values("site")).order_by("site__name").values_list("site__name", flat=True))
