"""The kinds of events about incidents that people choose how often to be told of, and their lines in daily summaries."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from vigie.accounts.models import User
from vigie.directory.actors import Actor
from vigie.incidents import mailing, notices
from vigie.notifications import kinds
from vigie.notifications.kinds import DigestLine, EventKind, Waiting


def register() -> None:
    for name, label, explanation, is_for_desks in (
        (
            notices.ANSWERS,
            _("Réponses aux incidents"),
            _("Quelqu’un répond à un incident que vous avez déclaré, suivez ou traitez."),
            False,
        ),
        (
            notices.PROGRESS,
            _("Avancement des incidents"),
            _("Un incident est planifié, mis en attente, résolu, fermé ou rouvert."),
            False,
        ),
        (notices.OBSERVED, _("Incidents à suivre"), _("On vous propose de suivre un incident."), False),
        (notices.ARRIVALS, _("Arrivées au guichet"), _("Un incident arrive au guichet, ou son demandeur relance."), True),
        (notices.ASSIGNED, _("Incidents attribués"), _("Un incident vous est attribué par quelqu’un d’autre."), True),
    ):
        kinds.register(name, EventKind(label, explanation, _tell, _holds_a_desk if is_for_desks else _anybody))


def _tell(user: User, waiting: Sequence[Waiting]) -> list[DigestLine]:
    """Read each event again, as its reader's side of the incident shows it now."""
    lines = []
    for one in waiting:
        letter = mailing.letter_to(mailing.Event.of(one.details), user)
        if letter is None:
            continue
        incident, entry = letter.told.incident, letter.told.entry
        lines.append(
            DigestLine(
                title=f"{incident.number} · {incident.subject}",
                words=str(notices.NOTICES[letter.name].words),
                author=entry.author_name if entry else "",
                at=entry.created_at if entry else incident.created_at,
                url=notices.record_url(incident.number, entry.position if entry else None),
            )
        )
    return lines


def _holds_a_desk(actor: Any) -> bool:
    return isinstance(actor, Actor) and bool(actor.desks)


def _anybody(_actor: Any) -> bool:
    return True
