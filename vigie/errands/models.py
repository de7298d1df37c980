"""Errands: something long that a person asked Vigie to do, and how far it is."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from vigie.foundation.ids import uuid7


class ErrandState(models.TextChoices):
    PREPARED = "prepared", _("À confirmer")
    WAITING = "waiting", _("En cours")
    DONE = "done", _("Terminé")
    FAILED = "failed", _("Interrompu")


class Errand(models.Model):
    """Who asked for what, how much there is, how much is done, and what was refused.

    What an errand works on and what it refused are personal data: both are encrypted, the first is erased when the errand
    ends, and the whole row is deleted a day later, with its file.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=40, help_text="Its name in the register of kinds: « members.deactivate ».")
    submission = models.UUIDField(help_text="Made with the form: a form sent twice is one errand.")
    about = models.JSONField(default=dict, help_text="Where to go back to, and identifiers: nothing personal.")
    sealed_order = models.BinaryField(default=bytes, help_text="What to do, encrypted; erased at the end.")
    sealed_refusals = models.BinaryField(default=bytes, help_text="What was not done and why, encrypted.")
    state = models.CharField(max_length=10, choices=ErrandState, default=ErrandState.WAITING)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0, help_text="How many were gone through, refusals included.")
    succeeded = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Failures since the last progress.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it stopped, for its owner.")
    file_name = models.CharField(max_length=120, blank=True)
    file_type = models.CharField(max_length=100, blank=True)
    file_size = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("travail long")
        ordering: ClassVar = ["-created_at", "-id"]
        constraints = (models.UniqueConstraint(fields=["owner", "submission"], name="errands_errand_once"),)
        indexes = (models.Index(fields=["expires_at"], name="errands_errand_expiry"),)

    def __str__(self) -> str:
        return f"{self.kind} · {self.id}"

    @property
    def is_under_way(self) -> bool:
        return self.state == ErrandState.WAITING
