"""People who sign in."""

from typing import Any, ClassVar

import pghistory
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from vigie.accounts.addresses import normal_email
from vigie.foundation.ids import uuid7


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store a person; without a password she cannot sign in by password."""
        user = self.model(email=normal_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=normal_email(username or ""))


class Theme(models.TextChoices):
    AUTO = "auto", _("Selon l’appareil")
    LIGHT = "light", _("Clair")
    DARK = "dark", _("Sombre")


@pghistory.track(exclude=["password", "last_login", "signed_out_at"])
class User(AbstractBaseUser):
    """One account per e-mail address. What a person may do comes from her memberships (`directory`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("adresse électronique"), max_length=254, unique=True)
    first_name = models.CharField(_("prénom"), max_length=80)
    last_name = models.CharField(_("nom"), max_length=80)
    phone = models.CharField(_("téléphone"), max_length=30, blank=True)
    secure_address = models.EmailField(_("adresse de messagerie sécurisée de santé (MSSanté)"), blank=True)
    language = models.CharField(_("langue"), max_length=2, choices=[("fr", "Français"), ("en", "English")], default="fr")
    time_zone = models.CharField(_("fuseau horaire"), max_length=40, default="Europe/Paris")
    theme = models.CharField(_("apparence"), max_length=5, choices=Theme, default=Theme.AUTO)
    is_active = models.BooleanField(_("compte actif"), default=True)
    is_password_from_email = models.BooleanField(
        _("mot de passe choisi avec un code reçu par courriel"),
        default=False,
        db_default=False,
        help_text=_("Un code par courriel ne vaut alors pas second facteur (ACC-1)."),
    )
    created_at = models.DateTimeField(auto_now_add=True)
    signed_out_at = models.DateTimeField(null=True, help_text="Whatever began before, sessions and sign-ins, opens nothing any more.")

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["first_name", "last_name"]

    class Meta:
        verbose_name = _("compte")
        constraints = (models.CheckConstraint(condition=Q(email=Lower("email")), name="accounts_user_email_has_no_case"),)
        indexes = (models.Index("last_name", "first_name", "id", name="accounts_user_name"),)

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def reply_address(self) -> str:
        """The address for news of an incident: the secure health mail address when there is one (INC-1)."""
        return self.secure_address or self.email

    def clean(self) -> None:
        super().clean()
        self.email = normal_email(self.email)


class KnownDevice(models.Model):
    """A browser in which a person has signed in: she is told when she signs in from another one."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    fingerprint = models.CharField(max_length=64, help_text="Keyed hash of the random cookie that the browser keeps.")
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("appareil connu")
        constraints = (models.UniqueConstraint(fields=["user", "fingerprint"], name="accounts_knowndevice_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} · {self.first_seen_at}"


class TermsOfUse(models.Model):
    """One version of the terms of use. A new one is put to everybody at her next sign-in (ACC-13)."""

    version = models.PositiveIntegerField(unique=True)
    text_fr = models.TextField(_("texte français"))
    text_en = models.TextField(_("texte anglais"))
    published_at = models.DateTimeField()

    class Meta:
        verbose_name = _("conditions d’utilisation")

    def __str__(self) -> str:
        return str(self.version)


class TermsDraft(models.Model):
    """The next version of the terms, while operators write it: one at a time."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    text_fr = models.TextField(_("texte français"), blank=True)
    text_en = models.TextField(_("texte anglais"), blank=True)
    updated_at = models.DateTimeField()
    updated_by_name = models.CharField(_("modifié par"), max_length=165)
    revision = models.PositiveIntegerField(default=1, help_text="Grows at each change: two people never overwrite each other.")

    class Meta:
        verbose_name = _("brouillon des conditions d’utilisation")
        constraints = (models.CheckConstraint(condition=Q(id=1), name="accounts_termsdraft_one"),)

    def __str__(self) -> str:
        return str(self.updated_at)


class TermsAcceptance(models.Model):
    """Who accepted which version, when and from where."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="terms_acceptances")
    terms = models.ForeignKey(TermsOfUse, on_delete=models.PROTECT, related_name="+")
    accepted_at = models.DateTimeField()
    address = models.GenericIPAddressField(_("adresse IP"), null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "terms"], name="accounts_termsacceptance_once"),)
        indexes = (models.Index("accepted_at", "id", name="accounts_terms_accepted"),)

    def __str__(self) -> str:
        return f"{self.user_id} · {self.terms_id}"


class TrustedNetwork(models.Model):
    """A range of addresses from which one person needs no other second factor (ACC-1); operators alone grant it.

    Narrow, with an end, and never enough for an administrator or for health data.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="trusted_networks")
    name = models.CharField(_("nom"), max_length=80)
    network = models.CharField(_("plage d’adresses"), max_length=43, help_text="192.0.2.0/28")
    expires_at = models.DateTimeField(_("jusqu’au"))
    granted_by_name = models.CharField(_("accordée par"), max_length=165)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(_("dernier usage"), null=True)

    class Meta:
        verbose_name = _("réseau de confiance")

    def __str__(self) -> str:
        return self.name
