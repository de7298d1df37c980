"""What pages read of incidents: permission-scoped, in typed view data, with a number of statements that never grows."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from django.contrib.postgres.search import SearchHeadline, SearchQuery
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from vigie.directory.actors import Actor
from vigie.directory.models import Membership, Role, SiteSolution, Team, TeamMember
from vigie.foundation import scope
from vigie.foundation.text import clean_line
from vigie.incidents import policies
from vigie.incidents.models import (
    Category,
    EntryKind,
    Follower,
    FollowUp,
    Incident,
    IncidentFile,
    Priority,
    Side,
    Status,
)
from vigie.incidents.policies import Access

PAGE_SIZE = 25
PAGE_SIZES = (25, 50, 100)
MOST_COUNTED = 10_000
MOST_FOUND = 200
MARK = "\ue000", "\ue001"


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """One line of a list."""

    id: UUID
    number: str
    subject: str
    kind: str
    status: str
    priority_name: str
    priority_tone: str
    priority_rank: int
    category: str | None
    site: str
    solution: str
    requester_name: str
    contact_name: str
    assignee_name: str
    team: str | None
    created_at: datetime
    updated_at: datetime
    planned_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    minutes_spent: int
    nudge_count: int
    is_nudged: bool
    excerpt: str = ""

    @property
    def url(self) -> str:
        return f"/incidents/{self.number}/"


_ROW = (
    "id",
    "number",
    "subject",
    "kind",
    "status",
    "priority__name",
    "priority__tone",
    "priority_rank",
    "category__name",
    "site__name",
    "solution__name",
    "requester_name",
    "contact_name",
    "assignee_name",
    "team__name",
    "created_at",
    "updated_at",
    "planned_at",
    "resolved_at",
    "closed_at",
    "minutes_spent",
    "nudge_count",
    "is_nudged",
)


@dataclass(frozen=True, slots=True)
class Sort:
    """An order that an index serves; its keys are never null."""

    slug: str
    field: str
    descending: bool
    label: Any


SORTS = {
    sort.slug: sort
    for sort in (
        Sort("-modifie", "updated_at", True, _("Dernière modification")),
        Sort("modifie", "updated_at", False, _("Dernière modification")),
        Sort("-ouvert", "created_at", True, _("Ouverture")),
        Sort("ouvert", "created_at", False, _("Ouverture")),
        Sort("priorite", "priority_rank", False, _("Priorité")),
        Sort("-priorite", "priority_rank", True, _("Priorité")),
    )
}
DEFAULT_SORT = SORTS["-modifie"]


@dataclass(frozen=True, slots=True)
class ReadyList:
    """One of the lists that everybody has (INC-20)."""

    slug: str
    label: Any
    empty: Any
    """What to say when nothing is in it."""


REQUESTER_LISTS = {
    ready.slug: ready
    for ready in (
        ReadyList("miens", _("Mes incidents ouverts"), _("Vous n’avez aucun incident ouvert.")),
        ReadyList("suivis", _("Les incidents que je suis"), _("Vous ne suivez aucun incident.")),
        ReadyList("a-moi", _("En attente de ma réponse"), _("Rien n’attend de réponse de votre part.")),
        ReadyList("mes-sites", _("Ouverts dans mes sites"), _("Aucun incident ouvert visible dans vos sites.")),
        ReadyList("resolus", _("Résolus"), _("Aucun incident résolu.")),
        ReadyList("fermes", _("Fermés"), _("Aucun incident fermé.")),
        ReadyList("tous", _("Tous"), _("Aucun incident pour le moment.")),
    )
}
DESK_LISTS = {
    ready.slug: ready
    for ready in (
        ReadyList("a-attribuer", _("À attribuer"), _("Tout est attribué.")),
        ReadyList("a-traiter", _("Attribués à moi"), _("Aucun incident ne vous est attribué.")),
        ReadyList("mon-groupe", _("Mes groupes"), _("Aucun incident ouvert pour vos groupes.")),
        ReadyList("ouverts", _("Ouverts"), _("Aucun incident ouvert.")),
        ReadyList("relances", _("Relancés"), _("Aucune relance sans réponse.")),
        ReadyList("planifies", _("Planifiés"), _("Aucune intervention planifiée.")),
        ReadyList("en-attente", _("En attente"), _("Aucun incident en attente.")),
        ReadyList("resolus", _("Résolus"), _("Aucun incident résolu.")),
        ReadyList("fermes", _("Fermés"), _("Aucun incident fermé.")),
        ReadyList("tous", _("Tous"), _("Aucun incident pour le moment.")),
    )
}


def requester_list(actor: Actor, slug: str) -> QuerySet[Incident]:  # noqa: PLR0911 - one a list
    """Return the incidents of a ready-made list of the requester's."""
    visible = policies.visible_to(actor)
    mine = visible.filter(requester=actor.id)
    match slug:
        case "miens":
            return mine.filter(is_open=True)
        case "suivis":
            return visible.filter(pk__in=Follower.objects.filter(user=actor.id).values("incident"))
        case "a-moi":
            return mine.filter(status__in=[Status.WAITING, Status.RESOLVED])
        case "mes-sites":
            return visible.filter(site__in=actor.site_ids, is_open=True)
        case "resolus":
            return visible.filter(site__in=actor.site_ids, status=Status.RESOLVED)
        case "fermes":
            return visible.filter(site__in=actor.site_ids, status=Status.CLOSED)
        case _:
            return visible.filter(site__in=actor.site_ids)


