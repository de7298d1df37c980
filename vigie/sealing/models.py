"""Keys of sites as the server may know them: signed public records, wrapped private parts, and who did what with them.

No column holds a key that opens anything. A record is what a browser made, in a format of docs/reference/scellement.md;
the other columns copy what is needed to find it. What is written never changes: a key or a wrap is replaced by another
one, which the database enforces (migration 0002).
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from vigie.directory.models import Site
from vigie.foundation.ids import uuid7

LONGEST_NAME = 165
"""Of a person, copied where she may leave."""


class KeyState(models.TextChoices):
    """Computed, never typed: see `SiteKey.state`."""

    DRAFT = "draft", _("Kit à vérifier")
    PROVEN = "proven", _("À confirmer par un second administrateur")
    ACTIVE = "active", _("En service")
    SUPERSEDED = "superseded", _("Remplacée, encore lisible")
    RETIRED = "retired", _("Retirée")
    WITHDRAWN = "withdrawn", _("Abandonnée")


class SiteKey(models.Model):
    """One epoch of the key of a site: its public record, and the steps that put it in service."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="keys")
    epoch = models.PositiveIntegerField()
    record = models.TextField(help_text="sealed-key+jws.")
    succession = models.TextField(blank=True, help_text="sealed-succession+jws of the former epoch; empty for the first one.")
    thumbprint = models.CharField(max_length=43, help_text="Of the two public keys under this kid: what browsers pin.")
    jkt = models.CharField(max_length=43, help_text="RFC 7638 thumbprint of its key for agreement, as data keys list it.")
    check_value = models.CharField(max_length=9, help_text="What only a holder of the private key can compute.")
    reason = models.CharField(max_length=20, help_text="first, rotation, leaver, workstation, doubt.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_by_name = models.CharField(max_length=LONGEST_NAME)
    proven_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_by_name = models.CharField(max_length=LONGEST_NAME, blank=True)
    superseded_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True, help_text="Nothing is wrapped for it any more; its wraps are erased.")
    withdrawn_at = models.DateTimeField(null=True, help_text="It never served.")

    class Meta:
        verbose_name = _("clé de site")
        ordering: ClassVar = ["-epoch"]
        constraints = (
            models.UniqueConstraint(fields=["site", "epoch"], name="sealing_key_epoch"),
            models.UniqueConstraint(fields=["jkt"], name="sealing_key_once"),
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(confirmed_at__isnull=True, withdrawn_at__isnull=True),
                name="sealing_key_one_in_the_making",
            ),
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(confirmed_at__isnull=False, superseded_at__isnull=True),
                name="sealing_key_one_active",
            ),
            models.CheckConstraint(
                condition=models.Q(confirmed_at__isnull=True) | models.Q(proven_at__isnull=False, confirmed_by__isnull=False),
                name="sealing_key_proven_before_confirmed",
            ),
            models.CheckConstraint(condition=~models.Q(confirmed_by=models.F("created_by")), name="sealing_key_two_administrators"),
            models.CheckConstraint(
                condition=models.Q(superseded_at__isnull=True) | models.Q(confirmed_at__isnull=False),
                name="sealing_key_confirmed_before_superseded",
            ),
            models.CheckConstraint(
                condition=models.Q(retired_at__isnull=True) | models.Q(superseded_at__isnull=False),
                name="sealing_key_superseded_before_retired",
            ),
            models.CheckConstraint(
                condition=models.Q(withdrawn_at__isnull=True) | models.Q(confirmed_at__isnull=True),
                name="sealing_key_withdrawn_before_confirmed",
            ),
        )

    def __str__(self) -> str:
        return self.kid

    @property
    def kid(self) -> str:
        return f"site:{self.site_id}#{self.epoch}"

    @property
    def state(self) -> KeyState:
        if self.withdrawn_at is not None:
            return KeyState.WITHDRAWN
        if self.retired_at is not None:
            return KeyState.RETIRED
        if self.superseded_at is not None:
            return KeyState.SUPERSEDED
        if self.confirmed_at is not None:
            return KeyState.ACTIVE
        return KeyState.DRAFT if self.proven_at is None else KeyState.PROVEN


class Method(models.TextChoices):
    """A way to unwrap the private parts of a key."""

    PASSPHRASE = "passphrase", _("Phrase secrète du site")
    PASSKEY = "passkey", _("Clé d’accès")
    KIT = "kit", _("Kit de secours")


