"""Who belongs where: spaces, sites, services, desks, memberships and the matrix of rights."""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from vigie.foundation.ids import uuid7


class SiteKind(models.TextChoices):
    HOSPITAL = "hospital", _("Établissement de santé")
    CLINIC = "clinic", _("Clinique")
    NURSING_HOME = "nursing_home", _("EHPAD")
    CRRA = "CRRA", _("SAMU – centre de réception et de régulation des appels")
    VENDOR = "vendor", _("Éditeur de logiciels")
    SUPPORT = "support", _("Organisation de support")
    REGION = "region", _("Groupement régional")
    AUTHORITY = "ARS", _("Agence régionale de santé")
    OPERATOR = "operator", _("Opérateur de la plateforme")


class Role(models.TextChoices):
    """Roles of one membership; they add up, each within its own site (rights.toml)."""

    USER = "user", _("Utilisateur")
    REFERENT = "referent", _("Référent")
    AGENT = "agent", _("Technicien")
    ADMIN = "admin", _("Administrateur")
    PLANNER = "planner", _("Planification")
    EDITOR = "editor", _("Rédacteur")
    OPERATOR = "operator", _("Opérateur de la plateforme")


class Space(models.Model):
    """A tenant: it groups sites under one administration."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("nom"), max_length=120)
    slug = models.SlugField(unique=True)

    class Meta:
        verbose_name = _("espace")

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Site(models.Model):
    """One organisation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    space = models.ForeignKey(Space, on_delete=models.PROTECT, related_name="sites")
    name = models.CharField(_("nom"), max_length=160)
    kind = models.CharField(_("type"), max_length=20, choices=SiteKind)
    number = models.CharField(_("numéro de site"), max_length=20, unique=True)
    finess = models.CharField(_("FINESS"), max_length=9, blank=True)
    address = models.CharField(_("adresse"), max_length=200, blank=True)
    city = models.CharField(_("ville"), max_length=80, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    time_zone = models.CharField(_("fuseau horaire"), max_length=40, default="Europe/Paris")
    holiday_zone = models.CharField(
        _("zone de jours fériés"), max_length=20, default="Métropole", help_text=_("Zone de la bibliothèque holidays.")
    )
    phone = models.CharField(_("téléphone"), max_length=30, blank=True)
    is_active = models.BooleanField(_("en service"), default=True)

    class Meta:
        verbose_name = _("site")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """A unit of a site."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="services")
    name = models.CharField(_("nom"), max_length=120)

    class Meta:
        verbose_name = _("service")
        constraints = (models.UniqueConstraint(fields=["site", "name"], name="directory_service_name"),)

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class Membership(models.Model):
    """What a person is in one site. Rights come from here and from nowhere else."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="memberships")
    function = models.CharField(_("fonction"), max_length=120, blank=True)
    roles = ArrayField(models.CharField(max_length=20, choices=Role), verbose_name=_("rôles"), default=list)
    services = models.ManyToManyField(Service, through="ServiceMembership", blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("appartenance")
        constraints = (models.UniqueConstraint(fields=["user", "site"], name="directory_membership_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} · {self.site_id}"


class ServiceMembership(models.Model):
    """A member of a site works in one of its services."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE)
    service = models.ForeignKey(Service, on_delete=models.CASCADE)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["membership", "service"], name="directory_servicemembership_once"),)

    def __str__(self) -> str:
        return f"{self.membership_id} · {self.service_id}"


@pghistory.track()
class Desk(models.Model):
    """A support desk: the team of a site that handles incidents, and how it works."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="desks")
    name = models.CharField(_("nom"), max_length=120)
    slug = models.SlugField(unique=True)
    phone = models.CharField(_("téléphone"), max_length=30, blank=True)
    email = models.EmailField(_("adresse électronique"), blank=True)
    opening = models.JSONField(
        _("horaires"),
        default=dict,
        help_text=_('Par jour de la semaine (0 = lundi), une liste de plages : {"0": [["08:00", "18:00"]]}.'),
    )
    always_open = models.BooleanField(_("ouvert jour et nuit"), default=False)
    notice = models.TextField(_("consigne de confidentialité"), blank=True, help_text=_("Affichée à côté du formulaire de déclaration."))
    closing_delay_days = models.PositiveSmallIntegerField(_("clôture automatique après (jours)"), default=10)
    file_limit_bytes = models.PositiveIntegerField(_("taille maximale d’un fichier (octets)"), default=10 * 1024 * 1024)

    class Meta:
        verbose_name = _("guichet")
        ordering: ClassVar = ["name"]
        constraints = (models.UniqueConstraint(fields=["id", "site"], name="directory_desk_and_site"),)

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """A group of technicians inside a desk."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="teams")
    name = models.CharField(_("nom"), max_length=120)

    class Meta:
        verbose_name = _("groupe")
        constraints = (models.UniqueConstraint(fields=["desk", "name"], name="directory_team_name"),)

    def __str__(self) -> str:
        return self.name


class TeamMember(models.Model):
    """A technician belongs to a group of her desk."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["team", "user"], name="directory_teammember_once"),)

    def __str__(self) -> str:
        return f"{self.team_id} · {self.user_id}"


class Solution(models.Model):
    """The product an incident is about; it decides the desk."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="solutions")
    name = models.CharField(_("nom"), max_length=120)
    is_active = models.BooleanField(_("proposée"), default=True)

    class Meta:
        verbose_name = _("solution")
        ordering: ClassVar = ["name"]
        constraints = (models.UniqueConstraint(fields=["desk", "name"], name="directory_solution_name"),)

    def __str__(self) -> str:
        return self.name


class SiteSolution(models.Model):
    """A site uses a solution, so its people may file to the solution’s desk.

    A link is never deleted, only made inactive: the incidents of the past keep their catalogue in reach.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="solution_links")
    desk = models.ForeignKey(Desk, on_delete=models.CASCADE)
    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="site_links")
    is_active = models.BooleanField(_("utilisée"), default=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["site", "solution"], name="directory_sitesolution_once"),)

    def __str__(self) -> str:
        return f"{self.site_id} · {self.solution_id}"


class RightsCell(models.Model):
    """One cell of the matrix: this role may do this within this scope. No row means no."""

    capability = models.CharField(max_length=60)
    role = models.CharField(max_length=20, choices=Role)
    scope = models.CharField(max_length=20)
    step_up = models.BooleanField(default=False)
    version = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("droit")
        constraints = (models.UniqueConstraint(fields=["capability", "role", "scope"], name="directory_rightscell_once"),)

    def __str__(self) -> str:
        return f"{self.capability} · {self.role} · {self.scope}"