def desk_list(actor: Actor, desk_id: UUID, slug: str) -> QuerySet[Incident]:  # noqa: PLR0911 - one a list
    """Return the incidents of a ready-made list of one desk."""
    of_desk = policies.visible_to(actor).filter(desk=desk_id)
    is_open = of_desk.filter(is_open=True)
    match slug:
        case "a-attribuer":
            return is_open.filter(assignee=None)
        case "a-traiter":
            return is_open.filter(assignee=actor.id)
        case "mon-groupe":
            teams = TeamMember.objects.filter(user=actor.id, desk=desk_id).values("team")
            return is_open.filter(team__in=teams)
        case "relances":
            return is_open.filter(is_nudged=True)
        case "ouverts":
            return is_open
        case "planifies":
            return of_desk.filter(status=Status.PLANNED)
        case "en-attente":
            return of_desk.filter(status=Status.WAITING)
        case "resolus":
            return of_desk.filter(status=Status.RESOLVED)
        case "fermes":
            return of_desk.filter(status=Status.CLOSED)
        case _:
            return of_desk


@dataclass(frozen=True, slots=True)
class ListFilters:
    """The few filters of the bar above a list."""

    status: str = ""
    priority: str = ""
    """Rank of the priority."""
    site: str = ""
    words: str = ""

    def narrow(self, incidents: QuerySet[Incident]) -> QuerySet[Incident]:
        if self.status in Status.values:
            incidents = incidents.filter(status=self.status)
        if self.priority.isdecimal() and len(self.priority) < 4:
            incidents = incidents.filter(priority_rank=int(self.priority))
        if site := _uuid(self.site):
            incidents = incidents.filter(site=site)
        return incidents

    @property
    def active(self) -> bool:
        return bool(self.status or self.priority or self.site)


