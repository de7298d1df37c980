"""What the console reads of the members of a site: typed view data, with a number of statements that never grows.

The caller has asked `policies` whether the site's members may be read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Case, Q, QuerySet, TextChoices, When
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.audit.queries import record_history
from vigie.directory import policies, rights, support_queries
from vigie.directory.actors import Actor
from vigie.directory.keyset import beyond
from vigie.directory.models import (
    Habilitation,
    Invitation,
    Membership,
    MemberStatus,
    Practitioner,
    Role,
    Service,
    ServiceMembership,
    Site,
)
from vigie.directory.people_file import normal
from vigie.foundation.errors import Unseen
from vigie.foundation.text import clean_line

PAGE_SIZE = 25
PAGE_SIZES = (25, 50, 100)
MOST_COUNTED = 10_000
MOST_SOUGHT = 200
"""Characters of a search that count."""
_IN_CONSOLE = (Role.USER, Role.REFERENT, Role.AGENT, Role.PLANNER, Role.EDITOR)

_HABILITATION_LABELS = {
    "documents.read": _("Lire les documents"),
    "documents.decide": _("Décider des documents"),
    "patients.open": _("Ouvrir le registre des patients"),
    "patients.write": _("Modifier le registre des patients"),
}


def opened_site(actor: Actor, number: str) -> Site:
    """Return a site whose console this person reads; Unseen, exactly as if it did not exist, otherwise."""
    site = Site.objects.with_cards().filter(number=number).first()
    if site is None or not policies.may_open_console(actor, site.id):
        raise Unseen
    return site


def administered_site(actor: Actor, number: str) -> Site:
    """Return a site whose members this person administers; Unseen as above, and not allowed when a grant lets her read alone."""
    site = opened_site(actor, number)
    if not policies.may_administer(actor, site.id):
        raise policies.BeyondTheGrant
    return site


def sites_to_administer(actor: Actor) -> list[Site]:
    """Return the sites whose members she may administer, by name (ACC-26)."""
    sites = Site.objects.filter(is_active=True).order_by("name", "id")
    return list(sites if policies.is_operator(actor) else sites.filter(id__in=policies.administered_sites(actor)))


def roles_to_give(actor: Actor) -> list[Role]:
    """Return the roles that this person may give and take: administrators are appointed by the operator (ACC-15)."""
    return [*_IN_CONSOLE, Role.ADMIN] if policies.may_appoint(actor) else list(_IN_CONSOLE)


def habilitations() -> list[tuple[str, str]]:
    """Return the codes that the matrix gives by habilitation, with their names."""
    return [(code, str(_HABILITATION_LABELS.get(code, code))) for code in sorted(rights.habilitations())]


def services_of(site: Site) -> list[tuple[str, str]]:
    return [(str(identifier), name) for identifier, name in Service.objects.filter(site=site).order_by("name").values_list("id", "name")]


def practitioners_by_name(site: Site) -> dict[str, UUID]:
    """Return who practises in a site by RPPS number, and by full name where nobody else bears it (`people_file.normal`)."""
    found: dict[str, UUID] = {}
    shared: set[str] = set()
    practising = Practitioner.objects.filter(site=site, is_active=True).order_by("id")
    for identifier, rpps, last_name, first_name in practising.values_list("id", "rpps", "last_name", "first_name"):
        found[normal(rpps)] = identifier
        for name in {normal(f"{last_name} {first_name}"), normal(f"{first_name} {last_name}")}:
            if found.setdefault(name, identifier) != identifier:
                shared.add(name)
    return {name: identifier for name, identifier in found.items() if name not in shared}


# --- The list --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One line of the list."""

    id: UUID
    last_name: str
    first_name: str
    email: str
    function: str
    roles: Sequence[str]
    status: str
    invitation_sent_at: datetime | None
    activated_at: datetime | None = None
    services: str = ""

    @property
    def name(self) -> str:
        return f"{self.last_name} {self.first_name}".strip()

    @property
    def is_admin(self) -> bool:
        return Role.ADMIN in self.roles

    @property
    def role_labels(self) -> list[str]:
        """Her roles but that of administrator, which has a mark of its own."""
        return [str(role.label) for role in Role if role in self.roles and role is not Role.ADMIN]


_ROW = ("id", "last_name", "first_name", "email", "function", "roles", "status", "invitation_sent_at", "activated_at")


class FactorFilter(TextChoices):
    """What members may be sought by: what they hold, or that they hold nothing strong."""

    WEAK = "weak", _("Sans second facteur fort")
    KEY = "webauthn", _("Clé d’accès")
    APPLICATION = "totp", _("Application d’authentification")
    NETWORK = "network", _("Plage d’adresses")


