"""Handing one mail to the SMTP server, and telling a refusal for ever from one for now."""

import smtplib
from email.utils import format_datetime
from typing import Final

from django.core.mail import EmailMultiAlternatives

from vigie.accounts import encryption
from vigie.notifications.models import OutgoingMail

SEAL_PURPOSE: Final = "outgoing-mail"
_PERMANENT: Final = 500


class RefusedForEver(Exception):
    """The server will never take this mail for this recipient. The text is a class and a code, nothing personal."""


class NotNow(Exception):
    """The server did not take it this time."""


def hand_over(mail: OutgoingMail) -> None:
    """Return once the SMTP server has taken responsibility for the mail.

    Raises:
        RefusedForEver: by a 5xx answer about the recipient or the content.
        NotNow: for anything else: server away, busy, misconfigured.

    """
    try:
        text, html = _bodies(mail)
    except encryption.Unreadable as error:
        raise RefusedForEver(type(error).__name__) from None
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=text,
        to=[mail.address],
        # The same at each attempt: a copy sent twice is the same mail to the last byte of its head.
        headers={"Message-ID": mail.message_id, "Date": format_datetime(mail.created_at), **mail.headers},
    )
    if html:
        message.attach_alternative(html, "text/html")
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        raise _verdict(error, min(codes, default=0)) from None
    except smtplib.SMTPDataError as error:
        raise _verdict(error, error.smtp_code) from None
    # Refusals of our name, our address or our password are ours to repair: the mail waits.
    except smtplib.SMTPResponseException as error:
        raise NotNow(f"{type(error).__name__} {error.smtp_code}") from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotNow(type(error).__name__) from None


def _bodies(mail: OutgoingMail) -> tuple[str, str]:
    if not mail.is_sealed:
        return mail.text, mail.html
    return (
        encryption.unseal(mail.text, purpose=SEAL_PURPOSE),
        encryption.unseal(mail.html, purpose=SEAL_PURPOSE),
    )


def _verdict(error: smtplib.SMTPException, code: int) -> RefusedForEver | NotNow:
    summary = f"{type(error).__name__} {code}"
    return RefusedForEver(summary) if code >= _PERMANENT else NotNow(summary)