def priority_ranks(desk_id: UUID | None) -> list[tuple[str, str]]:
    """Return the choices of the priority filter: a desk's own scale, or the names that desks in reach give to each rank."""
    scales = Priority.objects.filter(desk=desk_id) if desk_id else Priority.objects.all()
    names: dict[int, list[str]] = {}
    for rank, name in scales.order_by("rank", "name").values_list("rank", "name").distinct():
        names.setdefault(rank, []).append(name)
    return [(str(rank), " / ".join(same)) for rank, same in names.items()]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page starts: after or before a row, or at the end. Any page costs what the first one costs."""

    after: str = ""
    before: str = ""
    last: bool = False


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """One page of a list, and the cursors of its neighbours (empty when there is none)."""

    rows: Sequence[IncidentRow]
    total: int
    total_is_exact: bool
    next_cursor: str
    previous_cursor: str
    has_next: bool
    has_previous: bool


def page_of(incidents: QuerySet[Incident], sort: Sort, position: Position, *, size: int = PAGE_SIZE) -> IncidentPage:
    """Return one page by keyset: « last » is the reversed order, and no page counts the rows before it."""
    backwards = position.last or bool(position.before)
    descending = sort.descending != backwards
    cursor = _read_cursor(sort, position.before or position.after)
    wanted = incidents
    if cursor is not None and not position.last:
        value, identifier = cursor
        beyond = "lt" if descending else "gt"
        # Both conditions: the first one alone bounds the scan of the index.
        wanted = wanted.filter(
            Q(**{f"{sort.field}__{beyond}e": value}),
            Q(**{f"{sort.field}__{beyond}": value}) | Q(**{f"id__{beyond}": identifier}),
        )
    sign = "-" if descending else ""
    found = list(wanted.order_by(f"{sign}{sort.field}", f"{sign}id").values_list(*_ROW)[: size + 1])
    has_more = len(found) > size
    rows = [IncidentRow(*values) for values in found[:size]]
    if backwards:
        rows.reverse()
    total = _counted(incidents, most=MOST_COUNTED + 1)
    has_next = has_more if not backwards else bool(position.before)
    has_previous = has_more if backwards else cursor is not None
    return IncidentPage(
        rows=rows,
        total=min(total, MOST_COUNTED),
        total_is_exact=total <= MOST_COUNTED,
        next_cursor=_cursor(sort, rows[-1]) if rows else "",
        previous_cursor=_cursor(sort, rows[0]) if rows else "",
        has_next=has_next and bool(rows),
        has_previous=has_previous and bool(rows),
    )


def _cursor(sort: Sort, row: IncidentRow) -> str:
    value = getattr(row, sort.field)
    return f"{value.isoformat() if isinstance(value, datetime) else value}~{row.id}"


def _read_cursor(sort: Sort, text: str) -> tuple[Any, UUID] | None:
    """Return what a cursor of the address says; nonsense is the first page."""
    value, _separator, identifier = text.partition("~")
    row = _uuid(identifier)
    if row is None:
        return None
    if sort.field == "priority_rank":
        return (int(value), row) if value.isdecimal() and len(value) < 4 else None
    try:
        moment = parse_datetime(value)
    except ValueError:
        return None
    return (moment, row) if moment is not None and moment.tzinfo is not None else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# --- One incident ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileView:
    id: UUID
    name: str
    size: int
    media_type: str
    internal: bool
    may_be_served: bool
    is_image: bool
    url: str

    @property
    def preview_url(self) -> str:
        """The image itself, to be shown in the page."""
        return f"{self.url}?voir"


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One recorded change, in the words of the interface."""

    field: str
    label: Any
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class EntryView:
    position: int
    kind: str
    internal: bool
    is_nudge: bool
    author_name: str
    side: str
    is_mine: bool
    body: str
    changes: Sequence[ChangeView]
    minutes_spent: int
    created_at: datetime
    files: Sequence[FileView]

    @property
    def anchor(self) -> str:
        return f"entree-{self.position}"

    @property
    def frame(self) -> str:
        """How the timeline frames it: a note, a message of the other side, or one of the reader's own side."""
        if self.internal:
            return "internal"
        return "own" if self.is_mine else "message"

    @property
    def label(self) -> Any:
        if self.kind == EntryKind.NOTE:
            return _("note interne")
        if self.kind == EntryKind.PLAN:
            return _("a planifié une intervention")
        return _("a répondu") if self.side == Side.DESK else _("a écrit")


@dataclass(frozen=True, slots=True)
class FollowerView:
    user_id: UUID
    name: str
    interest: str


