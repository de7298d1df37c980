"""The patient register of a site (SEA-24). Whoever reads these tables learns a number, and no name.

What says who a patient is was sealed in a browser: the database refuses anything else in those columns (a constraint
knows the form of a sealed value). The history of rows leaves them out, so that a value put out of use is nowhere.
"""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from vigie.directory.models import Site
from vigie.foundation.ids import uuid7

LONGEST_TOKEN = 25_000
"""Characters of a sealed value: 16 KiB of text, padded, in base64, and its envelope."""
_SEALED_VALUE = r"^s1\.[1-9][0-9]{0,9}\.[0-9a-f-]{36}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{22,}\.[A-Za-z0-9_-]{22}$"


SEALED: tuple[str, ...] = ("family_name", "birth_name", "given_name", "birth_date", "phone", "email", "address", "note")
"""The sealed fields of a patient, in the order in which people read them; names are those of the protocol."""
REQUIRED = "family_name"
LABELS = {
    "family_name": _("Nom"),
    "birth_name": _("Nom de naissance"),
    "given_name": _("Prénom"),
    "birth_date": _("Date de naissance"),
    "phone": _("Téléphone"),
    "email": _("Adresse électronique"),
    "address": _("Adresse"),
    "note": _("Remarques"),
}


class Register(models.Model):
    """One row a site that has patients: it hands reference numbers out, each once, in order."""

    site = models.OneToOneField(Site, on_delete=models.PROTECT, primary_key=True, related_name="+")
    last_reference = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("registre des patients")

    def __str__(self) -> str:
        return str(self.site_id)


@pghistory.track(exclude=list(SEALED))
class Patient(models.Model):
    """One patient of a site. People at a desk know her by her reference number only (SEA-23)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False, help_text="Made by the browser: sealed values are bound to it.")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    reference = models.PositiveIntegerField(_("référence"))
    emr_identifier = models.CharField(_("identifiant DPI"), max_length=40, blank=True)
    family_name = models.TextField(LABELS["family_name"])
    birth_name = models.TextField(LABELS["birth_name"], blank=True)
    given_name = models.TextField(LABELS["given_name"], blank=True)
    birth_date = models.TextField(LABELS["birth_date"], blank=True)
    phone = models.TextField(LABELS["phone"], blank=True)
    email = models.TextField(LABELS["email"], blank=True)
    address = models.TextField(LABELS["address"], blank=True)
    note = models.TextField(LABELS["note"], blank=True)
    revision = models.PositiveIntegerField(default=1, help_text="Grows at each change: two people never overwrite each other.")
    created_at = models.DateTimeField(_("créée le"))
    updated_at = models.DateTimeField(_("modifiée le"))
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    archived_at = models.DateTimeField(_("archivée le"), null=True, blank=True)

    class Meta:
        verbose_name = _("patient")
        ordering: ClassVar = ["-reference"]
        constraints = (
            models.UniqueConstraint(fields=["site", "reference"], name="patients_reference_once"),
            models.UniqueConstraint(
                fields=["site", "emr_identifier"],
                condition=~models.Q(emr_identifier="") & models.Q(archived_at__isnull=True),
                name="patients_emr_identifier_once",
            ),
            *(
                models.CheckConstraint(
                    condition=models.Q(**{f"{name}__regex": _SEALED_VALUE if name == REQUIRED else f"{_SEALED_VALUE}|^$"}),
                    name=f"patients_{name}_is_sealed",
                )
                for name in SEALED
            ),
        )

    def __str__(self) -> str:
        return f"#{self.reference}"

    @property
    def record(self) -> str:
        """How the protocol calls this record."""
        return f"patient:{self.id}"
