"""Files that people add. The bytes live outside the web root, under the address of their content."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from vigie.foundation.ids import uuid7


class Scan(models.TextChoices):
    NOT_CONFIGURED = "none", _("Pas d’antivirus configuré")
    WAITING = "waiting", _("Analyse en cours")
    CLEAN = "clean", _("Analysé : sain")
    INFECTED = "infected", _("Analysé : dangereux")


class Attachment(models.Model):
    """One file, seen by the site and the desk it belongs to; by the desk alone when `internal`.

    Rights on it are those of the object it is attached to: that object's app decides, then asks for the bytes.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey("directory.Site", on_delete=models.PROTECT, related_name="+")
    desk = models.ForeignKey("directory.Desk", on_delete=models.PROTECT, related_name="+")
    internal = models.BooleanField(default=False)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the stored bytes, in hexadecimal.")
    name = models.CharField(_("nom"), max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(_("taille (octets)"))
    scan = models.CharField(max_length=10, choices=Scan, default=Scan.NOT_CONFIGURED)
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("fichier")
        ordering: ClassVar = ["created_at"]
        indexes = (models.Index(fields=["digest"], name="attachments_digest"),)

    def __str__(self) -> str:
        return self.name

    @property
    def is_image(self) -> bool:
        return self.media_type.startswith("image/")

    @property
    def may_be_served(self) -> bool:
        return self.scan in (Scan.CLEAN, Scan.NOT_CONFIGURED)
