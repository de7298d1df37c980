"""Who asks: a person with what she belongs to, read once a request."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from vigie.accounts.models import User
from vigie.directory.models import Role
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


@dataclass(frozen=True)
class Actor:
    """A person, and all that decides what she may do."""

    user: User
    memberships: tuple[MembershipFacts, ...]
    desks: tuple[DeskFacts, ...]
    reach: frozenset[UUID]

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
        )

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
