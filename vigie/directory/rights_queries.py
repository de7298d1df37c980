"""What the pages of the matrix of rights read: its rows, what a change would do to whom, its versions (ACC-40)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from vigie.directory import rights, rights_actions
from vigie.directory import rights_catalogue as catalogue
from vigie.directory.models import Habilitation, Membership, RightsOrigin, RightsVersion, Role, SiteKind
from vigie.directory.rights import ABSENT, GIVEN_WITH_STEP_UP, Cell, State
from vigie.foundation.text import clean_line

PEOPLE_PER_PAGE = 25
VERSIONS_SHOWN = 50
MOST_SITES = 20


# --- The matrix ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class CellView:
    """One cell: a scope of one role for one capability."""

    key: str
    scope: str
    state: int
    is_decided: bool
    """An operator decided it otherwise than it is delivered."""
    is_locked: bool
    is_planned: bool
    """The right is applied, to this role not yet."""
    offers_step_up: bool

    @property
    def is_given(self) -> bool:
        return self.state != ABSENT

    @property
    def asks_step_up(self) -> bool:
        return self.state == GIVEN_WITH_STEP_UP


@dataclass(frozen=True, slots=True)
class RowView:
    """One capability, with a list of cells for each role."""

    capability: str
    label: str
    is_administrative: bool
    is_health: bool
    is_planned: bool
    roles: Sequence[tuple[str, Sequence[CellView]]]


@dataclass(frozen=True, slots=True)
class FamilyView:
    key: str
    label: str
    roles: Sequence[str]
    """The roles that have a cell in this family: its columns."""
    rows: Sequence[RowView]


def matrix_view(version: RightsVersion) -> list[FamilyView]:
    """Return the matrix in words, family by family; a family shows the roles that it concerns."""
    cells = rights.decoded(version.cells)
    decisions = {rights.cell_of(key) for key in version.decisions}
    shown = set(cells) | catalogue.offered(set(rights.decoded(version.delivered)))
    families = []
    for family, label in catalogue.FAMILIES.items():
        of_family = [cell for cell in catalogue.in_order(shown) if catalogue.family_of(cell[0]) == family]
        roles = [role for role in catalogue.ROLES if any(cell[1] == role for cell in of_family)]
        rows = [_row(capability, roles, of_family, cells, decisions) for capability in dict.fromkeys(cell[0] for cell in of_family)]
        families.append(FamilyView(family, catalogue.said(label), [catalogue.said(catalogue.ROLES[role]) for role in roles], rows))
    return families


def _row(capability: str, roles: Sequence[str], of_family: Sequence[Cell], cells: State, decisions: set[Cell]) -> RowView:
    def views(role: str) -> list[CellView]:
        return [
            CellView(
                key=rights.key_of(cell),
                scope=catalogue.said(catalogue.SCOPES[cell[2]]),
                state=rights.state_of(cells, cell),
                is_decided=cell in decisions,
                is_locked=cell == catalogue.LOCKED,
                is_planned=cell in catalogue.PLANNED_CELLS,
                offers_step_up=capability in catalogue.WITH_STEP_UP and cell != catalogue.ALWAYS_CONFIRMED,
            )
            for cell in of_family
            if cell[:2] == (capability, role)
        ]

    return RowView(
        capability=capability,
        label=catalogue.said(catalogue.CAPABILITIES[capability]),
        is_administrative=capability in catalogue.ADMINISTRATIVE,
        is_health=capability in catalogue.HEALTH,
        is_planned=capability in catalogue.PLANNED,
        roles=[(catalogue.said(catalogue.ROLES[role]), views(role)) for role in roles],
    )


# --- What a change would do ------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ChangeView:
    """One cell that would change, and whom it touches."""

    cell: Cell
    capability: str
    role: str
    scope: str
    before: int
    after: int
    people: int
    """Those who hold the role, each counted once."""
    otherwise: int
    """Those of them who have the right by another role of the same membership as well."""
    is_administrative: bool
    is_health: bool
    is_planned: bool
    refusal: str | Promise

    @property
    def key(self) -> str:
        return rights.key_of(self.cell)

    @property
    def gives(self) -> bool:
        return self.before == ABSENT

    @property
    def takes(self) -> bool:
        return self.after == ABSENT


@dataclass(frozen=True, slots=True)
class SiteCount:
    """How many memberships of one site hold each role that a change touches."""

    name: str
    counts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Preview:
    changes: Sequence[ChangeView]
    roles: Sequence[str]
    sites: Sequence[SiteCount]
    """The sites with most people concerned."""
    site_total: int

    @property
    def is_refused(self) -> bool:
        return any(change.refusal for change in self.changes)


def effective_changes(version: RightsVersion, wanted: Mapping[Cell, int]) -> dict[Cell, int]:
    """Return the changes that differ from the version in force, in the order of the page."""
    cells = rights.decoded(version.cells)
    known = {cell for cell in wanted if cell[0] in catalogue.CAPABILITIES and cell[1] in catalogue.ROLES and cell[2] in catalogue.SCOPES}
    return {cell: wanted[cell] for cell in catalogue.in_order(known) if rights.state_of(cells, cell) != wanted[cell]}


def preview_of(version: RightsVersion, changes: Mapping[Cell, int]) -> Preview:
    """Return who would gain and who would lose what, in two statements however many cells change."""
    before = rights.decoded(version.cells)
    refusals = rights_actions.guard(changes)
    after = {cell: True for cell in before if cell not in changes} | {cell: True for cell, state in changes.items() if state}
    counted = {}
    for position, cell in enumerate(changes):
        counted[f"people_{position}"] = Count("user", distinct=True, filter=_holding(cell))
        counted[f"otherwise_{position}"] = Count("user", distinct=True, filter=_holding(cell) & _having_otherwise(cell, after))
    totals = Membership.objects.in_force().aggregate(**counted) if counted else {}
    holders: list[Cell] = list(dict.fromkeys(("", "", "self") if cell[2] == "self" else ("", cell[1], "") for cell in changes))
    sites = _by_site(holders)
    return Preview(
        changes=[
            ChangeView(
                cell=cell,
                capability=catalogue.said(catalogue.CAPABILITIES[cell[0]]),
                role=catalogue.said(catalogue.ROLES[cell[1]]),
                scope=catalogue.said(catalogue.SCOPES[cell[2]]),
                before=rights.state_of(before, cell),
                after=state,
                people=totals[f"people_{position}"],
                otherwise=totals[f"otherwise_{position}"],
                is_administrative=cell[0] in catalogue.ADMINISTRATIVE,
                is_health=cell[0] in catalogue.HEALTH,
                is_planned=cell[0] in catalogue.PLANNED or cell in catalogue.PLANNED_CELLS,
                refusal=refusals.get(cell, ""),
            )
            for position, (cell, state) in enumerate(changes.items())
        ],
        roles=[_("Toutes les personnes") if cell[2] == "self" else catalogue.said(catalogue.ROLES[cell[1]]) for cell in holders],
        sites=sites[:MOST_SITES],
        site_total=len(sites),
    )


def _by_site(holders: Sequence[Cell]) -> list[SiteCount]:
    """Return the sites where somebody is concerned, those with most people first."""
    if not holders:
        return []
    counted = {f"count_{position}": Count("pk", filter=_holding(cell)) for position, cell in enumerate(holders)}
    anybody = Q()
    for cell in holders:
        anybody |= _holding(cell)
    concerned = Membership.objects.in_force().filter(anybody).order_by().values("site__name").annotate(total=Count("pk"), **counted)
    rows = sorted(concerned.values_list("total", "site__name", *counted), key=lambda row: (-row[0], row[1]))
    return [SiteCount(name, counts) for _total, name, *counts in rows]


def _holding(cell: Cell) -> Q:
    """Return the condition « this membership has the relation of the cell », as far as a membership can tell it."""
    _capability, role, scope = cell
    if scope == "self":
        return Q(pk__isnull=False)
    if role == "support":
        return Q(site__kind=SiteKind.SUPPORT)
    condition = Q(roles__contains=[role])
    if scope == "habilitation":
        condition &= Q(pk__in=Habilitation.objects.filter(code=cell[0]).values("membership"))
    return condition


def _having_otherwise(cell: Cell, after: Iterable[Cell]) -> Q:
    """Return the condition « another role of this membership gives the same capability »."""
    others = sorted({role for capability, role, _scope in after if capability == cell[0] and role != cell[1] and role in Role.values})
    return Q(roles__overlap=others) if others else Q(pk__isnull=True)


# --- The people ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody whom a change touches."""

    id: UUID
    last_name: str
    first_name: str
    function: str
    site: str

    @property
    def name(self) -> str:
        return f"{self.last_name} {self.first_name}".strip()


