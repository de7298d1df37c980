"""What the pages that configure desks read: typed view data, with a number of statements that never grows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from django.db import connection
from django.db.models import Count, Prefetch, Q

from vigie.directory.actors import Actor
from vigie.directory.models import Desk, Site, Solution, Team, TeamMember
from vigie.incidents.desk_actions import scale_in_use, technicians_of
from vigie.incidents.models import Category
from vigie.incidents.notices import opening_hours


@dataclass(frozen=True, slots=True)
class DeskRow:
    """One line of the list of desks."""

    name: str
    slug: str
    site: str
    phone: str
    solutions: int
    always_open: bool


def desks(*, site: Site | None = None) -> list[DeskRow]:
    """Return the desks of a site, or those of the platform, by name."""
    found = Desk.objects.order_by("name", "id") if site is None else Desk.objects.filter(site=site).order_by("name", "id")
    counted = found.annotate(count=Count("solutions", filter=Q(solutions__is_active=True)))
    return [DeskRow(*values) for values in counted.values_list("name", "slug", "site__name", "phone", "count", "always_open")]


@dataclass(frozen=True, slots=True)
class TeamView:
    id: UUID
    name: str
    members: Sequence[str]


@dataclass(frozen=True, slots=True)
class SolutionView:
    id: UUID
    name: str
    is_active: bool
    sites: Sequence[str]
    """The sites that use it now."""


@dataclass(frozen=True, slots=True)
class PriorityView:
    id: UUID
    name: str
    tone: str
    definition: str
    response_minutes: int
    resolution_minutes: int
    is_used: bool
    """Incidents have it."""
    rises: bool
    sinks: bool
    """It may change places with the one above, below: no incident has either."""


@dataclass(frozen=True, slots=True)
class DeskView:
    """Everything that can be configured of a desk."""

    hours: Sequence[str]
    teams: Sequence[TeamView]
    technicians: Mapping[UUID, str]
    solutions: Sequence[SolutionView]
    priorities: Sequence[PriorityView]
    is_order_held: bool
    """Incidents have some of the priorities."""
    categories: Sequence[Category]


def desk_view(desk: Desk) -> DeskView:
    technicians = technicians_of(desk)
    teams = Team.objects.filter(desk=desk).order_by("name", "id").prefetch_related(Prefetch("members", TeamMember.objects.order_by("id")))
    sites = sites_by_solution(desk)
    scale = _scale(desk)
    return DeskView(
        hours=opening_hours(desk),
        teams=[
            # Whoever is no technician any more is in no group either, until she is taken out of it.
            TeamView(
                team.id, team.name, sorted(technicians[member.user_id] for member in team.members.all() if member.user_id in technicians)
            )
            for team in teams
        ],
        technicians=technicians,
        solutions=[
            SolutionView(solution.id, solution.name, solution.is_active, list(sites.get(solution.id, {}).values()))
            for solution in Solution.objects.filter(desk=desk).order_by("name", "id")
        ],
        priorities=scale,
        is_order_held=any(step.is_used for step in scale),
        categories=list(Category.objects.filter(desk=desk).order_by("name", "id")),
    )


def _scale(desk: Desk) -> list[PriorityView]:
    steps = scale_in_use(desk)
    exchanged = [False, *(not above and not below for above, below in pairwise(is_used for _step, is_used in steps)), False]
    return [
        PriorityView(
            id=step.id,
            name=step.name,
            tone=step.tone,
            definition=step.definition,
            response_minutes=step.response_minutes,
            resolution_minutes=step.resolution_minutes,
            is_used=is_used,
            rises=exchanged[place],
            sinks=exchanged[place + 1],
        )
        for place, (step, is_used) in enumerate(steps)
    ]


def sites_by_solution(desk: Desk) -> dict[UUID, dict[UUID, str]]:
    """Return, by solution, the sites that use it now and their names: those of other tenants come by name alone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT solution, site, name FROM directory_desk_sites(%s) WHERE is_active", [desk.id])
        found: dict[UUID, dict[UUID, str]] = {}
        for solution, site, name in cursor.fetchall():
            found.setdefault(solution, {})[site] = name
    return found


def site_choices(_actor: Actor) -> list[tuple[str, str]]:
    """Return all sites in service, for the operator who says which ones use a solution."""
    return [
        (str(identifier), name) for identifier, name in Site.objects.filter(is_active=True).order_by("name", "id").values_list("id", "name")
    ]


def members_of(team: Team) -> list[str]:
    return [str(user) for user in TeamMember.objects.filter(team=team).order_by("id").values_list("user_id", flat=True)]
