"""What the operator's console reads of spaces and sites. The caller is an operator (`access.operators`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Count, Func, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone

from vigie.audit.queries import record_history
from vigie.directory import keyset
from vigie.directory.keyset import Position, Slice, uuid_or_none
from vigie.directory.models import Desk, Membership, MemberStatus, Role, Site, SiteKind, Space
from vigie.foundation.errors import Unseen
from vigie.foundation.text import clean_line

MOST_SOUGHT = 200
"""Characters of a search that count."""
_NEAR_ENOUGH = 0.4


# --- Spaces ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """One line of the list of spaces."""

    id: UUID
    name: str
    sites: int
    """Those in service."""
    members: int
    """Memberships in force in them."""


def spaces() -> Sequence[SpaceRow]:
    """Return all spaces by name, in one statement: a territory has tens of them."""
    members = (
        Membership.objects.in_force()
        .filter(site__space=OuterRef("pk"), site__is_active=True)
        .order_by()
        .values("site__space")
        .annotate(count=Count("pk"))
    )
    found = (
        Space.objects.annotate(
            site_count=Count("sites", filter=Q(sites__is_active=True)),
            member_count=Coalesce(Subquery(members.values("count")), 0),
        )
        .order_by("name", "id")
        .values_list("id", "name", "site_count", "member_count")
    )
    return [SpaceRow(*values) for values in found]


def space(space_id: UUID) -> Space:
    found = Space.objects.filter(id=space_id).first()
    if found is None:
        raise Unseen
    return found


def space_choices() -> list[tuple[str, str]]:
    return [(str(identifier), name) for identifier, name in Space.objects.order_by("name", "id").values_list("id", "name")]


# --- Sites -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SiteFilters:
    """What narrows the list of sites; nonsense is ignored."""

    words: str = ""
    space: str = ""
    kind: str = ""
    state: str = ""
    """« 1 »: in service; « 0 »: out of service."""

    @property
    def active(self) -> bool:
        return bool(self.space or self.kind or self.state)

    def narrow(self, sites: QuerySet[Site]) -> QuerySet[Site]:
        if (wanted := uuid_or_none(self.space)) is not None:
            sites = sites.filter(space=wanted)
        if self.kind in SiteKind.values:
            sites = sites.filter(kind=self.kind)
        if self.state in ("0", "1"):
            sites = sites.filter(is_active=self.state == "1")
        return sites


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One line of the list of sites."""

    site: Site
    members: int
    administrators: int


@dataclass(frozen=True, slots=True)
class SitesPage:
    slice: Slice[Site]
    rows: Sequence[SiteRow]
    is_approximate: bool
    """No site bears what was sought; these are the nearest ones."""


def sites_page(filters: SiteFilters, position: Position) -> SitesPage:
    """Return one page of the sites, by name, in at most six statements."""
    words = clean_line(filters.words)[:MOST_SOUGHT]
    sites = filters.narrow(_having(words)).select_related("space")
    found = keyset.cut(sites, ("name", "id"), position)
    is_approximate = False
    if not found.total and words:
        found = keyset.cut(filters.narrow(_resembling(words)).select_related("space"), ("name", "id"), position)
        is_approximate = bool(found.total)
    counts = {
        identifier: (members, administrators)
        for identifier, members, administrators in Membership.objects.in_force()
        .filter(site__in=[site.pk for site in found.rows])
        .order_by()
        .values("site")
        .annotate(members=Count("pk"), administrators=Count("pk", filter=Q(roles__contains=[Role.ADMIN])))
        .values_list("site", "members", "administrators")
    }
    return SitesPage(found, [SiteRow(site, *counts.get(site.pk, (0, 0))) for site in found.rows], is_approximate)


def _document() -> Func:
    """Return what of a site is searched, without case or accents."""
    parts: list[Any] = ["name"]
    for name in ("city", "number", "finess"):
        parts += [Value(" "), name]
    return _plain(Concat(*parts, output_field=TextField()))


def _plain(expression: Any) -> Func:
    return Func(expression, function="plain", output_field=TextField())


def _having(words: str) -> QuerySet[Site]:
    """Return the sites that have all these words in their name, city or numbers."""
    sites = Site.objects.alias(document=_document())
    for word in words.split():
        sites = sites.filter(document__contains=_plain(Value(word)))
    return sites


def _resembling(words: str) -> QuerySet[Site]:
    nearness = TrigramWordSimilarity(_plain(Value(words)), _document())  # type: ignore[arg-type] # unknown to the stubs
    return Site.objects.alias(nearness=nearness).filter(nearness__gte=_NEAR_ENOUGH)


@dataclass(frozen=True, slots=True)
class Administrator:
    """Somebody who administers a site, or is invited to."""

    membership_id: UUID
    name: str
    email: str
    status: MemberStatus
    account_id: UUID | None
    is_account_active: bool
    """Her account itself; True for whoever has none yet."""

    @property
    def counts(self) -> bool:
        """Tell whether she can administer today."""
        return self.status in (MemberStatus.ACTIVE, MemberStatus.ACCEPTED) and self.is_account_active


@dataclass(frozen=True, slots=True)
class SiteView:
    """What the page of a site shows."""

    site: Site
    members: int
    """In force."""
    invited: int
    leaving: int
    """Those in force who have no other site: their sessions end when this one leaves service."""
    desks: Sequence[str]
    administrators: Sequence[Administrator]

    @property
    def has_administrator(self) -> bool:
        return any(administrator.counts for administrator in self.administrators)


def site_by_id(site_id: UUID) -> Site:
    found = Site.objects.select_related("space").filter(id=site_id).first()
    if found is None:
        raise Unseen
    return found


def site_view(site: Site) -> SiteView:
    in_force = Membership.objects.in_force().filter(site=site)
    elsewhere = Membership.objects.in_force().filter(site__is_active=True).exclude(site=site).values("user")
    return SiteView(
        site=site,
        members=in_force.count(),
        invited=Membership.objects.filter(site=site, is_active=True, accepted_at=None).count(),
        leaving=in_force.exclude(user__in=elsewhere).count(),
        desks=list(Desk.objects.filter(site=site).order_by("name").values_list("name", flat=True)),
        administrators=administrators_of(site),
    )


def administrators_of(site: Site) -> list[Administrator]:
    """Return who administers a site or is invited to, by name; those deactivated are left out."""
    now = timezone.now()
    members = (
        Membership.objects.filter(site=site, is_active=True, roles__contains=[Role.ADMIN])
        .select_related("user")
        .order_by("last_name", "first_name", "id")
    )
    return [
        Administrator(
            membership_id=member.id,
            name=member.full_name,
            email=member.email,
            status=member.status_at(now),
            account_id=member.user_id,
            is_account_active=member.user is None or member.user.is_active,
        )
        for member in members
    ]


def last_change_of_site(site: Site) -> tuple[str, datetime] | None:
    events = record_history(Site, site.id)
    return (events[0].actor, events[0].at) if events else None
