"""Mail: written in the transaction of the event that it tells, in its reader's language and time zone, then sent.

A mail is one row, with its Message-ID for ever, and one job, both of the caller's transaction.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.functional import Promise

from vigie.accounts import encryption
from vigie.accounts.models import User
from vigie.foundation import jobs, scope
from vigie.foundation.ids import uuid7
from vigie.notifications import delivery
from vigie.notifications.models import DigestItem, MailChoice, MailFrequency, MailState, Mute, OutgoingMail

PATIENCE: Final = timedelta(days=5)
"""How long a mail server may be away before a mail is given up: as long as mail servers do between themselves."""
PATIENCE_FOR_SECRETS: Final = timedelta(minutes=15)
"""A code is of no use later."""
KEPT_FOR: Final = timedelta(days=30)
_LEFT_BEHIND_AFTER: Final = timedelta(minutes=10)
_URGENT: Final = 10
_LONGEST_SUBJECT: Final = 200
log = structlog.get_logger(__name__)


def queue_mail(
    *,
    recipient: User,
    event: str,
    subject: str | Promise,
    template: str,
    context: Mapping[str, Any],
    address: str = "",
    thread: str = "",
    unsubscribe_url: str = "",
    topic: str = "",
    kind: str = "",
    insists: bool = False,
    digest: Mapping[str, Any] | None = None,
) -> bool:
    """Write `<template>.txt` and `<template>.html` to one person; return whether she will be told.

    She will not when she was already told of this `event`, has muted this `topic`, or wants no mail of this `kind`,
    unless her own wish for this one thing `insists`. Who wants a daily summary of the kind is told by it, from the
    identifiers in `digest`; without them, at once. Texts are rendered in her language and time zone. `subject` must say
    nothing personal: it travels and is stored in clear. `thread` groups mails (see `thread_of`). The caller's scope must
    let her account be read; the row itself is written under her own.
    """
    with scope.entered(scope.Scope(user_id=recipient.pk)):
        if topic and Mute.objects.filter(user=recipient, topic=topic).exists():
            return False
        wish = _wish(recipient, kind)
        if wish == MailFrequency.NONE and not insists:
            return False
        if wish == MailFrequency.DAILY and digest is not None:
            if OutgoingMail.objects.filter(recipient=recipient, event=event).exists():
                return False  # Told at once, before she chose the summary.
            details = {**digest, "insists": insists}
            _item, is_new = DigestItem.objects.get_or_create(
                user=recipient, event=event, defaults={"kind": kind, "topic": topic, "details": details}
            )
            return is_new
        if digest is not None and DigestItem.objects.filter(user=recipient, event=event).exists():
            return False
    with reading_as(recipient):
        everything = {
            **context,
            "recipient": recipient,
            "base_url": settings.VIGIE_BASE_URL,
            "unsubscribe_url": unsubscribe_url,
        }
        words = str(subject)
        text = render_to_string(f"{template}.txt", everything)
        html = render_to_string(f"{template}.html", everything | {"mail_subject": words})
    headers = {"Precedence": "bulk"}
    if thread:
        headers |= {"In-Reply-To": thread, "References": thread}
    if unsubscribe_url:
        headers |= {"List-Unsubscribe": f"<{unsubscribe_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    with scope.entered(scope.Scope(user_id=recipient.pk)):
        return _store(
            recipient,
            event=event,
            address=address or recipient.email,
            subject=words,
            text=tidied(text),
            html=html,
            headers=headers,
            give_up_at=timezone.now() + PATIENCE,
        )


def send_account_mail(
    *, recipient: User, event: str, subject: str, text: str, html: str = "", secret: bool = False, address: str = ""
) -> bool:
    """Send what the sign-in says to its owner; the caller has translated it. See the setting `VIGIE_MAILER`.

    `secret`: the text opens something. It is encrypted while it waits, sent before other mail, and soon given up.
    """
    if not html:
        with reading_as(recipient):
            html = render_to_string(
                "notifications/account_mail.html",
                {"mail_subject": subject, "text": text, "base_url": settings.VIGIE_BASE_URL, "unsubscribe_url": ""},
            )
    with scope.entered(scope.Scope(user_id=recipient.pk)):
        return _store(
            recipient,
            event=event,
            address=address or recipient.email,
            subject=subject,
            text=text,
            html=html,
            headers={},
            give_up_at=timezone.now() + (PATIENCE_FOR_SECRETS if secret else PATIENCE),
            secret=secret,
        )


def send_guest_mail(*, guest_id: UUID, address: str, event: str, subject: str, text: str) -> bool:
    """Send what opens something to an address whose owner may have no account; the caller has translated it.

    The row belongs to `guest_id`, an identifier that is no account's: no request has its scope, so no page can ever
    read it. Its text is encrypted while it waits, and waits as long as ordinary mail. See `VIGIE_GUEST_MAILER`.
    """
    html = render_to_string(
        "notifications/guest_mail.html",
        {"mail_subject": subject, "text": text, "base_url": settings.VIGIE_BASE_URL, "unsubscribe_url": ""},
    )
    with scope.entered(scope.Scope(user_id=guest_id)):
        return _store(
            None,
            guest_id=guest_id,
            event=event,
            address=address,
            subject=subject,
            text=text,
            html=html,
            headers={},
            give_up_at=timezone.now() + PATIENCE,
            secret=True,
        )


def deliver(*, mail_id: UUID, recipient_id: UUID) -> None:
    """Hand one mail to the SMTP server, unless it was already.

    The row is locked meanwhile, so that two workers never send it together. A crash between the server's answer and
    our commit sends it again, under the same Message-ID.

    Raises:
        delivery.NotNow: to be tried again later.

    """
    with scope.entered(scope.Scope(user_id=recipient_id)):
        mail = OutgoingMail.objects.select_for_update(skip_locked=True).filter(id=mail_id, state=MailState.WAITING).first()
        if mail is None:
            return
        mail.attempts += 1
        postponed = _attempt(mail)
        mail.save()
    if postponed is not None:
        raise postponed


def send_left_behind() -> int:
    """Defer again the mails that wait without a job; return how many. There should never be any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT mail_id, recipient_id FROM notifications_left_behind(%s)", [timezone.now() - _LEFT_BEHIND_AFTER])
        rows = cursor.fetchall()
    for mail_id, recipient_id in rows:
        jobs.defer("notifications.send", mail_id=mail_id, recipient_id=recipient_id)
    if rows:
        log.warning("mail.left_behind", count=len(rows))
    return len(rows)