@dataclass(frozen=True, slots=True)
class Requester:
    """How to reach who filed an incident."""

    function: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """All that the page of one incident shows."""

    access: Access
    incident: Incident
    entries: Sequence[EntryView]
    files: Sequence[FileView]
    followers: Sequence[FollowerView]
    is_followed: bool
    last_position: int
    technicians: Sequence[tuple[UUID, str]] = field(default_factory=tuple)
    teams: Sequence[tuple[UUID, str]] = field(default_factory=tuple)
    requester: Requester | None = None
    """None when it is not hers to know, or when she has left the site."""


_FIELD_LABELS = {
    "status": _("Statut"),
    "assignee": _("Technicien"),
    "team": _("Groupe"),
    "planned_at": _("Date prévue"),
    "planned_minutes": _("Durée prévue"),
    "priority": _("Priorité"),
    "observer": _("Observateur"),
}


def record_of(access: Access) -> RecordView:
    """Return what the page of an incident shows to this person, in at most nine statements."""
    incident, actor = access.incident, access.actor
    entries = FollowUp.objects.filter(incident=incident).order_by("position")
    attached = IncidentFile.objects.filter(incident=incident).select_related("attachment").order_by("attachment__created_at")
    if not access.holds("note"):
        entries, attached = entries.filter(internal=False), attached.filter(internal=False)
    files: dict[UUID | None, list[FileView]] = {}
    for link in attached:
        files.setdefault(link.entry_id, []).append(_file_view(incident, link))
    followers = [
        FollowerView(user_id, name, interest)
        for user_id, name, interest in Follower.objects.filter(incident=incident)
        .order_by("user_name")
        .values_list("user_id", "user_name", "interest")
    ]
    technicians: list[tuple[UUID, str]] = []
    teams: list[tuple[UUID, str]] = []
    if access.may_handle:
        technicians = technicians_of(incident)
        teams = list(Team.objects.filter(desk=incident.desk_id).order_by("name").values_list("id", "name"))
    views = [_entry_view(entry, actor, files.get(entry.id, [])) for entry in entries]
    return RecordView(
        access=access,
        incident=incident,
        entries=views,
        files=files.get(None, []),
        followers=followers,
        is_followed=any(follower.user_id == actor.id for follower in followers),
        last_position=views[-1].position if views else 0,
        technicians=technicians,
        teams=teams,
        requester=_requester_of(access),
    )


def _requester_of(access: Access) -> Requester | None:
    if not access.may_reach_requester:
        return None
    with connection.cursor() as cursor:
        cursor.execute('SELECT "function", phone, email FROM incidents_requester(%s)', [access.incident.id])
        row = cursor.fetchone()
    return Requester(*row) if row else None


def technicians_of(incident: Incident) -> list[tuple[UUID, str]]:
    """Return the active technicians of the incident's desk."""
    members = Membership.objects.in_force().filter(site=incident.desk.site_id, roles__contains=[Role.AGENT], user__is_active=True)
    return [
        (user_id, f"{first} {last}")
        for user_id, first, last in members.order_by("user__last_name", "user__first_name").values_list(
            "user_id", "user__first_name", "user__last_name"
        )
    ]


def file_of(access: Access, attachment_id: UUID) -> IncidentFile | None:
    """Return a file of the incident, if this person may see it."""
    files = IncidentFile.objects.filter(incident=access.incident, attachment=attachment_id)
    if not access.holds("note"):
        files = files.filter(internal=False)
    return files.select_related("attachment").first()


def _file_view(incident: Incident, link: IncidentFile) -> FileView:
    attachment = link.attachment
    return FileView(
        id=attachment.id,
        name=attachment.name,
        size=attachment.size,
        media_type=attachment.media_type,
        internal=link.internal,
        may_be_served=attachment.may_be_served,
        is_image=attachment.is_image,
        url=reverse("incidents:attachment", args=[incident.number, attachment.id]),
    )


def _entry_view(entry: FollowUp, actor: Actor, files: Sequence[FileView]) -> EntryView:
    return EntryView(
        position=entry.position,
        kind=entry.kind,
        internal=entry.internal,
        is_nudge=entry.is_nudge,
        author_name=entry.author_name,
        side=entry.side,
        is_mine=entry.author_id == actor.id,
        body=entry.body,
        changes=[_change_view(change) for change in entry.changes],
        minutes_spent=entry.minutes_spent,
        created_at=entry.created_at,
        files=files,
    )