@dataclass(frozen=True, slots=True)
class HolderPage:
    rows: Sequence[Holder]
    has_next: bool
    has_previous: bool

    @property
    def next_cursor(self) -> str:
        return str(self.rows[-1].id) if self.rows else ""

    @property
    def previous_cursor(self) -> str:
        return str(self.rows[0].id) if self.rows else ""


def holders_page(cell: Cell, *, words: str = "", after: str = "", before: str = "") -> HolderPage:
    """Return a page of the memberships that hold the relation of a cell, in the order they were made: the key needs no sort."""
    found = _sought(Membership.objects.in_force().filter(_holding(cell)), words)
    backwards = bool(before)
    if (start := _uuid(before or after)) is not None:
        found = found.filter(pk__lt=start) if backwards else found.filter(pk__gt=start)
    rows = [
        Holder(*values)
        for values in found.order_by("-pk" if backwards else "pk").values_list("pk", "last_name", "first_name", "function", "site__name")[
            : PEOPLE_PER_PAGE + 1
        ]
    ]
    has_more = len(rows) > PEOPLE_PER_PAGE
    rows = rows[:PEOPLE_PER_PAGE]
    if backwards:
        rows.reverse()
    return HolderPage(
        rows=rows,
        has_next=bool(rows) and (backwards or has_more),
        has_previous=bool(rows) and (has_more if backwards else start is not None),
    )


