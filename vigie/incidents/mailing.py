"""Who is told of an event by mail: those whom it concerns, who want to know, and who may still read the incident."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction

from vigie.accounts.models import User
from vigie.directory.models import Membership, Role, TeamMember
from vigie.foundation import scope
from vigie.incidents import notices, policies
from vigie.incidents.models import EntryKind, Follower, Interest
from vigie.incidents.notices import Audience, Told

_TO_THE_WHOLE_DESK: Final = frozenset({"new", "nudged"})
"""Events that somebody must hear, even when nobody was given the incident yet."""
_AUDIENCES: Final = {Interest.FOLLOWER: Audience.FOLLOWER, Interest.OBSERVER: Audience.OBSERVER}


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, by identifiers: all that a job carries."""

    name: str
    incident_id: UUID
    entry_id: UUID | None
    site_id: UUID
    desk_id: UUID
    desk_site_id: UUID

    @property
    def identifiers(self) -> dict[str, str]:
        """All of it, as text: what a summary keeps to read the event again."""
        return {
            "name": self.name,
            "incident_id": str(self.incident_id),
            "entry_id": str(self.entry_id or ""),
            "site_id": str(self.site_id),
            "desk_id": str(self.desk_id),
            "desk_site_id": str(self.desk_site_id),
        }

    @classmethod
    def of(cls, identifiers: Mapping[str, str]) -> "Event":
        """Return the event that `identifiers` named."""
        return cls(
            name=identifiers["name"],
            incident_id=UUID(identifiers["incident_id"]),
            entry_id=UUID(identifiers["entry_id"]) if identifiers["entry_id"] else None,
            site_id=UUID(identifiers["site_id"]),
            desk_id=UUID(identifiers["desk_id"]),
            desk_site_id=UUID(identifiers["desk_site_id"]),
        )

    @property
    def key(self) -> str:
        """One mail a person an event, however often the job runs."""
        return f"incident.{self.name}:{self.entry_id or self.incident_id}"

    @property
    def requester_side(self) -> scope.Scope:
        """All that the requester's side may read: nothing internal."""
        return scope.Scope(site_ids=frozenset({self.site_id}), reach_ids=frozenset({self.desk_id}))

    @property
    def desk_side(self) -> scope.Scope:
        only = frozenset({self.desk_id})
        return scope.Scope(site_ids=frozenset({self.desk_site_id}), desk_ids=only, reach_ids=only)


