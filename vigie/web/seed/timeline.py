"""How each case went, from the first words to the closing, as `vigie.incidents.actions` would have recorded it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from vigie.incidents.models import EntryKind, Interest, Kind, Side, Source, Status
from vigie.web.seed.dice import Dice
from vigie.web.seed.phrases import french, said
from vigie.web.seed.settlement import Office, Person, Place, Product, Settlement, ascii_letters
from vigie.web.seed.situations import Situation
from vigie.web.seed.territory import MAIL_DOMAIN

PARIS = ZoneInfo("Europe/Paris")
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi")
_STATUSES = tuple(Status)
# New, assigned, planned, waiting, resolved, closed; by age in days, younger than.
_STATUS_BY_AGE = (
    (0.6, (50, 30, 6, 8, 6, 0)),
    (4.0, (14, 32, 15, 17, 18, 4)),
    (20.0, (1, 14, 9, 10, 14, 52)),
    (60.0, (0, 2, 2, 2, 0, 94)),
    (10_000.0, (0, 0.3, 0.2, 0.3, 0, 99.2)),
)
_STATUS_WEIGHTS = tuple((age, tuple(accumulate(weights))) for age, weights in _STATUS_BY_AGE)
_SOURCES = (Source.WEB, Source.PHONE, Source.EMAIL)
_SOURCE_WEIGHTS = (82, 92, 100)
_GREETINGS = ("Bonjour,\n\n", "Bonjour,\n\n", "Bonjour à tous,\n\n", "")
_ENDINGS = (
    "\n\nMerci d'avance.",
    "\n\nMerci de votre aide,\n{requester}",
    "\n\nJe reste joignable au {phone}.",
    "",
    "\n\nCordialement,\n{requester}",
)
_ANSWERS = (
    "Votre signalement est bien pris en compte, nous regardons tout de suite et revenons vers vous dans la journée.",
    "Merci pour ces précisions. Nous reproduisons le problème de notre côté et cherchons la cause.",
    "C'est noté, je m'en occupe et vous tiens au courant.",
)
_NUDGES = (
    "Avez-vous une date ? L'équipe nous interroge à chaque relève.",
    "Je me permets de relancer : la situation n'a pas changé.",
    "Toujours le même problème ce matin. Pouvez-vous nous dire où vous en êtes ?",
)
_ADDITIONS = (
    "Complément : une collègue vient de rencontrer la même chose sur le poste {poste}.",
    "Pour information, cela s'est reproduit vers {heure}.",
    "Je joins une capture d'écran, sans donnée de patient.",
)
_THANKS = (
    "Tout fonctionne, merci beaucoup pour votre réactivité.",
    "C'est réglé de notre côté, vous pouvez clore. Merci.",
    "Merci, l'équipe confirme que c'est rentré dans l'ordre.",
)
_REFUSALS = (
    "Le problème est revenu une heure après votre message, sur le poste {poste}.",
    "C'est mieux, mais pas encore rétabli pour l'équipe de nuit.",
    "Nous venons d'essayer : même message qu'au début.",
)
_SECOND_RESOLUTIONS = (
    "Un second réglage manquait, il est posé. Nous avons vérifié avec vous par téléphone que tout fonctionne.",
    "La correction a été étendue à tous les postes du service. Merci de votre patience.",
)
_SECOND_NOTES = (
    "Refusé par le demandeur : repris au téléphone avec lui, un réglage nous avait échappé.",
    "Retour du site : le correctif n'était pas passé sur tous les postes. Vérifié un par un.",
)
_PLANS = (
    "Un technicien passera sur place. Merci de laisser le poste {poste} accessible.",
    "Intervention à distance programmée. Prévoir une interruption de quelques minutes.",
    "Passage prévu avec le matériel de remplacement.",
)
_CANCELLATIONS = (
    "Finalement tout est revenu après un redémarrage. Vous pouvez oublier ma demande.",
    "Doublon avec la demande d'une collègue, je ferme celle-ci.",
)
_REOPENING = "Le même problème nous est signalé par téléphone : nous rouvrons ce dossier."


@dataclass(slots=True)
class Entry:
    """One entry of a timeline, ready to be stored."""

    id: UUID
    at: datetime
    kind: EntryKind
    author: Person | None
    side: Side
    body: str = ""
    changes: list[dict[str, Any]] = field(default_factory=list)
    minutes: int = 0
    is_nudge: bool = False
    screenshot: str | None = None

    @property
    def recorded_changes(self) -> str:
        """The changes as JSON."""
        return json.dumps(self.changes, ensure_ascii=False) if self.changes else "[]"


@dataclass(slots=True)
class Case:
    """One incident with all that hangs on it."""

    id: UUID
    number: str
    office: Office
    product: Product
    place: Place
    requester: Person
    situation: Situation
    created_at: datetime
    subject: str
    description: str
    rank: int
    source: Source
    submission: UUID
    contact: Person | None
    is_request: bool
    words: Mapping[str, str]
    """What the placeholders of its texts stand for."""
    status: Status = Status.NEW
    assignee: Person | None = None
    team: tuple[UUID, str] | None = None
    planned_at: datetime | None = None
    planned_minutes: int | None = None
    answered_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    updated_at: datetime | None = None
    minutes_spent: int = 0
    nudges: int = 0
    is_nudged: bool = False
    revision: int = 1
    screenshot: str | None = None
    filed_after: UUID | None = None
    entries: list[Entry] = field(default_factory=list)
    followers: list[tuple[Person, Interest, datetime]] = field(default_factory=list)

    @property
    def kind(self) -> Kind:
        return Kind.REQUEST if self.is_request else Kind.INCIDENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a case must be, where chance would otherwise decide."""

    product: str
    situation: int
    """Its rank among the product's."""
    requester: str | None = None
    """Left side of the address; otherwise anybody's."""
    days_ago: float
    status: Status
    nudged: bool = False
    assignee: str | None = None


