"""The territory's other applications, whose people sign in with Vigie (ACC-42), and the keys that sign for them.

An application in service has a client of the same identifier in allauth's table, which the protocol reads; out of
service it has none, nor any token.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from vigie.directory.models import Site
from vigie.foundation.ids import uuid7


class ClaimScope(models.TextChoices):
    """What an application may be told of a person, besides her identifier and how she signed in."""

    PROFILE = "profile", _("nom et prénom")
    EMAIL = "email", _("adresse électronique")
    SITES = "sites", _("sites, et fonction dans chacun")
    SERVICES = "services", _("services")
    PRACTITIONERS = "practitioners", _("médecins au nom de qui agir")
    FEATURES = "features", _("fonctionnalités effectives")


class Application(models.Model):
    """One application of the territory, as the operator declares it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("nom"), max_length=80)
    text = models.CharField(_("texte de la tuile"), max_length=160)
    address = models.CharField(_("adresse"), max_length=300)
    redirect_addresses = ArrayField(models.CharField(max_length=300), verbose_name=_("adresses de retour"))
    scopes = ArrayField(models.CharField(max_length=20, choices=ClaimScope.choices), default=list, blank=True)
    serves_all = models.BooleanField(_("ouverte à tous les sites"), default=False)
    sites: "models.ManyToManyField[Site, ApplicationSite]" = models.ManyToManyField(Site, through="ApplicationSite", related_name="+")
    is_trusted = models.BooleanField(default=False, help_text="The territory vouches for it: people are not asked for their consent.")
    client_id = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField(_("déclarée le"))
    withdrawn_at = models.DateTimeField(_("mise hors service le"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("application")
        ordering: ClassVar = ["name", "id"]
        constraints = (models.UniqueConstraint(Lower("name"), name="applications_application_name_once"),)

    def __str__(self) -> str:
        return self.name

    @property
    def is_in_service(self) -> bool:
        return self.withdrawn_at is None


class ApplicationSite(models.Model):
    """A site whose people may use the application."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["application", "site"], name="applications_site_once"),)

    def __str__(self) -> str:
        return f"{self.application_id} · {self.site_id}"


class SigningKey(models.Model):
    """A key that signs what Vigie says of people. It is published before it signs, and for a while after."""

    id = models.BigAutoField(primary_key=True)
    sealed = models.TextField(help_text="The private key, encrypted under the instance's secret key.")
    made_at = models.DateTimeField()
    signs_from = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, help_text="From then on it proves nothing, and is not published.")

    class Meta:
        ordering: ClassVar = ["signs_from", "id"]

    def __str__(self) -> str:
        return f"{self.id} · {self.signs_from}"
