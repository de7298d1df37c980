"""Administrative acts: append-only, chained by hash, one chain a space (PLA-42).

An act is written in the transaction of what it tells. A short job links it to the chain, so that writers of one space
never wait for each other; `vigie audit-verify` reads the chains again. The chain holds no content but identifiers and codes.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from vigie.foundation.ids import uuid7


class Act(models.Model):
    """Somebody did something to something, in the name of a site (empty: of the platform)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    space_id = models.UUIDField(null=True)
    site_id = models.UUIDField(null=True)
    at = models.DateTimeField(_("date"))
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(_("auteur"), max_length=400)
    code = models.CharField(_("acte"), max_length=60, help_text="member.invited, member.deactivated, rights.changed…")
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=60)
    object_name = models.CharField(_("sur"), max_length=200, blank=True)
    subject_id = models.UUIDField(null=True, help_text="The account concerned, who may read the act.")
    details = models.JSONField(default=dict, help_text="Codes and identifiers: what changed, never texts.")

    class Meta:
        verbose_name = _("acte d’administration")
        ordering: ClassVar = ["-at", "-id"]
        indexes = (
            models.Index("site_id", "at", "id", name="audit_act_site"),
            models.Index("subject_id", "at", name="audit_act_subject"),
            models.Index("actor_id", "at", name="audit_act_actor"),
            # What support sites did is little, and sought among much.
            models.Index(fields=["site_id", "at", "id"], condition=models.Q(details__has_key="grant"), name="audit_act_support"),
        )

    def __str__(self) -> str:
        return f"{self.code} · {self.object_kind} {self.object_id}"


class Link(models.Model):
    """The place of an act in the chain of its space."""

    act = models.OneToOneField(Act, on_delete=models.PROTECT, primary_key=True, related_name="link")
    chain = models.UUIDField(help_text="The space; the nil UUID for the platform.")
    position = models.BigIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the former digest and of the act's own fields.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["chain", "position"], name="audit_link_position"),)

    def __str__(self) -> str:
        return f"{self.chain} #{self.position}"


class Verification(models.Model):
    """The chains were read again: how many acts they held, and which links did not follow. Written by its function alone."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("date"))
    linked = models.BigIntegerField(help_text="Acts that stood in a chain.")
    waiting = models.BigIntegerField(help_text="Acts that were not linked yet.")
    broken = models.JSONField(default=list, help_text="Chain and place of each link that was altered, removed or moved.")

    class Meta:
        verbose_name = _("vérification du journal")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.at} · {len(self.broken)}"