@dataclass(frozen=True, slots=True)
class MemberFilters:
    """What narrows the list; nonsense is ignored."""

    words: str = ""
    status: str = ""
    service: str = ""
    role: str = ""
    factor: str = ""

    @property
    def active(self) -> bool:
        return bool(self.status or self.service or self.role or self.factor)

    def narrow(self, site: Site, members: QuerySet[Membership]) -> QuerySet[Membership]:
        if self.status in MemberStatus.values:
            members = members.filter(_having(MemberStatus(self.status)))
        if (service := _uuid(self.service)) is not None:
            members = members.filter(pk__in=ServiceMembership.objects.filter(service=service).values("membership"))
        if self.role in Role.values:
            members = members.filter(roles__contains=[self.role])
        if self.factor in FactorFilter.values:
            # Factors are their owner's alone: a function tells who holds which kind, to those who may reset them.
            held = RawSQL("SELECT directory_members_by_factor(%s, %s, %s)", [site.id, self.factor, timezone.now()])
            members = members.filter(pk__in=held)
        return members


def _having(status: MemberStatus) -> Q:
    """Return the condition of a status: the rule of `Membership.status_at`, in a form that needs no other column."""
    now = timezone.now()
    invited = Q(is_active=True, accepted_at__isnull=True, activated_at__isnull=True)
    match status:
        case MemberStatus.DISABLED:
            return Q(is_active=False)
        case MemberStatus.ACTIVE:
            return Q(is_active=True, activated_at__isnull=False)
        case MemberStatus.ACCEPTED:
            return Q(is_active=True, activated_at__isnull=True, accepted_at__isnull=False)
        case MemberStatus.EXPIRED:
            return invited & Q(invitation_expires_at__lte=now)
        case MemberStatus.INVITED:
            return invited & (Q(invitation_expires_at__gt=now) | Q(invitation_expires_at__isnull=True))


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page starts: after or before a member, or at the end. Members are named by identifier: an address tells nobody's name."""

    after: str = ""
    before: str = ""
    last: bool = False


@dataclass(frozen=True, slots=True)
class MemberPage:
    rows: Sequence[MemberRow]
    total: int
    total_is_exact: bool
    is_approximate: bool
    """Nobody bears what was sought; these are the nearest names."""
    has_next: bool
    has_previous: bool

    @property
    def next_cursor(self) -> str:
        return str(self.rows[-1].id) if self.rows else ""

    @property
    def previous_cursor(self) -> str:
        return str(self.rows[0].id) if self.rows else ""


def members_page(
    site: Site,
    filters: MemberFilters,
    position: Position,
    *,
    descending: bool = False,
    by_status: bool = False,
    size: int = PAGE_SIZE,
) -> MemberPage:
    """Return one page of the members of a site, by name or by status then name, in at most eight statements."""
    words = clean_line(filters.words)[:MOST_SOUGHT]
    is_searched = bool(words) and not filters.active and not by_status
    members = filters.narrow(site, sought_members(site, words))
    total = _count_found(site, words) if is_searched else _counted(members)
    is_approximate = False
    if not total and words:
        # Comparing with every name costs: once, for the count and the page.
        is_searched = False
        members = filters.narrow(site, Membership.objects.filter(site=site, pk__in=_nearest(site, words)))
        total = _counted(members)
        is_approximate = bool(total)
    backwards = position.last or bool(position.before)
    descends = descending != backwards
    order = _BY_STATUS if by_status else _BY_NAME
    start = None if position.last else _place(site, position.before or position.after, order)
    wanted: QuerySet[Membership] = _ranked(members) if by_status else members
    if is_searched:
        wanted = Membership.objects.filter(site=site, pk__in=_found_page(site, words, start, descends=descends, most=size + 1))
    elif start is not None:
        wanted = wanted.filter(beyond(order, start, "lt" if descends else "gt"))
    found = list(wanted.order_by(*_order(order, descends=descends)).with_status().values_list(*_ROW)[: size + 1])  # type: ignore[attr-defined]
    rows = [MemberRow(*values) for values in found[:size]]
    if backwards:
        rows.reverse()
    has_more = len(found) > size
    return MemberPage(
        rows=_with_services(rows),
        total=min(total, MOST_COUNTED),
        total_is_exact=total <= MOST_COUNTED,
        is_approximate=is_approximate,
        has_next=bool(rows) and (bool(position.before) if backwards else has_more),
        has_previous=bool(rows) and (has_more if backwards else start is not None),
    )


def sought_members(site: Site, words: str, *, near: bool = False) -> QuerySet[Membership]:
    """Return the members of a site whose name, address or function has all these words; `near`: resembles them."""
    members = Membership.objects.filter(site=site)
    if not (words := clean_line(words)[:MOST_SOUGHT]):
        return members
    return members.filter(pk__in=RawSQL("SELECT directory_search_members(%s, %s, %s)", [words, site.id, near]))


