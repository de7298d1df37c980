"""Mail about accounts: written in the reader's language and time zone, given to the outbox.

`accounts` stands below `notifications`: the outbox is named by the setting `VIGIE_MAILER`.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.module_loading import import_string

from vigie.accounts.models import User
from vigie.foundation import scope


def post(user: User, template: str, details: Mapping[str, Any], *, opens_something: bool = False, address: str = "") -> None:
    """Send `<template>_subject.txt` and `<template>_message.txt`, once the transaction commits.

    `opens_something`: the text holds a code, so the outbox forgets it as soon as it is sent. `address`: another one than
    her account's, such as the one that it had.
    """
    context = {**details, "user": user, "base_url": settings.VIGIE_BASE_URL}
    with translation.override(user.language), timezone.override(user.time_zone):
        subject = " ".join(render_to_string(f"{template}_subject.txt", context).split())
        text = render_to_string(f"{template}_message.txt", context).strip() + "\n"
    import_string(settings.VIGIE_MAILER)(
        recipient=user,
        # The outbox keeps one mail an event and person; each of these is an event of its own.
        event=f"account.{template.rpartition('/')[2]}:{uuid.uuid4()}",
        subject=subject,
        text=text,
        secret=opens_something,
        address=address or user.email,
    )


def rehearse(address: str, template: str, details: Mapping[str, Any]) -> None:
    """Do the work of a mail to somebody who has no account, and undo it: the answer takes as long as for one who has.

    The scope must be that of a person who does not exist (`authentication.candidate`).
    """
    nobody = User(pk=scope.current().user_id, email=address)
    with transaction.atomic():
        post(nobody, template, details, opens_something=True)
        transaction.set_rollback(True)
