"""Who asks: a person with what she belongs to, read once a request."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.utils import timezone

from vigie.accounts.models import User
from vigie.audit.actions import Delegation
from vigie.directory.models import GrantedCapability, Role
from vigie.foundation.scope import Scope


@dataclass(frozen=True, slots=True)
class MembershipFacts:
    """One active membership in one active site."""

    id: UUID
    site_id: UUID
    site_name: str
    site_kind: str
    site_number: str
    space_id: UUID
    roles: frozenset[str]
    function: str
    habilitations: frozenset[str] = frozenset()

    @property
    def role_labels(self) -> tuple[str, ...]:
        """Her roles here, for people, in the order of the matrix."""
        return tuple(str(role.label) for role in Role if role in self.roles)


@dataclass(frozen=True, slots=True)
class DeskFacts:
    """A desk whose incidents this person handles."""

    id: UUID
    name: str
    slug: str
    site_id: UUID


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """A grant in force: a site of others that she may help, as an administrator of a support site (SEA-3)."""

    id: UUID
    site_id: UUID
    site_name: str
    site_number: str
    support_site_id: UUID
    support_name: str
    support_number: str
    capabilities: frozenset[str]
    expires_at: datetime


@dataclass(frozen=True)
class Actor:
    """A person, and all that decides what she may do."""

    user: User
    memberships: tuple[MembershipFacts, ...]
    desks: tuple[DeskFacts, ...]
    reach: frozenset[UUID]
    grants: tuple[GrantFacts, ...] = ()
    exercised: list[GrantFacts] = field(default_factory=list, compare=False)
    """The grants by which something was allowed so far: what the banner of a page shows."""

    @property
    def id(self) -> UUID:
        return self.user.id

    @property
    def pk(self) -> UUID:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.full_name

    @cached_property
    def site_ids(self) -> frozenset[UUID]:
        return frozenset(membership.site_id for membership in self.memberships)

    @cached_property
    def desk_ids(self) -> frozenset[UUID]:
        return frozenset(desk.id for desk in self.desks)

    @cached_property
    def scope(self) -> Scope:
        return Scope(
            user_id=self.id,
            site_ids=self.site_ids,
            desk_ids=self.desk_ids,
            reach_ids=self.reach,
            platform=self.has(Role.OPERATOR),
            granted_ids=self._granted(GrantedCapability.USERS_READ),
            granted_member_ids=self._granted(GrantedCapability.USERS_WRITE),
            granted_feature_ids=self._granted(GrantedCapability.FEATURES),
        )

    def _granted(self, capability: str) -> frozenset[UUID]:
        return frozenset(grant.site_id for grant in self.grants if capability in grant.capabilities)

    def grant_at(self, site_id: UUID, capability: str = GrantedCapability.USERS_READ) -> GrantFacts | None:
        """Return the grant by which she may do this in a site that is not hers; None without one."""
        return next((grant for grant in self.grants if grant.site_id == site_id and capability in grant.capabilities), None)

    def delegation_at(self, site_id: UUID) -> Delegation | None:
        """Return in whose name she acts for this site, None in her own (see `audit.actions.record_act`)."""
        used = (grant for grant in (*reversed(self.exercised), *self.grants) if grant.site_id == site_id)
        grant = next(used, None)
        return None if grant is None or self.has(Role.OPERATOR) else Delegation(grant.id, grant.support_site_id, grant.support_name)

    def has(self, role: str) -> bool:
        """Tell whether she holds this role somewhere."""
        return any(role in membership.roles for membership in self.memberships)

    def sites_as(self, role: str) -> frozenset[UUID]:
        """Return the sites where she holds this role."""
        return frozenset(membership.site_id for membership in self.memberships if role in membership.roles)


def facts_of(memberships: Iterable[dict[str, object]]) -> tuple[MembershipFacts, ...]:
    """Read what `directory_enter` says of memberships."""
    return tuple(
        MembershipFacts(
            id=UUID(str(row["id"])),
            site_id=UUID(str(row["site_id"])),
            site_name=str(row["site_name"]),
            site_kind=str(row["site_kind"]),
            site_number=str(row["site_number"]),
            space_id=UUID(str(row["space_id"])),
            roles=frozenset(row["roles"]),  # type: ignore[call-overload]
            function=str(row["function"]),
            habilitations=frozenset(row["habilitations"]),  # type: ignore[call-overload]
        )
        for row in memberships
    )


def desks_of(desks: Iterable[dict[str, object]]) -> tuple[DeskFacts, ...]:
    """Read what `directory_enter` says of desks."""
    return tuple(
        DeskFacts(
            id=UUID(str(row["id"])),
            name=str(row["name"]),
            slug=str(row["slug"]),
            site_id=UUID(str(row["site_id"])),
        )
        for row in desks
    )


def grants_of(grants: Iterable[dict[str, object]]) -> tuple[GrantFacts, ...]:
    """Read what `directory_enter` says of grants; one that ends at this very moment is none."""
    now = timezone.now()
    found = (
        GrantFacts(
            id=UUID(str(row["id"])),
            site_id=UUID(str(row["site_id"])),
            site_name=str(row["site_name"]),
            site_number=str(row["site_number"]),
            support_site_id=UUID(str(row["support_site_id"])),
            support_name=str(row["support_name"]),
            support_number=str(row["support_number"]),
            capabilities=frozenset(row["capabilities"]),  # type: ignore[call-overload]
            expires_at=datetime.fromisoformat(str(row["expires_at"])),
        )
        for row in grants
    )
    return tuple(grant for grant in found if grant.expires_at > now)