# Recent cases that are always there, whatever the seed and the volume: those of the main accounts, in every status...
_OF_MAIN_ACCOUNTS = (
    ("camille.renaud", "Ormeval Étiquettes et bracelets", 0, 0.05, Status.NEW, None),
    ("camille.renaud", "Ormeval DPI", 0, 0.9, Status.ASSIGNED, "julien.morel"),
    ("camille.renaud", "Ormeval DPI", 6, 2.2, Status.WAITING, "sophie.garnier"),
    ("camille.renaud", "Ormeval Étiquettes et bracelets", 2, 3.4, Status.PLANNED, "julien.morel"),
    ("camille.renaud", "Réseau régional", 1, 4.6, Status.RESOLVED, "karim.haddad"),
    ("camille.renaud", "Comptes et badges", 0, 12, Status.CLOSED, "karim.haddad"),
    ("helene.vasseur", "Ormeval DPI", 4, 0.2, Status.NEW, None),
    ("helene.vasseur", "Ormeval GAP", 0, 1.5, Status.ASSIGNED, "sophie.garnier"),
    ("elodie.marchand", "Régulation médicale", 0, 0.1, Status.ASSIGNED, "nicolas.ferrand"),
    ("elodie.marchand", "Portail de crise", 1, 2.0, Status.PLANNED, "nicolas.ferrand"),
    ("thierry.lambert", "Portail Vigie", 1, 1.1, Status.WAITING, "chloe.masson"),
    ("thierry.lambert", "Ormeval GAP", 4, 0.6, Status.NEW, None),
)
_NUDGED = ("camille.renaud", "helene.vasseur")
# ... and something to take up in the queue of each desk.
_OF_QUEUES = (
    ("Ormeval Pharmacie", 0, 0.02, Status.NEW),
    ("Ormeval Laboratoire", 1, 0.3, Status.NEW),
    ("Ormeval PMSI", 3, 0.7, Status.NEW),
    ("Poste de travail", 2, 0.04, Status.NEW),
    ("Messagerie sécurisée régionale", 0, 0.25, Status.NEW),
    ("PACS régional", 0, 0.4, Status.NEW),
    ("Comptes et badges", 3, 1.2, Status.NEW),
    ("Bracelets SINUS", 1, 0.5, Status.NEW),
    ("Téléphonie d’urgence", 1, 0.08, Status.NEW),
    ("Portail Vigie", 5, 0.35, Status.NEW),
)
WISHES = (
    *(
        Wish(
            requester=requester,
            product=product,
            situation=situation,
            days_ago=days_ago,
            status=status,
            assignee=assignee,
            nudged=status == Status.ASSIGNED and requester in _NUDGED,
        )
        for requester, product, situation, days_ago, status, assignee in _OF_MAIN_ACCOUNTS
    ),
    *(Wish(product=product, situation=situation, days_ago=days_ago, status=status) for product, situation, days_ago, status in _OF_QUEUES),
)