def _found_page(site: Site, words: str, start: tuple[Any, ...] | None, *, descends: bool, most: int) -> list[UUID]:
    """Return the members who have all these words, from a place on, in the order of names."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT directory_search_page(%s, %s, %s, %s, %s, %s, %s)", [words, site.id, *(start or (None, None, None)), descends, most]
        )
        return [identifier for (identifier,) in cursor.fetchall()]


def _count_found(site: Site, words: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT directory_search_count(%s, %s, %s)", [words, site.id, MOST_COUNTED + 1])
        return int(cursor.fetchone()[0])


def _nearest(site: Site, words: str) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT directory_search_members(%s, %s, true)", [words, site.id])
        return [identifier for (identifier,) in cursor.fetchall()]


def ticked_members(site: Site, given: Sequence[str]) -> list[Membership]:
    """Return the members that a form names, at most a page of them, by name."""
    identifiers = [identifier for text in given[: max(PAGE_SIZES)] if (identifier := _uuid(text)) is not None]
    return list(Membership.objects.filter(site=site, id__in=identifiers).order_by("last_name", "first_name", "id"))


def listed_members(site: Site, filters: MemberFilters) -> QuerySet[Membership]:
    """Return all that a list holds, by name: those of its pages, near names included when nobody bears what is sought."""
    members = filters.narrow(site, sought_members(site, filters.words))
    if filters.words and not members.exists():
        members = filters.narrow(site, sought_members(site, filters.words, near=True))
    return members.order_by(*_BY_NAME)


def exported_members(site: Site, filters: MemberFilters) -> Iterator[MemberRow]:
    """Return all that a list holds, a thousand rows at a time."""
    members = listed_members(site, filters)
    rows: list[MemberRow] = []
    for values in members.with_status().values_list(*_ROW).iterator(1000):  # type: ignore[attr-defined]
        rows.append(MemberRow(*values))
        if len(rows) == 1000:
            yield from _with_services(rows)
            rows = []
    yield from _with_services(rows)


_BY_NAME = ("last_name", "first_name", "id")
_BY_STATUS = ("status_rank", *_BY_NAME)


def _order(order: Sequence[str], *, descends: bool) -> list[str]:
    return [f"-{name}" if descends else name for name in order]


def _ranked(members: QuerySet[Membership]) -> QuerySet[Membership]:
    """Annotate the place of each status in the life of a membership."""
    return members.annotate(status_rank=Case(*(When(_having(status), then=place) for place, status in enumerate(MemberStatus)), default=0))


def _place(site: Site, cursor: str, order: Sequence[str]) -> tuple[Any, ...] | None:
    """Return the place of a member in the order; somebody unknown is the first page."""
    identifier = _uuid(cursor)
    if identifier is None:
        return None
    return _ranked(Membership.objects.filter(site=site, id=identifier)).values_list(*order).first()


def _with_services(rows: Sequence[MemberRow]) -> list[MemberRow]:
    names: dict[UUID, list[str]] = {}
    links = ServiceMembership.objects.filter(membership__in=[row.id for row in rows]).order_by("service__name")
    for member, name in links.values_list("membership_id", "service__name"):
        names.setdefault(member, []).append(name)
    return [replace(row, services=", ".join(names.get(row.id, ()))) for row in rows]


def _counted(members: QuerySet[Membership]) -> int:
    return members.order_by().values("pk")[: MOST_COUNTED + 1].count()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# --- One member ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class InvitationView:
    """One letter of invitation, as the history of a status tells it."""

    sent_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    invited_by: str
    reminders: int


@dataclass(frozen=True, slots=True)
class MemberView:
    """What the record of a member shows (ACC-21)."""

    status: MemberStatus
    service_ids: frozenset[str]
    habilitations: frozenset[str]
    services: Sequence[tuple[str, str]]
    """All those of the site."""
    invitations: Sequence[InvitationView]

    @property
    def awaits_acceptance(self) -> bool:
        return self.status in (MemberStatus.INVITED, MemberStatus.EXPIRED)


def member_view(access: policies.MemberAccess) -> MemberView:
    member = access.membership
    return MemberView(
        status=member.status_at(timezone.now()),
        service_ids=frozenset(map(str, ServiceMembership.objects.filter(membership=member).values_list("service_id", flat=True))),
        habilitations=frozenset(Habilitation.objects.filter(membership=member).values_list("code", flat=True)),
        services=services_of(member.site),
        invitations=[
            InvitationView(sent_at, expires_at, ended_at, name, len(reminders))
            for sent_at, expires_at, ended_at, name, reminders in Invitation.objects.filter(membership=member)
            .order_by("-sent_at")
            .values_list("sent_at", "expires_at", "ended_at", "invited_by_name", "reminders")[:20]
        ],
    )


def last_change(member: Membership) -> tuple[str, datetime] | None:
    """Return who changed this member last, by name where the reader may know it, and when."""
    events = record_history(Membership, member.id, names=support_queries.signatures_at(member.site_id))
    return (events[0].actor, events[0].at) if events else None


def is_last_administrator(member: Membership) -> bool:
    """Tell whether a site would have nobody to administer it without this member, in one statement for administrators."""
    if Role.ADMIN not in member.roles or not member.is_active or member.accepted_at is None:
        return False
    others = Membership.objects.in_force().filter(site=member.site_id, roles__contains=[Role.ADMIN], user__is_active=True)
    return not others.exclude(pk=member.pk).exists()