def _sought(members: QuerySet[Membership], words: str) -> QuerySet[Membership]:
    for word in clean_line(words)[:100].split():
        members = members.filter(Q(last_name__istartswith=word) | Q(first_name__istartswith=word) | Q(site__name__icontains=word))
    return members


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


# --- The versions ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class DifferenceView:
    """One cell that a version changed."""

    gives: bool
    text: str


@dataclass(frozen=True, slots=True)
class VersionView:
    number: int
    at: datetime
    author: str
    origin: str
    reason: str
    differences: Sequence[DifferenceView]
    is_current: bool


def versions(*, before: int | None = None) -> tuple[list[VersionView], int | None]:
    """Return the last versions and what each changed, the latest first, and where the next page starts, if there is one."""
    stored = RightsVersion.objects.order_by("-number")
    if before is not None:
        stored = stored.filter(number__lt=before)
    rows = list(stored[: VERSIONS_SHOWN + 1])
    current = rights_actions.current_version().number
    views = [
        VersionView(
            number=row.number,
            at=row.at,
            author=row.author_name,
            origin=str(RightsOrigin(row.origin).label),
            reason=row.reason,
            differences=told(rights.decoded(former.cells), rights.decoded(row.cells)) if former is not None else [],
            is_current=row.number == current,
        )
        for row, former in zip(rows[:VERSIONS_SHOWN], [*rows[1:], None][:VERSIONS_SHOWN], strict=False)
    ]
    return views, rows[VERSIONS_SHOWN - 1].number if len(rows) > VERSIONS_SHOWN else None


def told(before: State, after: State) -> list[DifferenceView]:
    """Return the differences between two versions, in words."""
    return [DifferenceView(text.startswith("+"), words_of(rights.cell_of(text[1:]))) for text in rights.differences(before, after)]


def words_of(cell: Cell) -> str:
    """« Référent : relancer (tout son site) »."""
    capability, role, scope = cell
    return _("%(role)s : %(capability)s (%(scope)s)") % {
        "role": catalogue.said(catalogue.ROLES.get(role, role)),
        "capability": catalogue.said(catalogue.CAPABILITIES.get(capability, capability)),
        "scope": catalogue.said(catalogue.SCOPES.get(scope, scope)),
    }


def changes_to(current: RightsVersion, wanted: RightsVersion) -> dict[Cell, int]:
    """Return the changes that give a former version back; capabilities that are gone are left out."""
    before, after = rights.decoded(current.cells), rights.decoded(wanted.cells)
    cells = {cell for cell in {*before, *after} if cell[0] in {known for known, _role, _scope in before}}
    return {cell: rights.state_of(after, cell) for cell in cells if rights.state_of(before, cell) != rights.state_of(after, cell)}