class KeyWrap(models.Model):
    """The private parts of one epoch, encrypted for one method. Removed, its ciphertext is erased."""

    id = models.UUIDField(primary_key=True, editable=False, help_text="Made by the browser.")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    key = models.ForeignKey(SiteKey, on_delete=models.PROTECT, related_name="wraps")
    method = models.CharField(max_length=12, choices=Method)
    label = models.CharField(max_length=80, blank=True)
    record = models.JSONField(null=True, help_text="Section 2 of the protocol.")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_by_name = models.CharField(max_length=LONGEST_NAME)
    proven_at = models.DateTimeField(null=True, help_text="Somebody unwrapped the key with it.")
    removed_at = models.DateTimeField(null=True)
    removed_by_name = models.CharField(max_length=LONGEST_NAME, blank=True)

    class Meta:
        verbose_name = _("méthode de déverrouillage")
        ordering: ClassVar = ["created_at"]
        constraints = (
            # Beside the one in service, one that is about to replace it.
            models.UniqueConstraint(
                fields=["key", "method"],
                condition=models.Q(removed_at__isnull=True, proven_at__isnull=False) & ~models.Q(method="passkey"),
                name="sealing_wrap_one_in_service",
            ),
            models.UniqueConstraint(
                fields=["key", "method"],
                condition=models.Q(removed_at__isnull=True, proven_at__isnull=True) & ~models.Q(method="passkey"),
                name="sealing_wrap_one_in_the_making",
            ),
            models.CheckConstraint(
                condition=models.Q(removed_at__isnull=True, record__isnull=False) | models.Q(removed_at__isnull=False, record__isnull=True),
                name="sealing_wrap_erased_when_removed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.key_id} · {self.method}"


class DataKey(models.Model):
    """A data key of a site, wrapped for its readers and signed: it seals what the site keeps outside events."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    key = models.ForeignKey(SiteKey, on_delete=models.PROTECT, related_name="+", help_text="The epoch it is wrapped for and signed by.")
    record = models.TextField(blank=True, help_text="sealed-evk+jws; erased once nothing is sealed with this number.")
    revision = models.UUIDField(help_text="Of the record: only a later one replaces it.")
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=LONGEST_NAME)
    wrapped_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("clé de données")
        ordering: ClassVar = ["-number"]
        constraints = (
            models.UniqueConstraint(fields=["site", "number"], name="sealing_datakey_number"),
            models.CheckConstraint(
                condition=(models.Q(retired_at__isnull=True) & ~models.Q(record="")) | models.Q(retired_at__isnull=False, record=""),
                name="sealing_datakey_erased_when_retired",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site_id} · {self.number}"


class Workstation(models.Model):
    """A browser where the key of a site was unlocked: it signed so. The list is for people, no right comes from it."""

    id = models.UUIDField(primary_key=True, editable=False, help_text="Made by the browser.")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    user_name = models.CharField(max_length=LONGEST_NAME)
    name = models.CharField(max_length=80)
    browser = models.CharField(max_length=80)
    key = models.ForeignKey(SiteKey, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=12, choices=Method)
    record = models.TextField(help_text="sealed-workstation+jws.")
    unlocked_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True, help_text="It erased the key itself.")
    revoked_at = models.DateTimeField(null=True)
    revoked_by_name = models.CharField(max_length=LONGEST_NAME, blank=True)

    class Meta:
        verbose_name = _("poste")
        ordering: ClassVar = ["-seen_at", "-id"]
        indexes = (models.Index(fields=["site", "-seen_at", "-id"], name="sealing_station_seen"),)

    def __str__(self) -> str:
        return self.name


class Connector(models.Model):
    """A program that may read: a recipient like a site, that everybody sees. Two administrators confirm it (`Confirmation`)."""

    id = models.UUIDField(primary_key=True, editable=False, help_text="The one of its kid.")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    purpose = models.CharField(max_length=200)
    kid = models.CharField(max_length=60)
    record = models.TextField(help_text="sealed-key+jws.")
    thumbprint = models.CharField(max_length=43)
    jkt = models.CharField(max_length=43)
    proposed_at = models.DateTimeField()
    proposed_by_name = models.CharField(max_length=LONGEST_NAME)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=LONGEST_NAME, blank=True)

    class Meta:
        verbose_name = _("connecteur")
        ordering: ClassVar = ["proposed_at"]
        constraints = (models.UniqueConstraint(fields=["site", "kid"], name="sealing_connector_kid"),)

    def __str__(self) -> str:
        return self.name


class Confirmation(models.Model):
    """An administrator compared the fingerprint of a key, this site's own or another's, and signed so with the site's key."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    key = models.ForeignKey(SiteKey, on_delete=models.PROTECT, related_name="+", help_text="The epoch that signed.")
    kid = models.CharField(max_length=60, help_text="The key that was confirmed.")
    thumbprint = models.CharField(max_length=43)
    record = models.TextField(help_text="sealed-confirmation+jws.")
    confirmed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    confirmed_by_name = models.CharField(max_length=LONGEST_NAME)

    class Meta:
        verbose_name = _("confirmation")
        ordering: ClassVar = ["confirmed_at"]
        constraints = (models.UniqueConstraint(fields=["site", "kid", "confirmed_by"], name="sealing_confirmation_once"),)

    def __str__(self) -> str:
        return f"{self.kid} · {self.confirmed_by_name}"


class Installation(models.Model):
    """The identifier of this installation, in the context of each sealed value; made with the database, never changed."""

    id = models.UUIDField(primary_key=True, editable=False)

    class Meta:
        verbose_name = _("installation")

    def __str__(self) -> str:
        return str(self.id)