def tell(event: Event) -> int:
    """Queue the mails of one event; return how many. Doing it again queues nothing more.

    Somebody whose mail cannot be written does not keep the others from theirs; what went wrong is raised afterwards, so
    that the job is done again.
    """
    with transaction.atomic():
        with scope.entered(event.requester_side):
            outcome = _queue(event, _letters_to_requester_side(event))
        with scope.entered(event.desk_side):
            outcome += _queue(event, _letters_to_desk(event))
    failures = [result for result in outcome if isinstance(result, Exception)]
    if failures:
        raise failures[0]
    return sum(result is True for result in outcome)


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice for one person. `insists`: she asked to be told of this very incident (INC-1)."""

    name: str
    told: Told
    to: User
    audience: Audience
    address: str = ""
    insists: bool = False


def letter_to(event: Event, user: User) -> Letter | None:
    """Return what an event still tells a person, with the rights and the interest that she has now; None when nothing."""
    for side, letters in ((event.requester_side, _letters_to_requester_side), (event.desk_side, _letters_to_desk)):
        with scope.entered(side):
            for letter in letters(event):
                if letter.to.pk == user.pk and notices.may_be_told(letter.name, letter.told, letter.audience):
                    return letter
    return None


def _queue(event: Event, letters: Iterable[Letter]) -> list[bool | Exception]:
    outcome: list[bool | Exception] = []
    for letter in letters:
        try:
            with transaction.atomic():
                outcome.append(
                    notices.send(
                        letter.name,
                        letter.told,
                        event=event.key,
                        to=letter.to,
                        audience=letter.audience,
                        address=letter.address,
                        insists=letter.insists,
                        digest=event.identifiers,
                    )
                )
        except Exception as error:  # noqa: BLE001 - raised again by `tell`, once the others have their mail
            outcome.append(error)
    return outcome


def _letters_to_requester_side(event: Event) -> list[Letter]:
    told = notices.read(event.incident_id, event.entry_id)
    name = _public_notice(event, told) if told else None
    if told is None or name is None:
        return []
    interests = dict(Follower.objects.filter(incident=told.incident).values_list("user_id", "interest"))
    if name == "observed":
        interests = _latest_observer(told)
    letters = []
    for person in _readers(event, told, {told.incident.requester_id, *interests}, interests):
        if person.pk == told.incident.requester_id:
            # Her choice for this incident rules over her general preferences, which say how often (INC-1).
            if told.incident.notify_requester and (name == "acknowledged" or not _is_author(told, person)):
                address = told.incident.notify_address or person.reply_address
                letters.append(Letter(name, told, person, Audience.REQUESTER, address, insists=True))
        elif not _is_author(told, person):
            audience = _AUDIENCES[Interest(interests[person.pk])]
            letters.append(Letter(name, told, person, audience, person.reply_address))
    return letters


def _letters_to_desk(event: Event) -> list[Letter]:
    told = notices.read(event.incident_id, event.entry_id)
    name = _desk_notice(event, told) if told else None
    if told is None or name is None:
        return []
    memberships = Membership.objects.in_force().filter(site=event.desk_site_id, roles__contains=[Role.AGENT])
    agents = {person.pk: person for person in User.objects.filter(memberships__in=memberships, is_active=True).distinct()}
    concerned = _in_charge(told)
    if not concerned and name in _TO_THE_WHOLE_DESK:
        concerned = set(agents)
    if name not in {"new", "nudged", "assigned"}:
        concerned |= set(Follower.objects.filter(incident=told.incident).values_list("user_id", flat=True))
    return [
        Letter(name, told, agents[user_id], Audience.DESK)
        for user_id in sorted(concerned & set(agents))
        if not _is_author(told, agents[user_id]) and not _filed_by(event, told, user_id)
    ]


def _public_notice(event: Event, told: Told) -> str | None:
    """Return what the requester's side is told of this event, if anything."""
    if event.name == "filed":
        return "acknowledged"
    if event.name == "nudged":
        return None
    if event.name in {"assigned", "new"}:
        # A change of status alone is not worth a mail; what was said with it is.
        return "commented" if _says_something(told) else None
    return event.name if event.name in notices.NOTICES else None


def _desk_notice(event: Event, told: Told) -> str | None:
    """Return what the technicians are told of this event, if anything."""
    if event.name == "filed":
        return "new"
    if event.name == "observed":
        return None
    if event.name == "assigned":
        was_given = told.entry is not None and any(change["field"] in {"assignee", "team"} for change in told.entry.changes)
        return "assigned" if was_given else "commented" if _says_something(told) else None
    if event.name == "new":
        return "commented" if _says_something(told) else None
    return event.name if event.name in notices.NOTICES else None


def _says_something(told: Told) -> bool:
    return told.entry is not None and told.entry.kind == EntryKind.MESSAGE and bool(told.entry.body)


def _readers(event: Event, told: Told, candidates: Iterable[UUID], interests: dict[UUID, str]) -> list[User]:
    """Return those of the site's people who may read the incident today, in a fixed order."""
    roles = Membership.objects.in_force().filter(site=event.site_id, user_id__in=list(candidates))
    allowed = policies.readers_among(
        told.incident,
        [(user_id, held, interests.get(user_id)) for user_id, held in roles.values_list("user_id", "roles")],
    )
    return list(User.objects.filter(pk__in=allowed, is_active=True).order_by("pk"))


def _latest_observer(told: Told) -> dict[UUID, str]:
    """Return whom this entry made an observer: the entry holds her name, as the timeline shows it."""
    names = [change["to"] for change in told.entry.changes if change["field"] == "observer"] if told.entry else []
    observers = Follower.objects.filter(incident=told.incident, interest=Interest.OBSERVER, user_name__in=names)
    latest = observers.order_by("-id").values_list("user_id", "interest").first()
    return dict([latest]) if latest else {}


def _in_charge(told: Told) -> set[UUID]:
    if told.incident.assignee_id:
        return {told.incident.assignee_id}
    if told.incident.team_id:
        return set(TeamMember.objects.filter(team=told.incident.team_id).values_list("user_id", flat=True))
    return set()


def _is_author(told: Told, person: User) -> bool:
    return told.entry is not None and told.entry.author_id == person.pk


def _filed_by(event: Event, told: Told, user_id: UUID) -> bool:
    return event.name == "filed" and told.incident.requester_id == user_id