def _change_view(change: dict[str, Any]) -> ChangeView:
    name, before, after = change["field"], change["from"], change["to"]
    if name == "status":
        before, after = Status(before).label, Status(after).label
    elif name == "planned_at":
        before, after = (parse_datetime(value) if value else None for value in (before, after))
    return ChangeView(field=name, label=_FIELD_LABELS.get(name, name), before=before, after=after)


# --- Filing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FilingSite:
    """A site in whose name somebody may file, and the solutions it uses by desk."""

    id: UUID
    name: str
    solutions: Sequence[tuple[UUID, str, UUID, str]]
    """Solution, its name, its desk, the desk's name."""


def filing_sites(actor: Actor) -> list[FilingSite]:
    """Return where and about what this person may file."""
    allowed = policies.may_file_to_site(actor)
    solutions: dict[UUID, list[tuple[UUID, str, UUID, str]]] = {}
    links = SiteSolution.objects.filter(site__in=allowed, is_active=True, solution__is_active=True)
    for site_id, *solution in links.order_by("desk__name", "solution__name").values_list(
        "site_id", "solution_id", "solution__name", "desk_id", "desk__name"
    ):
        solutions.setdefault(site_id, []).append(tuple(solution))  # type: ignore[arg-type]
    return [
        FilingSite(membership.site_id, membership.site_name, solutions.get(membership.site_id, []))
        for membership in actor.memberships
        if membership.site_id in allowed
    ]


def desk_choices(desk_id: UUID) -> tuple[list[Priority], list[Category]]:
    """Return the priorities and the categories that a desk proposes."""
    return (
        list(Priority.objects.filter(desk=desk_id).order_by("rank")),
        list(Category.objects.filter(desk=desk_id, is_active=True).order_by("name")),
    )


# --- Search ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gives: rows by last change, whether the spelling was only near, whether there is more."""

    rows: Sequence[IncidentRow]
    approximate: bool
    truncated: bool


def search(actor: Actor, words: str) -> Found:
    """Search numbers, subjects, descriptions, requesters and messages, only over what this person may read (INC-25)."""
    sought = clean_line(words)[:200]
    if not sought:
        return Found([], approximate=False, truncated=False)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT incident_id, approximate FROM incidents_search(%s, %s::uuid[], %s::uuid[], %s)",
            [sought, list(actor.desk_ids), list(actor.sites_as(Role.REFERENT)), MOST_FOUND + 1],
        )
        hits = cursor.fetchall()
    if not hits:
        return Found([], approximate=False, truncated=False)
    query = SearchQuery(sought, config="vigie_french", search_type="websearch")
    start, stop = MARK
    shown = [identifier for identifier, _approximate in hits[:PAGE_SIZE]]
    found = (
        policies.visible_to(actor)
        .filter(pk__in=shown)
        .annotate(
            marked=SearchHeadline("subject", query, config="vigie_french", start_sel=start, stop_sel=stop, highlight_all=True),
            excerpt=SearchHeadline("description", query, config="vigie_french", start_sel=start, stop_sel=stop, max_words=30, min_words=15),
        )
    )
    rows: dict[UUID, IncidentRow] = {}
    subject = _ROW.index("subject")
    for *values, marked, excerpt in found.values_list(*_ROW, "marked", "excerpt"):
        values[subject] = marked
        rows[values[0]] = replace(IncidentRow(*values), excerpt=excerpt)
    return Found(
        rows=[rows[identifier] for identifier in shown if identifier in rows],
        approximate=bool(hits[0][1]),
        truncated=len(hits) > PAGE_SIZE,
    )


def similar_open_incidents(actor: Actor, subject: str, *, most: int = 3) -> list[IncidentRow]:
    """Return open incidents that this person may read and whose text is near: to follow rather than file again."""
    return [row for row in search(actor, subject).rows if row.status not in (Status.CLOSED, Status.RESOLVED)][:most]


