"""The mails about incidents, by event and audience (INC-14).

What a mail shows is read here, under the scope of its audience: for the requester's side, row-level security itself
hides internal notes. Subjects hold the number and neutral words: an incident's own subject may tell of somebody's
health.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vigie.accounts.models import User
from vigie.directory.models import Desk
from vigie.incidents.models import EntryKind, FollowUp, Incident
from vigie.notifications import unsubscribing
from vigie.notifications.actions import queue_mail, thread_of
from vigie.ui import dates

UNSUBSCRIBE_KIND: Final = "incident"
ANSWERS: Final = "incident.answers"
PROGRESS: Final = "incident.progress"
OBSERVED: Final = "incident.observed"
ARRIVALS: Final = "incident.arrivals"
ASSIGNED: Final = "incident.assigned"
_EARLIER_MESSAGES: Final = 3
_HOUR: Final = 60
_SUNDAY: Final = 6


class Audience(Enum):
    """Whose eyes a mail is for. It decides what may be read to write it, and why it says it was sent."""

    REQUESTER = "requester"
    FOLLOWER = "follower"
    OBSERVER = "observer"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Notice:
    """One mail that this app can send: the words of its subject, and for whom it is. Its template bears its name."""

    words: str | Promise
    audiences: frozenset[Audience]
    kind: str = ""
    """How often its reader wants it: one of `event_kinds`. Without a kind it is told at once, always."""


_PUBLIC: Final = frozenset({Audience.REQUESTER, Audience.FOLLOWER, Audience.OBSERVER})
_ALL: Final = _PUBLIC | {Audience.DESK}
_DESK: Final = frozenset({Audience.DESK})

NOTICES: Final[Mapping[str, Notice]] = {
    "acknowledged": Notice(gettext_lazy("Votre demande est enregistrée"), frozenset({Audience.REQUESTER})),
    "commented": Notice(gettext_lazy("Nouvelle réponse"), _ALL, ANSWERS),
    "planned": Notice(gettext_lazy("Intervention planifiée"), _ALL, PROGRESS),
    "waiting": Notice(gettext_lazy("Mis en attente"), _ALL, PROGRESS),
    "resolved": Notice(gettext_lazy("Résolu"), _ALL, PROGRESS),
    "closed": Notice(gettext_lazy("Fermé"), _ALL, PROGRESS),
    "reopened": Notice(gettext_lazy("Rouvert"), _ALL, PROGRESS),
    "observed": Notice(gettext_lazy("Vous pouvez suivre cet incident"), frozenset({Audience.OBSERVER}), OBSERVED),
    "new": Notice(gettext_lazy("Nouvel incident"), _DESK, ARRIVALS),
    "nudged": Notice(gettext_lazy("Relance du demandeur"), _DESK, ARRIVALS),
    "assigned": Notice(gettext_lazy("Cet incident vous est attribué"), _DESK, ASSIGNED),
}


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the timeline, as a mail shows it."""

    author: str
    at: datetime
    body: str
    url: str


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """What every mail about an incident may show."""

    number: str
    subject: str
    description: str
    url: str
    solution: str
    site: str
    desk: str
    desk_phone: str
    priority: str
    requester: str
    status: str
    planned_at: datetime | None
    planned_minutes: int | None
    closing_delay_days: int


@dataclass(frozen=True, slots=True)
class Told:
    """An event of an incident, read under the scope of one audience."""

    incident: Incident
    entry: FollowUp | None
    earlier: tuple[FollowUp, ...]


def read(incident_id: UUID, entry_id: UUID | None) -> Told | None:
    """Return the event as the current scope shows it; None when it does not show it."""
    incident = Incident.objects.select_related("site", "desk", "solution", "priority").filter(id=incident_id).first()
    if incident is None:
        return None
    entry = FollowUp.objects.filter(id=entry_id, incident=incident).first() if entry_id else None
    if entry_id and entry is None:
        return None
    earlier = FollowUp.objects.filter(incident=incident, internal=False, kind=EntryKind.MESSAGE).exclude(body="")
    if entry is not None:
        earlier = earlier.filter(position__lt=entry.position)
    return Told(incident, entry, tuple(earlier.order_by("-position")[:_EARLIER_MESSAGES]))


