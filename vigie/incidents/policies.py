"""Who may do what to an incident. The only place where rights on incidents are decided.

The matrix (`directory.rights`) says which relation gives which right; here it is told what relation a person has.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from vigie.directory import rights
from vigie.directory.actors import Actor
from vigie.directory.models import Role
from vigie.foundation.errors import NotAllowed, Unseen
from vigie.foundation.rows import one_or_none
from vigie.incidents.models import Follower, Incident, Interest, Side, Status
from vigie.patients.policies import registers_of

# What else an address may hold, a null character for one, never reaches the database.
NUMBER = re.compile(r"INC-[0-9]{4}-[0-9]{6,11}")
_SCOPE_OF_INTEREST = {Interest.FOLLOWER: "followed", Interest.OBSERVER: "observed"}


def visible_to(actor: Actor) -> QuerySet[Incident]:
    """Return the incidents this person may read: the one source of lists, search, counts, exports and pages."""
    return Incident.objects.filter(_readable(actor))


def may_file_to_site(actor: Actor) -> frozenset[UUID]:
    """Return the sites in whose name she may file for herself (INC-1)."""
    sites: set[UUID] = set()
    for role, scope in ((Role.USER, "own"), (Role.REFERENT, "site")):
        if rights.holds("incident.file", [(role, scope)]):
            sites |= actor.sites_as(role)
    return frozenset(sites)


def relations(actor: Actor, incident: Incident, interest: str | None) -> frozenset[rights.Relation]:
    """Return what this person is to this incident. `interest` is hers in it, if she follows or observes it."""
    found: set[rights.Relation] = set()
    if incident.site_id in actor.sites_as(Role.USER):
        if incident.requester_id == actor.id:
            found.add((Role.USER, "own"))
        if interest:
            found.add((Role.USER, _SCOPE_OF_INTEREST[Interest(interest)]))
    if incident.site_id in actor.sites_as(Role.REFERENT):
        found.add((Role.REFERENT, "site"))
    if incident.desk_id in actor.desk_ids:
        found.add((Role.AGENT, "desk"))
    return frozenset(found)


class Access:
    """What one person may do to one incident, asked many times while a page is made."""

    def __init__(self, actor: Actor, incident: Incident, interest: str | None) -> None:
        self.actor = actor
        self.incident = incident
        self.interest = interest
        self.relations = relations(actor, incident, interest)

    def holds(self, capability: str) -> bool:
        return rights.holds(f"incident.{capability}", self.relations)

    @property
    def side(self) -> Side:
        """The side on whose behalf she speaks: a technician of the desk speaks for the desk."""
        return Side.DESK if self.is_agent else Side.REQUESTER

    @cached_property
    def opens_register(self) -> bool:
        """Whether the numbers of patients that the incident cites lead her somewhere."""
        cited = bool(self.incident.patient_references)
        return cited and self.incident.site_id in {register.site_id for register in registers_of(self.actor)}

    @property
    def is_agent(self) -> bool:
        return self.incident.desk_id in self.actor.desk_ids

    @property
    def may_reach_requester(self) -> bool:
        """Read the telephone and the address of who filed it (users.read): the contacts of a desk's incidents, the people of a site."""
        found: set[rights.Relation] = set()
        if self.is_agent:
            found.add((Role.AGENT, "contacts"))
        if self.incident.site_id in self.actor.sites_as(Role.REFERENT):
            found.add((Role.REFERENT, "site"))
        return rights.holds("users.read", found)

    @property
    def is_open(self) -> bool:
        return self.incident.status != Status.CLOSED

    @property
    def may_comment(self) -> bool:
        return self.is_open and self.holds("comment")

    @property
    def may_note(self) -> bool:
        return self.holds("note")

    @property
    def may_nudge(self) -> bool:
        return self.is_open and self.incident.status != Status.RESOLVED and self.holds("nudge")

    @property
    def may_close(self) -> bool:
        return self.is_open and self.incident.status != Status.RESOLVED and self.holds("close")

    @property
    def may_judge(self) -> bool:
        """Accept or refuse the resolution."""
        return self.incident.status == Status.RESOLVED and self.holds("accept")

    @property
    def may_handle(self) -> bool:
        """Assign, plan, resolve and change the status."""
        return self.is_open and self.holds("assign")

    @property
    def may_reopen(self) -> bool:
        return self.incident.status in (Status.RESOLVED, Status.CLOSED) and self.holds("reopen")

    @property
    def may_follow(self) -> bool:
        return self.holds("follow")

    @property
    def may_file_again(self) -> bool:
        """A closed incident takes no comment; a new one is filed after it."""
        return not self.is_open and self.incident.site_id in may_file_to_site(self.actor)

    def require(self, allowed: bool) -> None:  # noqa: FBT001 - the answer of one of the questions above
        """Raise NotAllowed unless the answer was yes."""
        if not allowed:
            raise NotAllowed