# --- What waits ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeskLoad:
    desk_name: str
    slug: str
    unassigned: int
    mine: int
    nudged: int
    my_first: list[IncidentRow]
    """The most pressing of hers, then those that have waited longest."""
    unassigned_first: list[IncidentRow]


def waiting_for(actor: Actor) -> list[IncidentRow]:
    """Return what waits for this person's answer, oldest change first."""
    waiting = requester_list(actor, "a-moi").order_by("updated_at", "id")[:10]
    return [IncidentRow(*values) for values in waiting.values_list(*_ROW)]


_WAITING = """
SELECT count(*) FROM (
    (SELECT 1 FROM incidents_incident WHERE requester_id = %(me)s AND status IN ('waiting', 'resolved')
        AND (site_id = ANY (%(sites)s) OR desk_id = ANY (%(desks)s)) LIMIT %(most)s)
    UNION ALL
    (SELECT 1 FROM incidents_incident WHERE assignee_id = %(me)s AND is_open AND desk_id = ANY (%(desks)s)
        AND NOT (requester_id = %(me)s AND status = 'waiting') LIMIT %(most)s)
) AS waiting
"""


def waiting_count(actor: Actor) -> int:
    """Return how much waits for her: answers to give, and incidents to handle.

    In SQL, since every page shows it: the same two conditions cost a tenth of a list through the ORM, and an index each here.
    `test_what_waits_is_what_her_lists_hold` holds it to `policies`.
    """
    sites = actor.sites_as(Role.USER) | actor.sites_as(Role.REFERENT)
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"me": actor.id, "sites": list(sites), "desks": list(actor.desk_ids), "most": MOST_COUNTED})
        return min(int(cursor.fetchone()[0]), MOST_COUNTED)


def recent_for(actor: Actor) -> list[IncidentRow]:
    """Return her open incidents that moved last."""
    mine = requester_list(actor, "miens").order_by("-updated_at", "-id")[:5]
    return [IncidentRow(*values) for values in mine.values_list(*_ROW)]


def desk_loads(actor: Actor) -> list[DeskLoad]:
    """Return the figures of each desk that this person works for; each is counted up to 10,000."""
    return [
        DeskLoad(
            desk_name=desk.name,
            slug=desk.slug,
            unassigned=_counted(desk_list(actor, desk.id, "a-attribuer")),
            mine=_counted(desk_list(actor, desk.id, "a-traiter")),
            nudged=_counted(desk_list(actor, desk.id, "relances")),
            my_first=_first(desk_list(actor, desk.id, "a-traiter")),
            unassigned_first=_first(desk_list(actor, desk.id, "a-attribuer")),
        )
        for desk in actor.desks
    ]


_LARGE = 1_000
_KEPT_SECONDS = 10.0
_large_totals: dict[Any, tuple[int, float]] = {}


def _first(incidents: QuerySet[Incident]) -> list[IncidentRow]:
    return [IncidentRow(*values) for values in incidents.order_by("priority_rank", "updated_at", "id").values_list(*_ROW)[:5]]


def _counted(incidents: QuerySet[Incident], *, most: int = MOST_COUNTED) -> int:
    """Count, up to `most`. A total above 1,000 may be ten seconds old: counting is what grows with the volume, rows never are."""
    try:
        statement, values = incidents.order_by().values("pk")[:most].query.sql_with_params()
    except EmptyResultSet:
        return 0
    # The scope too: row-level security restricts what the statement counts.
    key = statement, values, scope.current()
    kept = _large_totals.get(key)
    if kept is not None and kept[1] > monotonic():
        return kept[0]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({statement}) AS counted", values)  # noqa: S608 - a statement of Django's
        total = int(cursor.fetchone()[0])
    if total > _LARGE:
        if len(_large_totals) > _LARGE:
            _large_totals.clear()
        _large_totals[key] = total, monotonic() + _KEPT_SECONDS
    return total
