"""Jobs of the outbox."""

from typing import Final
from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from vigie.foundation.jobs import Patience
from vigie.notifications import actions, digests

_ATTEMPTS: Final = 200
"""More than a mail's patience allows: the mail decides when it is given up."""


@app.task(name="notifications.send", retry=Patience(attempts=_ATTEMPTS))
def send(mail_id: str, recipient_id: str) -> None:
    actions.deliver(mail_id=UUID(mail_id), recipient_id=UUID(recipient_id))


@app.periodic(cron="*/10 * * * *")
@app.task(name="notifications.send_left_behind", queueing_lock="notifications.send_left_behind")
def send_left_behind(timestamp: int) -> None:
    actions.send_left_behind()


@app.periodic(cron="15 3 * * *")
@app.task(name="notifications.forget_old_mail", queueing_lock="notifications.forget_old_mail")
def forget_old_mail(timestamp: int) -> None:
    actions.forget_old_mail()


@app.periodic(cron="*/15 * * * *")
@app.task(name="notifications.send_digests", queueing_lock="notifications.send_digests")
def send_digests(timestamp: int) -> None:
    """Send the daily summaries of those for whom it has struck seven."""
    now = timezone.now()
    for user_id in digests.due_digests(now):
        digests.send_digest(user_id, at=now)
