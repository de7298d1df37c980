"""The outbox: every e-mail that Vigie owes to somebody."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from vigie.foundation.ids import uuid7


class MailState(models.TextChoices):
    WAITING = "waiting", _("À envoyer")
    SENT = "sent", _("Envoyé")
    FAILED = "failed", _("Abandonné")


class MailFrequency(models.TextChoices):
    EACH = "each", _("Un courriel à chaque fois")
    DAILY = "daily", _("Un résumé par jour")
    NONE = "none", _("Aucun courriel")


class OutgoingMail(models.Model):
    """One e-mail to one person, written in the transaction of the event that it tells.

    It is sent at least once, always under the same Message-ID: a crash between the mail server's acceptance and our
    note of it sends it again (docs/explications/courriels.md). Its text is erased once it has been sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    guest_id = models.UUIDField(
        null=True, help_text="Stands for the recipient of a mail to somebody who has no account: the scope that reads it."
    )
    address = models.EmailField()
    event = models.CharField(max_length=100, help_text="What it tells, e.g. « incident.commented:<id of the entry> ».")
    message_id = models.CharField(max_length=200, unique=True)
    subject = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    is_sealed = models.BooleanField(default=False, help_text="Text and HTML are encrypted: they open something.")
    headers = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=MailState, default=MailState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True, help_text="Class and SMTP code only, no text.")
    created_at = models.DateTimeField(auto_now_add=True)
    give_up_at = models.DateTimeField(help_text="After this moment it is not tried again.")
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("courriel sortant")
        ordering: ClassVar = ["created_at"]
        constraints = (
            models.UniqueConstraint(fields=["recipient", "event"], name="notifications_outgoingmail_once"),
            models.UniqueConstraint(fields=["guest_id", "event"], name="notifications_outgoingmail_once_a_guest"),
            models.CheckConstraint(
                condition=models.Q(recipient__isnull=True) ^ models.Q(guest_id__isnull=True),
                name="notifications_outgoingmail_one_reader",
            ),
        )

    def __str__(self) -> str:
        return self.message_id


class Mute(models.Model):
    """A person wants no more mail about one thing, such as « incident:<id> »."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    topic = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("sourdine")
        constraints = (models.UniqueConstraint(fields=["user", "topic"], name="notifications_mute_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} · {self.topic}"


class MailChoice(models.Model):
    """How often a person wants mail about one kind of event (see `kinds`); without a row, each time."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    frequency = models.CharField(max_length=5, choices=MailFrequency)

    class Meta:
        verbose_name = _("choix de courriels")
        constraints = (models.UniqueConstraint(fields=["user", "kind"], name="notifications_mailchoice_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} · {self.kind} · {self.frequency}"


class DigestItem(models.Model):
    """One event that waits for the daily summary of one person: by identifiers, so that it is read again when it leaves."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40)
    event = models.CharField(max_length=100, help_text="As for a mail: told once to each person.")
    topic = models.CharField(max_length=100, blank=True, help_text="What may be muted meanwhile.")
    details = models.JSONField(default=dict, help_text="Identifiers, for the app that tells it.")
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("ligne de résumé")
        ordering: ClassVar = ["created_at"]
        constraints = (models.UniqueConstraint(fields=["user", "event"], name="notifications_digestitem_once"),)
        indexes = (models.Index("user", condition=models.Q(sent_at__isnull=True), name="notifications_digest_waiting"),)

    def __str__(self) -> str:
        return self.event