class Chronicle:
    """Tells the cases of a year, in the order of their numbers."""

    def __init__(self, settlement: Settlement, *, count: int, now: datetime, seed: int, brief_after: int) -> None:
        """`brief_after`: beyond that many cases, the old ones keep only the main steps of their story."""
        self._settlement = settlement
        self._dice = Dice(f"{seed}:chronicle")
        self._now = now
        self._count = count
        self._brief = count > brief_after
        self._last_number = 0
        self._last_of_place: dict[UUID, Case] = {}

    def cases(self) -> Iterator[Case]:
        """Yield every case, the oldest first."""
        wished = sorted(WISHES, key=lambda wish: wish.days_ago)[: self._count][::-1]
        for created_at, wish in self._beginnings(self._count - len(wished), wished):
            yield self._told(created_at, wish)

    def _beginnings(self, others: int, wished: Sequence[Wish]) -> Iterator[tuple[datetime, Wish | None]]:
        """Yield dates of filing in order: by day, more and more of them over the year, fewer at week-ends."""
        pending = [(self._now - timedelta(days=wish.days_ago), wish) for wish in wished]
        today = self._now.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [today - timedelta(days=age) for age in range(364, -1, -1)]
        weights = [
            (0.25 if day.weekday() >= 5 else 1.0) * (0.6 + 0.4 * order / 364) * (1 + 4 * max(0, (order - 335) / 30))
            for order, day in enumerate(days)
        ]
        total, given, carried = sum(weights), 0, 0.0
        for day, weight in zip(days, weights, strict=True):
            carried += weight / total * others
            number = min(others - given, round(carried) - given)
            moments = sorted(self._moment_of_day(day) for _ in range(max(0, number)))
            given += len(moments)
            yield from self._merged(moments, pending, day + timedelta(days=1))
        rest = sorted(self._now - timedelta(minutes=1 + self._dice.random() * 600) for _ in range(others - given))
        yield from self._merged(rest, pending, self._now)

    def _merged(
        self, moments: list[datetime], pending: list[tuple[datetime, Wish]], end: datetime
    ) -> Iterator[tuple[datetime, Wish | None]]:
        for moment in moments:
            while pending and pending[0][0] <= moment:
                yield pending.pop(0)
            yield moment, None
        while pending and pending[0][0] < end:
            yield pending.pop(0)

    def _moment_of_day(self, day: datetime) -> datetime:
        """Return a moment of that day, mostly of office hours, never in the future."""
        hour = self._dice.triangular(5.5, 18.5, 9) if self._dice.happens(0.88) else self._dice.random() * 24
        moment = day + timedelta(hours=hour)
        if moment >= self._now:
            moment = day + (self._now - day) * self._dice.random()
        return moment

    def _told(self, created_at: datetime, wish: Wish | None) -> Case:
        case = self._filed(created_at, wish)
        age = self._now - created_at
        status = wish.status if wish else self._status_at(age, case.office)
        is_brief = self._brief and age > timedelta(days=30)
        agent = self._person(wish.assignee) if wish and wish.assignee else self._dice.one_of(case.office.agents)
        story = _Story(case, agent, self._dice, self._now)
        story.tell(status, is_brief=is_brief, nudged=bool(wish and wish.nudged))
        case.updated_at = case.entries[-1].at if case.entries else case.created_at
        if not is_brief:
            self._gather_followers(case)
        self._last_of_place[case.place.id] = case
        return case

    def _filed(self, created_at: datetime, wish: Wish | None) -> Case:
        dice = self._dice
        office, product, place, requester = self._who(wish)
        situation = product.situations[wish.situation] if wish else dice.one_of(product.situations)
        self._last_number += 1
        values = self._words(place, requester, created_at)
        steps = len(office.priorities)
        rank = 1 + min(steps - 1, round(situation.severity * (steps - 1) / 2 + dice.random() * 1.2 - 0.4))
        case = Case(
            id=dice.identifier(created_at),
            number=f"INC-{created_at.astimezone(PARIS).year}-{self._last_number:06}",
            office=office,
            product=product,
            place=place,
            requester=requester,
            situation=situation,
            created_at=created_at,
            subject=said(situation.subject, values, dice)[:200],
            description=said(dice.one_of(_GREETINGS) + situation.description + dice.one_of(_ENDINGS), values, dice),
            rank=max(1, rank),
            source=dice.weighted(_SOURCES, _SOURCE_WEIGHTS),
            submission=dice.identifier(created_at),
            contact=dice.one_of(place.requesters) if dice.happens(0.12) else None,
            is_request=situation.is_request,
            words=values,
            screenshot=situation.screen if situation.screen and (wish or dice.happens(0.3)) else None,
        )
        former = self._last_of_place.get(place.id)
        if former and former.status == Status.CLOSED and former.office is office and former.requester is requester:
            case.filed_after = former.id if dice.happens(0.2) else None
        return case

    def _who(self, wish: Wish | None) -> tuple[Office, Product, Place, Person]:
        dice, settlement = self._dice, self._settlement
        if wish is None:
            office = dice.weighted(settlement.offices, settlement.office_weights)
            product = dice.weighted(office.products, office.cumulated)
        else:
            office, product = next(
                (office, product) for office in settlement.offices for product in office.products if product.name == wish.product
            )
        if wish is None or wish.requester is None:
            place = dice.weighted(product.places, product.cumulated)
            return office, product, place, dice.weighted(place.requesters, place.cumulated)
        requester = self._person(wish.requester)
        place = next(place for place in product.places if requester in place.requesters)
        return office, product, place, requester

    def _words(self, place: Place, requester: Person, at: datetime) -> dict[str, str]:
        """Return what the templates' placeholders stand for, all about the same place and moment."""
        dice = self._dice
        service = dice.one_of(place.services)
        local = at.astimezone(PARIS)
        number = dice.randrange(3, 48)
        return {
            "service": service,
            "poste": f"PC-{ascii_letters(service)[:4].upper()}-{number:03}",
            "imprimante": f"BR-{number:02}{dice.randrange(10, 99)}",
            "heure": f"{local.hour}\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}{local.minute // 5 * 5:02}",
            "nombre": str(number),
            "salle": str(dice.randrange(1, 12)),
            "version": f"{local.year % 100}.{local.month}.{number % 6}",
            "jour": _DAYS[(local.weekday() + number) % 5],
            "requester": requester.name,
            "phone": requester.phone,
        }

    def _person(self, local_part: str) -> Person:
        return self._settlement.people[f"{local_part}@{MAIL_DOMAIN}"]

    def _status_at(self, age: timedelta, office: Office) -> Status:
        days = age / timedelta(days=1)
        for limit, weights in _STATUS_WEIGHTS:
            if days < limit:
                status = self._dice.weighted(_STATUSES, weights)
                # It would have been closed by itself since.
                if status == Status.RESOLVED and age > office.closing_delay:
                    return Status.CLOSED
                return status
        return Status.CLOSED

    def _gather_followers(self, case: Case) -> None:
        dice, place = self._dice, case.place
        if place.referents and dice.happens(0.15):
            referent = dice.one_of(place.referents)
            if referent is not case.requester:
                case.followers.append((referent, Interest.FOLLOWER, case.created_at + dice.minutes(10)))
        if len(place.requesters) > 1 and dice.happens(0.06) and len(case.entries) > 1:
            colleague = dice.one_of(place.requesters)
            if colleague is not case.requester and all(colleague is not person for person, _, _ in case.followers):
                case.followers.append((colleague, Interest.FOLLOWER, case.created_at + dice.minutes(30)))