def send(
    name: str,
    told: Told,
    *,
    event: str,
    to: User,
    audience: Audience,
    address: str = "",
    insists: bool = False,
    digest: Mapping[str, Any] | None = None,
) -> bool:
    """Queue one notice to one person, or note it for her summary; return whether she will be told. `event` is told once to each.

    An internal entry is never sent to anybody but the desk, whatever the caller believed. `insists`: she asked to be
    told of this very incident. `digest`: what `event_kinds` needs to read the event again.
    """
    notice = NOTICES[name]
    if not may_be_told(name, told, audience):
        return False
    incident = told.incident
    topic = topic_of(incident.id)
    return queue_mail(
        recipient=to,
        event=event,
        subject=format_lazy("[{number}] {words}", number=incident.number, words=notice.words),
        template=f"incidents/mail/{name}",
        context=_Context(told, audience),
        address=address,
        thread=thread_of("incident", incident.id),
        unsubscribe_url=unsubscribing.link(
            UNSUBSCRIBE_KIND,
            to.pk,
            incident=str(incident.id),
            site=str(incident.site_id),
            number=incident.number,
            audience=audience.value,
        ),
        # An assignment is work to do, not news: it is told even to those who had enough.
        topic="" if name == "assigned" else topic,
        kind=notice.kind,
        insists=insists,
        digest=digest if notice.kind else None,
    )


def may_be_told(name: str, told: Told, audience: Audience) -> bool:
    """Tell whether this notice may go to this audience: nothing internal leaves the desk."""
    return audience in NOTICES[name].audiences and (told.entry is None or not told.entry.internal or audience is Audience.DESK)


def topic_of(incident_id: UUID) -> str:
    return f"incident:{incident_id}"


def record_url(number: str, position: int | None = None) -> str:
    """Return the absolute address of a record, or of one entry of its timeline."""
    address = settings.VIGIE_BASE_URL + reverse("incidents:record", args=[number])
    return f"{address}#entree-{position}" if position else address


class _Context(Mapping[str, Any]):
    """What templates read. Each value is made when it is read: by then the reader's language and time zone are set."""

    def __init__(self, told: Told, audience: Audience) -> None:
        self._makers: dict[str, Callable[[], Any]] = {
            "incident": lambda: _facts(told.incident),
            "entry": lambda: _message(told.incident, told.entry) if told.entry else None,
            "earlier": lambda: [_message(told.incident, entry) for entry in told.earlier],
            "audience": lambda: audience.value,
            "first_answer": lambda: first_answer(told.incident),
            "hours": lambda: opening_hours(told.incident.desk),
        }

    def __getitem__(self, key: str) -> Any:
        return self._makers[key]()

    def __iter__(self) -> Any:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def _facts(incident: Incident) -> IncidentFacts:
    return IncidentFacts(
        number=incident.number,
        subject=incident.subject,
        description=incident.description,
        url=record_url(incident.number),
        solution=incident.solution.name,
        site=incident.site.name,
        desk=incident.desk.name,
        desk_phone=incident.desk.phone,
        priority=incident.priority.name,
        requester=incident.requester_name,
        status=incident.get_status_display(),
        planned_at=incident.planned_at,
        planned_minutes=incident.planned_minutes,
        closing_delay_days=incident.desk.closing_delay_days,
    )


def _message(incident: Incident, entry: FollowUp) -> Message:
    return Message(author=entry.author_name, at=entry.created_at, body=entry.body, url=record_url(incident.number, entry.position))


def first_answer(incident: Incident) -> str:
    """Return the expected delay before the first answer: « 2 h ouvrées », « 30 minutes »."""
    minutes = incident.priority.response_minutes
    always = incident.desk.always_open
    if minutes < _HOUR:
        if always:
            return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
        return ngettext("%(count)d minute ouvrée", "%(count)d minutes ouvrées", minutes) % {"count": minutes}
    amount = dates.duration(minutes)
    return amount if always else _("%(amount)s ouvrées") % {"amount": amount}


def opening_hours(desk: Desk) -> list[str]:
    """Return the hours of a desk, one line for each run of days alike: « lundi – vendredi : 8 h – 18 h »."""
    if desk.always_open:
        return [_("jour et nuit, 7 jours sur 7")]
    lines: list[str] = []
    day = 0
    while day <= _SUNDAY:
        ranges = desk.opening.get(str(day)) or []
        last = day
        while last < _SUNDAY and (desk.opening.get(str(last + 1)) or []) == ranges:
            last += 1
        if ranges:
            days = str(WEEKDAYS[day]).lower() if dates.is_french() else str(WEEKDAYS[day])
            if last > day:
                end = str(WEEKDAYS[last]).lower() if dates.is_french() else str(WEEKDAYS[last])
                days = f"{days} – {end}"
            hours = ", ".join(f"{_clock(start)} – {_clock(end)}" for start, end in ranges)
            lines.append(_("%(days)s : %(hours)s") % {"days": days, "hours": hours})
        day = last + 1
    return lines


def _clock(written: str) -> str:
    """« 08:30 » → « 8 h 30 »."""
    hour, _colon, minute = written.partition(":")
    if not dates.is_french():
        return f"{int(hour)}:{minute}"
    return f"{int(hour)}\u00a0h" + (f"\u00a0{minute}" if minute != "00" else "")
