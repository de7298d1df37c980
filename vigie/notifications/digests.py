"""The daily summary: what waited since the day before, in one mail, at seven in the morning where its reader is.

Its hour is read on the reader's own clock, whatever daylight saving does to it. An event is kept by identifiers and
read again when the summary leaves: what was withdrawn, muted or put out of her reach meanwhile is not told.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vigie.accounts.models import User
from vigie.foundation import scope
from vigie.foundation.scope import Scope
from vigie.notifications import actions, unsubscribing
from vigie.notifications.kinds import DigestLine, Waiting, all_kinds
from vigie.notifications.models import DigestItem, MailChoice, MailFrequency, Mute, OutgoingMail
from vigie.notifications.unsubscribing import Request

HOUR: Final = 7
UNSUBSCRIBE_KIND: Final = "digest"
_MOST_LINES: Final = 200


def due_digests(at: datetime) -> list[UUID]:
    """Return those for whom something has waited since before the last seven o'clock of theirs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id, time_zone, oldest FROM notifications_digests_waiting()")
        rows: list[tuple[UUID, str, datetime]] = cursor.fetchall()
    return [user_id for user_id, zone, oldest in rows if oldest < last_hour(at, zone)]


def last_hour(at: datetime, zone: str) -> datetime:
    """Return the last moment, not after `at`, when it was seven in this zone."""
    place = _zone(zone)
    day = at.astimezone(place).date()
    seven = datetime.combine(day, time(HOUR), tzinfo=place)
    # Compared as instants: two clocks of one zone say nothing about which came first on the day they change.
    if seven.astimezone(UTC) > at:
        seven = datetime.combine(day - timedelta(days=1), time(HOUR), tzinfo=place)
    return seven.astimezone(UTC)


def send_digest(user_id: UUID, *, at: datetime) -> bool:
    """Send one person her summary, once a day; return whether it was this time.

    What it tells is locked and noted as told in the transaction of the mail: two workers, or one that died, send one.
    """
    with scope.entered(Scope(user_id=user_id)):
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None:
            return False
        seven = last_hour(at, user.time_zone)
        event = f"digest:{seven.astimezone(_zone(user.time_zone)):%Y-%m-%d}"
        if OutgoingMail.objects.filter(recipient=user, event=event).exists():
            return False
        items = list(
            DigestItem.objects.select_for_update(skip_locked=True)
            .filter(user=user, sent_at=None, created_at__lt=seven)
            .order_by("created_at")
        )
        if not items:
            return False
        lines = _lines(user, items)
        sent = bool(lines) and actions.queue_mail(
            recipient=user,
            event=event,
            subject=gettext_lazy("Votre résumé du jour dans Vigie"),
            template="notifications/digest_mail",
            context=_summary(lines),
            unsubscribe_url=unsubscribing.link(UNSUBSCRIBE_KIND, user.pk),
        )
        DigestItem.objects.filter(pk__in=[item.pk for item in items]).update(sent_at=at)
    return sent


def register_unsubscribing() -> None:
    unsubscribing.register(UNSUBSCRIBE_KIND, describe=lambda _request: _("le résumé quotidien"), stop=_stop)


def _stop(request: Request) -> None:
    with scope.entered(Scope(user_id=request.user_id)):
        MailChoice.objects.filter(user_id=request.user_id, frequency=MailFrequency.DAILY).update(frequency=MailFrequency.NONE)


def _lines(user: User, items: Sequence[DigestItem]) -> list[DigestLine]:
    muted = set(Mute.objects.filter(user=user).values_list("topic", flat=True))
    refused = set(MailChoice.objects.filter(user=user, frequency=MailFrequency.NONE).values_list("kind", flat=True))
    lines: list[DigestLine] = []
    with actions.reading_as(user):
        for name, kind in all_kinds().items():
            told = [
                Waiting(item.event, item.details)
                for item in items
                if item.kind == name and item.topic not in muted and (name not in refused or item.details.get("insists"))
            ]
            if told and kind.tell is not None:
                lines += kind.tell(user, told)
    return sorted(lines, key=lambda line: (line.title, line.at))


def _summary(lines: Sequence[DigestLine]) -> dict[str, Any]:
    shown = lines[:_MOST_LINES]
    return {
        "groups": [(title, list(group)) for title, group in groupby(shown, key=lambda line: line.title)],
        "others": len(lines) - len(shown),
        "choices_url": settings.VIGIE_BASE_URL + reverse("mail_choices"),
    }


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(settings.TIME_ZONE)