Step = tuple[float, Callable[[datetime], None]]


class _Story:
    """The steps of one case. Each is a delay in minutes and what then happens."""

    def __init__(self, case: Case, agent: Person, dice: Dice, now: datetime) -> None:
        self._case = case
        self._agent = agent
        self._dice = dice
        self._now = now

    def tell(self, status: Status, *, is_brief: bool, nudged: bool) -> None:
        """Lead the case to this status, at the latest now."""
        steps = self._brief_steps(status) if is_brief else list(self._steps(status, nudged=nudged))
        self._happen(steps)

    def _brief_steps(self, status: Status) -> list[Step]:
        steps: list[Step] = [(90, self._assign)]
        if status == Status.PLANNED:
            steps.append((400, self._plan_ahead))
        elif status == Status.WAITING:
            steps.append((300, self._ask))
        elif status in (Status.CLOSED, Status.RESOLVED):
            steps += [(1200, self._resolve), (2000, self._accept)]
        return steps

    def _steps(self, status: Status, *, nudged: bool) -> Iterator[Step]:
        dice = self._dice
        if status == Status.NEW:
            if dice.happens(0.2):
                yield 60, self._add_detail
            return
        if status == Status.CLOSED and dice.happens(0.04):
            yield 120, self._cancel
            return
        yield from self._taking_charge()
        yield from self._conversation(status)
        yield from self._work(status, nudged=nudged)
        if status == Status.WAITING:
            yield 240, self._ask
        elif status == Status.PLANNED:
            yield 300, self._plan_ahead
        elif status in (Status.RESOLVED, Status.CLOSED):
            yield from self._ending(status)

    def _taking_charge(self) -> Iterator[Step]:
        if self._dice.happens(0.2):
            yield 25, self._dispatch
        yield (20 if self._case.rank == 1 else 90), self._assign
        if self._dice.happens(0.55):
            yield 30, self._answer

    def _conversation(self, status: Status) -> Iterator[Step]:
        # A case that waits at the end may well be waiting for its first answer.
        if not self._dice.happens(0.3 if status == Status.WAITING else 0.6):
            return
        yield 120, self._ask
        yield 200, self._reply
        if self._dice.happens(0.35):
            yield 60, self._add_detail

    def _work(self, status: Status, *, nudged: bool) -> Iterator[Step]:
        dice = self._dice
        if dice.happens(0.6):
            yield 90, self._note
        if status in (Status.RESOLVED, Status.CLOSED) and dice.happens(0.6 if self._case.situation.on_site else 0.1):
            yield 200, self._plan_past
        is_under_way = status == Status.ASSIGNED
        if nudged or dice.happens(0.3 if is_under_way else 0.1):
            yield 1500, self._nudge
            if not nudged and dice.happens(0.4 if is_under_way else 0.8):
                yield 120, self._answer

    def _ending(self, status: Status) -> Iterator[Step]:
        dice = self._dice
        yield 900, self._resolve
        if dice.happens(0.09):
            yield 500, self._refuse
            yield 120, self._note_again
            yield 700, self._resolve_again
        if status == Status.RESOLVED:
            return
        delay = self._case.office.closing_delay
        if dice.happens(0.45) or self._now - self._case.created_at < delay * 1.5 + timedelta(days=5):
            yield 700, self._accept
        else:
            yield delay / timedelta(minutes=1), self._close_by_itself
        if dice.happens(0.015):
            yield 4000, self._reopen
            yield 800, self._resolve_again
            yield 900, self._accept

    def _happen(self, steps: list[Step]) -> None:
        """Date the steps and play them; when the case is too young for their usual pace, quicken it."""
        dice, now = self._dice, self._now
        delays = [usual if happens == self._close_by_itself else 1 + usual * (0.25 + dice.expovariate(1.2)) for usual, happens in steps]
        available = (now - self._case.created_at) / timedelta(minutes=1)
        total = sum(delays) + 1
        pace = min(1.0, available * (0.4 + 0.5 * dice.random()) / total)
        at = self._case.created_at
        for delay, (_, happens) in zip(delays, steps, strict=True):
            later = at + timedelta(minutes=delay * pace)
            if pace == 1.0 and happens != self._close_by_itself:
                later = self._in_hours(later)
            at = later if later < now else at + (now - at) * 0.5
            happens(at)

    def _in_hours(self, moment: datetime) -> datetime:
        """Return the moment, or the next morning when the desk is closed (hours are those of Paris, within one)."""
        if self._case.office.always_open:
            return moment
        if moment.hour >= 17:
            moment = moment.replace(hour=7) + timedelta(days=1, minutes=self._dice.random() * 90)
        elif moment.hour < 7:
            moment = moment.replace(hour=7) + timedelta(minutes=self._dice.random() * 30)
        while moment.weekday() >= 5:
            moment += timedelta(days=1)
        return moment

    # --- What people do -------------------------------------------------------------------------------------------

    def _dispatch(self, at: datetime) -> None:
        """The case is first given to a group."""
        team = self._case.office.team_of.get(self._agent.id)
        if team is None or self._case.status != Status.NEW:
            return
        self._case.team = team
        changes = [{"field": "team", "from": "", "to": team[1]}, *self._status(Status.ASSIGNED)]
        self._write(at, EntryKind.CHANGE, self._dice.one_of(self._case.office.agents), Side.DESK, changes=changes)

    def _assign(self, at: datetime) -> None:
        case, agent = self._case, self._agent
        changes = [{"field": "assignee", "from": "", "to": agent.name}]
        case.assignee = agent
        team = case.office.team_of.get(agent.id)
        if team is not None and case.team is None:
            case.team = team
            changes.append({"field": "team", "from": "", "to": team[1]})
        if case.status == Status.NEW:
            changes += self._status(Status.ASSIGNED)
        self._write(at, EntryKind.CHANGE, agent, Side.DESK, changes=changes)

    def _answer(self, at: datetime) -> None:
        self._desk_writes(at, self._said(_ANSWERS))

    def _ask(self, at: datetime) -> None:
        if self._case.status == Status.WAITING:
            return
        text = self._say(self._case.situation.question)
        self._desk_writes(at, text, changes=self._status(Status.WAITING))

    def _reply(self, at: datetime) -> None:
        changes = self._status(Status.ASSIGNED) if self._case.status == Status.WAITING else []
        self._requester_writes(at, self._say(self._case.situation.answer), changes=changes)

    def _add_detail(self, at: datetime) -> None:
        changes = self._status(Status.ASSIGNED) if self._case.status == Status.WAITING else []
        index = self._dice.randrange(len(_ADDITIONS))
        screen = self._case.situation.screen
        if index == 2 and not screen:
            index = 0
        self._requester_writes(at, self._say(_ADDITIONS[index]), changes=changes)
        if index == 2:
            self._case.entries[-1].screenshot = screen

    def _note(self, at: datetime) -> None:
        self._noted(at, self._case.situation.note)

    def _note_again(self, at: datetime) -> None:
        self._noted(at, self._dice.one_of(_SECOND_NOTES))

    def _noted(self, at: datetime, template: str) -> None:
        minutes = self._dice.one_of((5, 10, 15, 20, 30, 45, 60))
        self._write(at, EntryKind.NOTE, self._agent, Side.DESK, body=self._say(template), minutes=minutes)

    def _nudge(self, at: datetime) -> None:
        case = self._case
        changes = self._status(Status.ASSIGNED) if case.status == Status.WAITING else []
        self._requester_writes(at, self._said(_NUDGES), changes=changes)
        case.entries[-1].is_nudge = True
        case.nudges += 1
        case.is_nudged = True

    def _plan_past(self, at: datetime) -> None:
        """An appointment that was kept."""
        if self._case.status == Status.WAITING:
            return
        self._plan(at, at + timedelta(hours=20 + self._dice.random() * 60))

    def _plan_ahead(self, at: datetime) -> None:
        """An appointment in the coming days."""
        self._plan(at, self._now + timedelta(hours=8 + self._dice.random() * 150))

    def _plan(self, at: datetime, when: datetime) -> None:
        case = self._case
        local = when.astimezone(PARIS).replace(minute=self._dice.one_of((0, 30)), second=0, microsecond=0)
        local = local.replace(hour=8 + local.hour % 9)
        while local.weekday() >= 5:
            local += timedelta(days=1)
        minutes = self._dice.one_of((30, 60, 90, 120))
        changes = self._status(Status.PLANNED)
        changes += [
            {"field": "planned_at", "from": case.planned_at and case.planned_at.isoformat(), "to": local.isoformat()},
            {"field": "planned_minutes", "from": case.planned_minutes, "to": minutes},
        ]
        case.planned_at, case.planned_minutes = local, minutes
        self._write(at, EntryKind.PLAN, self._agent, Side.DESK, body=self._said(_PLANS), changes=changes)

    def _resolve(self, at: datetime) -> None:
        self._resolved(at, self._case.situation.resolution)

    def _resolve_again(self, at: datetime) -> None:
        self._resolved(at, self._dice.one_of(_SECOND_RESOLUTIONS))

    def _resolved(self, at: datetime, template: str) -> None:
        changes = self._status(Status.RESOLVED)
        self._case.resolved_at = at
        self._desk_writes(at, self._say(template), changes=changes)

    def _accept(self, at: datetime) -> None:
        changes = self._status(Status.CLOSED)
        self._case.closed_at = at
        if self._dice.happens(0.6):
            self._requester_writes(at, self._said(_THANKS), changes=changes)
        else:
            self._write(at, EntryKind.CHANGE, self._case.requester, Side.REQUESTER, changes=changes)

    def _refuse(self, at: datetime) -> None:
        changes = self._status(Status.ASSIGNED)
        self._case.resolved_at = None
        self._requester_writes(at, self._said(_REFUSALS), changes=changes)

    def _close_by_itself(self, at: datetime) -> None:
        changes = self._status(Status.CLOSED)
        self._case.closed_at = at
        self._write(at, EntryKind.CHANGE, None, Side.SYSTEM, changes=changes)

    def _cancel(self, at: datetime) -> None:
        changes = self._status(Status.CLOSED)
        self._case.closed_at = at
        self._requester_writes(at, self._said(_CANCELLATIONS), changes=changes)

    def _reopen(self, at: datetime) -> None:
        changes = self._status(Status.ASSIGNED)
        self._case.resolved_at = self._case.closed_at = None
        self._desk_writes(at, french(_REOPENING), changes=changes)

    # --- How it is recorded ---------------------------------------------------------------------------------------

    def _said(self, templates: Sequence[str]) -> str:
        return self._say(self._dice.one_of(templates))

    def _say(self, template: str) -> str:
        return said(template, self._case.words, self._dice)

    def _status(self, status: Status) -> list[dict[str, Any]]:
        former, self._case.status = self._case.status, status
        return [{"field": "status", "from": former.value, "to": status.value}]

    def _desk_writes(self, at: datetime, body: str, *, changes: list[dict[str, Any]] | None = None) -> None:
        case = self._case
        case.answered_at = case.answered_at or at
        case.is_nudged = False
        if case.answered_at == at:
            body = "Bonjour,\n\n" + body
        self._write(at, EntryKind.MESSAGE, self._agent, Side.DESK, body=body, changes=changes or [])

    def _requester_writes(self, at: datetime, body: str, *, changes: list[dict[str, Any]]) -> None:
        self._write(at, EntryKind.MESSAGE, self._case.requester, Side.REQUESTER, body=body, changes=changes)

    def _write(
        self,
        at: datetime,
        kind: EntryKind,
        author: Person | None,
        side: Side,
        *,
        body: str = "",
        changes: list[dict[str, Any]] | None = None,
        minutes: int = 0,
    ) -> None:
        case = self._case
        case.entries.append(Entry(self._dice.identifier(at), at, kind, author, side, body, changes or [], minutes))
        case.minutes_spent += minutes
        case.revision += bool(changes)