def choose_mail(user: User, wishes: Mapping[str, str]) -> None:
    """Keep how often a person wants mail of each kind; what an app does not offer to her stays as it was."""
    with transaction.atomic():
        for kind, frequency in wishes.items():
            MailChoice.objects.update_or_create(user=user, kind=kind, defaults={"frequency": MailFrequency(frequency)})


def wishes_of(user: User) -> dict[str, str]:
    """Return how often she wants mail, by kind, as far as she has said."""
    return dict(MailChoice.objects.filter(user=user).values_list("kind", "frequency"))


def _wish(user: User, kind: str) -> str:
    found = MailChoice.objects.filter(user=user, kind=kind).values_list("frequency", flat=True).first() if kind else None
    return found or MailFrequency.EACH


def forget_old_mail() -> int:
    """Remove the rows of mails, and of lines of summaries, sent or given up thirty days ago; return how many mails."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT notifications_forget(%s)", [timezone.now() - KEPT_FOR])
        return int(cursor.fetchone()[0])


def mute(user_id: UUID, topic: str) -> None:
    """Send this person nothing more about `topic`, such as « incident:<id> »."""
    with scope.entered(scope.Scope(user_id=user_id)):
        Mute.objects.get_or_create(user_id=user_id, topic=topic)


def unmute(user_id: UUID, topic: str) -> None:
    with scope.entered(scope.Scope(user_id=user_id)):
        Mute.objects.filter(user_id=user_id, topic=topic).delete()


def thread_of(kind: str, identifier: UUID) -> str:
    """Return the Message-ID that all mails about one thing refer to, so that mail readers group them."""
    return f"<{kind}.{identifier}@{_domain()}>"


def tidied(text: str) -> str:
    """Return a rendered text without trailing spaces or runs of empty lines, which template tags leave."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines) + "\n"


def _store(
    recipient: User | None,
    *,
    guest_id: UUID | None = None,
    event: str,
    address: str,
    subject: str,
    text: str,
    html: str,
    headers: dict[str, str],
    give_up_at: datetime,
    secret: bool = False,
) -> bool:
    identifier = uuid7()
    if secret:
        text = encryption.seal(text, purpose=delivery.SEAL_PURPOSE)
        html = encryption.seal(html, purpose=delivery.SEAL_PURPOSE)
    mail, created = OutgoingMail.objects.get_or_create(
        recipient=recipient,
        guest_id=guest_id,
        event=event,
        defaults={
            "id": identifier,
            "address": address,
            "message_id": f"<{identifier}@{_domain()}>",
            "subject": " ".join(subject.split())[:_LONGEST_SUBJECT],
            "text": text,
            "html": html,
            "is_sealed": secret,
            "headers": {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All", **headers},
            "give_up_at": give_up_at,
        },
    )
    if created:
        reader = recipient.pk if recipient is not None else guest_id
        jobs.defer("notifications.send", mail_id=mail.id, recipient_id=reader, priority=_URGENT if secret else 0)
    return created


def _attempt(mail: OutgoingMail) -> delivery.NotNow | None:
    """Try once and note the outcome on the mail; return the reason to try again, if any."""
    # However late, an ordinary mail is tried once; a late code is worth nothing.
    if timezone.now() >= mail.give_up_at and (mail.attempts > 1 or mail.is_sealed):
        _end(mail, MailState.FAILED)
        log.error("mail.given_up", mail=str(mail.id), attempts=mail.attempts, reason=mail.last_error)
        return None
    try:
        delivery.hand_over(mail)
    except delivery.RefusedForEver as refusal:
        mail.last_error = str(refusal)[:200]
        _end(mail, MailState.FAILED)
        log.warning("mail.refused", mail=str(mail.id), reason=mail.last_error)
    except delivery.NotNow as delay:
        mail.last_error = str(delay)[:200]
        return delay
    else:
        mail.sent_at = timezone.now()
        mail.last_error = ""
        _end(mail, MailState.SENT)
    return None


def _end(mail: OutgoingMail, state: MailState) -> None:
    mail.state = state
    mail.text = mail.html = ""
    mail.headers = {}


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


@contextmanager
def reading_as(person: User) -> Iterator[None]:
    """Render in a person's language and time zone."""
    try:
        zone = ZoneInfo(person.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo(settings.TIME_ZONE)
    with translation.override(person.language), timezone.override(zone):
        yield