def access_incident(
    actor: Actor,
    *,
    number: str | None = None,
    id: UUID | None = None,  # noqa: A002
    lock: bool = False,
    whole: bool = True,
) -> Access:
    """Return what this person may do to an incident, `whole` with the names of all that it refers to.

    Raises Unseen when she may not read it, exactly as when it does not exist.
    """
    if number is not None and not NUMBER.fullmatch(number):
        raise Unseen
    beside = ("site", "desk", "solution", "priority", "category", "team") if whole else ("desk",)
    incidents = Incident.objects.select_related(*beside)
    if lock:
        # The row alone: the catalogue beside it is shared with every other incident.
        incidents = Incident.objects.select_for_update(of=("self",))
    hers = Follower.objects.filter(incident=OuterRef("pk"), user=actor.id)
    incidents = incidents.annotate(interest=Subquery(hers.values("interest")[:1]))
    incident = one_or_none(incidents.filter(Q(number=number) if number else Q(id=id)))
    if incident is None:
        raise Unseen
    access = Access(actor, incident, incident.interest)  # type: ignore[attr-defined] # annotated above
    if not access.holds("read"):
        raise Unseen
    return access


def readers_among(incident: Incident, candidates: Iterable[tuple[UUID, Iterable[str], str | None]]) -> set[UUID]:
    """Return who of these members of the incident's site may read it: (user, roles in the site, interest)."""
    readers: set[UUID] = set()
    for user_id, roles, interest in candidates:
        held: set[rights.Relation] = set()
        if Role.USER in roles and user_id == incident.requester_id:
            held.add((Role.USER, "own"))
        if Role.USER in roles and interest:
            held.add((Role.USER, _SCOPE_OF_INTEREST[Interest(interest)]))
        if Role.REFERENT in roles:
            held.add((Role.REFERENT, "site"))
        if rights.holds("incident.read", held):
            readers.add(user_id)
    return readers


def _readable(actor: Actor) -> Q:
    """Build the condition from the matrix: one term for each relation that gives the right to read."""
    condition = Q(pk__in=[])
    if actor.desk_ids and rights.holds("incident.read", [(Role.AGENT, "desk")]):
        condition |= Q(desk__in=actor.desk_ids)
    if (sites := actor.sites_as(Role.REFERENT)) and rights.holds("incident.read", [(Role.REFERENT, "site")]):
        condition |= Q(site__in=sites)
    if sites := actor.sites_as(Role.USER):
        if rights.holds("incident.read", [(Role.USER, "own")]):
            condition |= Q(requester=actor.id, site__in=sites)
        interests = [interest for interest, scope in _SCOPE_OF_INTEREST.items() if rights.holds("incident.read", [(Role.USER, scope)])]
        if interests:
            followed = Follower.objects.filter(user=actor.id, interest__in=interests).values("incident")
            condition |= Q(pk__in=followed, site__in=sites)
    return condition


def may_audit(actor: Actor, incident: Incident) -> bool:
    """Tell whether she may read the history of this incident's row: administrators of the site (`audit.read`)."""
    return incident.site_id in actor.sites_as(Role.ADMIN) and rights.holds("audit.read", [(Role.ADMIN, "site")])
