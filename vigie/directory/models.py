"""Who belongs where: spaces, sites, services, desks, memberships and the matrix of rights."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Concat, Now
from django.utils.translation import gettext_lazy as _

from vigie.foundation.ids import uuid7

if TYPE_CHECKING:
    from vigie.accounts.models import User


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


class HolidayZone(models.TextChoices):
    """Where public holidays differ in France: codes of ISO 3166-2, and names where there is none."""

    MAINLAND = "Métropole", _("Métropole")
    ALSACE_MOSELLE = "Alsace-Moselle", _("Alsace-Moselle")
    GUADELOUPE = "FR-971", _("Guadeloupe")
    MARTINIQUE = "FR-972", _("Martinique")
    GUIANA = "FR-973", _("Guyane")
    REUNION = "FR-974", _("La Réunion")
    MAYOTTE = "FR-976", _("Mayotte")
    MIQUELON = "FR-PM", _("Saint-Pierre-et-Miquelon")
    BARTHELEMY = "FR-BL", _("Saint-Barthélemy")
    MARTIN = "FR-MF", _("Saint-Martin")
    CALEDONIA = "FR-NC", _("Nouvelle-Calédonie")
    POLYNESIA = "FR-PF", _("Polynésie française")
    WALLIS = "FR-WF", _("Wallis-et-Futuna")


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
    revision = models.PositiveIntegerField(
        default=1, db_default=1, help_text="Grows at each change: two people never overwrite each other."
    )

    class Meta:
        verbose_name = _("espace")

    def __str__(self) -> str:
        return self.name


class SiteQuerySet(models.QuerySet["Site"]):
    def with_cards(self) -> "SiteQuerySet":
        """Annotate `lends_cards`: whether the site has ever lent a card."""
        return self.annotate(lends_cards=models.Exists(LoanCard.objects.filter(site=models.OuterRef("pk"))))


@pghistory.track(exclude=["revision"])
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
    holiday_zone = models.CharField(_("zone de jours fériés"), max_length=20, default=HolidayZone.MAINLAND, choices=HolidayZone)
    phone = models.CharField(_("téléphone"), max_length=30, blank=True)
    is_active = models.BooleanField(_("en service"), default=True)
    revision = models.PositiveIntegerField(
        default=1, db_default=1, help_text="Grows at each change: two people never overwrite each other."
    )

    objects = SiteQuerySet.as_manager()

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
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("service")
        constraints = (models.UniqueConstraint(fields=["site", "name"], name="directory_service_name"),)

    def __str__(self) -> str:
        return self.name


class MemberStatus(models.TextChoices):
    """Computed, never typed (ACC-11)."""

    INVITED = "invited", _("Invitation envoyée")
    EXPIRED = "expired", _("Invitation expirée")
    ACCEPTED = "accepted", _("Invitation acceptée")
    ACTIVE = "active", _("Actif")
    DISABLED = "disabled", _("Désactivé")


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_force(self) -> "MembershipQuerySet":
        """Keep the memberships that give rights: accepted, and not deactivated."""
        return self.filter(is_active=True, accepted_at__isnull=False)

    def with_status(self) -> "MembershipQuerySet":
        """Annotate `status` (MemberStatus), as the rule of `Membership.status_at` computes it."""
        return self.annotate(
            status=models.Case(
                models.When(is_active=False, then=models.Value(MemberStatus.DISABLED)),
                models.When(activated_at__isnull=False, then=models.Value(MemberStatus.ACTIVE)),
                models.When(accepted_at__isnull=False, then=models.Value(MemberStatus.ACCEPTED)),
                models.When(invitation_expires_at__lte=Now(), then=models.Value(MemberStatus.EXPIRED)),
                default=models.Value(MemberStatus.INVITED),
                output_field=models.CharField(),
            )
        )


@pghistory.track(exclude=["search"])
class Membership(models.Model):
    """What a person is in one site. Rights come from here and from nowhere else.

    It exists from the invitation on, with the name and the address that the site knows; the account is joined when
    the invitation is accepted, so that inviting an address that exists looks like any other invitation.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="memberships")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="memberships")
    email = models.EmailField(_("adresse électronique"), max_length=254)
    first_name = models.CharField(_("prénom"), max_length=80)
    last_name = models.CharField(_("nom"), max_length=80)
    function = models.CharField(_("fonction"), max_length=120, blank=True)
    roles = ArrayField(models.CharField(max_length=20, choices=Role), verbose_name=_("rôles"), default=list)
    services = models.ManyToManyField(Service, through="ServiceMembership", blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    invitation_sent_at = models.DateTimeField(_("invitation envoyée le"), null=True, blank=True)
    invitation_expires_at = models.DateTimeField(_("invitation valable jusqu’au"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("invitation acceptée le"), null=True, blank=True)
    activated_at = models.DateTimeField(
        _("active depuis"), null=True, blank=True, help_text=_("Première connexion, conditions d’utilisation acceptées.")
    )
    revision = models.PositiveIntegerField(default=1, help_text="Grows at each change: two people never overwrite each other.")
    search = models.GeneratedField(
        expression=models.Func(
            Concat(
                "last_name",
                models.Value(" "),
                "first_name",
                models.Value(" "),
                "email",
                models.Value(" "),
                "function",
                output_field=models.TextField(),
            ),
            function="plain",
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("appartenance")
        constraints = (
            models.UniqueConstraint(fields=["user", "site"], name="directory_membership_once"),
            models.UniqueConstraint(fields=["site", "email"], name="directory_membership_email"),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True) | models.Q(user__isnull=False),
                name="directory_membership_accepted_by_somebody",
            ),
        )
        indexes = (
            models.Index("site", "last_name", "first_name", "id", name="dir_member_name"),
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="dir_member_search"),
        )

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @classmethod
    def of_account(cls, user: "User", *, at: datetime, **fields: Any) -> "Membership":
        """Return, not stored, the membership of an account that exists and needs no invitation."""
        return cls(
            user=user,
            email=user.email,
            first_name=user.first_name,
            last_name=user.last_name,
            accepted_at=at,
            activated_at=at,
            **fields,
        )

    @property
    def is_in_force(self) -> bool:
        """Tell whether it gives rights, as `MembershipQuerySet.in_force` does."""
        return self.is_active and self.accepted_at is not None

    def status_at(self, moment: datetime) -> MemberStatus:
        """Compute the status (ACC-11)."""
        if not self.is_active:
            return MemberStatus.DISABLED
        if self.activated_at is not None:
            return MemberStatus.ACTIVE
        if self.accepted_at is not None:
            return MemberStatus.ACCEPTED
        if self.invitation_expires_at is not None and self.invitation_expires_at <= moment:
            return MemberStatus.EXPIRED
        return MemberStatus.INVITED


class Invitation(models.Model):
    """One link sent to one person. Only the digest of its token is kept; it dies used, resent or expired.

    It is bound to the site, the address and the rights that it was sent for: a link stolen or kept does not open more.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token, in hexadecimal.")
    bound = models.CharField(max_length=64, help_text="SHA-256 of the site, the address and the roles at the sending.")
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    invited_by_name = models.CharField(max_length=400)
    support_grant = models.ForeignKey(
        "SupportGrant",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Sent by a support site, for the site: it outlives the grant, as all that was done under it.",
    )
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text="Used, replaced by another one, or withdrawn.")
    reminders = ArrayField(models.PositiveSmallIntegerField(), default=list, help_text="Days after which a reminder went out.")

    class Meta:
        verbose_name = _("invitation")
        constraints = (
            models.UniqueConstraint(
                fields=["membership"], condition=models.Q(ended_at__isnull=True), name="directory_invitation_one_alive"
            ),
        )

    def __str__(self) -> str:
        return str(self.membership_id)


class Practitioner(models.Model):
    """A professional of a site, on whose behalf users may act."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="practitioners")
    rpps = models.CharField(_("RPPS"), max_length=11)
    title = models.CharField(_("titre"), max_length=20, blank=True)
    first_name = models.CharField(_("prénom"), max_length=80)
    last_name = models.CharField(_("nom"), max_length=80)
    specialty = models.CharField(_("spécialité"), max_length=120, blank=True)
    is_active = models.BooleanField(_("en exercice"), default=True, help_text=_("Sinon, personne n’agit plus en son nom."))
    revision = models.PositiveIntegerField(default=1)
    search = models.GeneratedField(
        expression=models.Func(
            Concat(
                "last_name",
                models.Value(" "),
                "first_name",
                models.Value(" "),
                "rpps",
                models.Value(" "),
                "specialty",
                output_field=models.TextField(),
            ),
            function="plain",
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("médecin émetteur")
        ordering: ClassVar = ["last_name", "first_name"]
        constraints = (models.UniqueConstraint(fields=["site", "rpps"], name="directory_practitioner_rpps"),)
        indexes = (models.Index("site", "last_name", "first_name", "id", name="dir_practitioner_name"),)

    def __str__(self) -> str:
        return f"{self.title} {self.first_name} {self.last_name}".strip()


class MedicalIdentity(models.Model):
    """A member of a site may act for one of its practitioners (ACC-22)."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="medical_identities")
    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="medical_identities")

    class Meta:
        verbose_name = _("identité médicale")
        constraints = (models.UniqueConstraint(fields=["membership", "practitioner"], name="directory_medicalidentity_once"),)

    def __str__(self) -> str:
        return f"{self.membership_id} · {self.practitioner_id}"


class Feature(models.Model):
    """Something that the territory's software can do, if it is activated (ACC-25). Operators define them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.SlugField(unique=True)
    name = models.CharField(_("nom"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("fonctionnalité")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class SiteFeature(models.Model):
    """A feature that is available in a site."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="features")
    feature = models.ForeignKey(Feature, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(default=1, help_text="Grows when the feature is activated for other services.")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["site", "feature"], name="directory_sitefeature_once"),)

    def __str__(self) -> str:
        return f"{self.site_id} · {self.feature_id}"


class ServiceFeature(models.Model):
    """A feature activated for a service: its members have it (ACC-24)."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="features")
    feature = models.ForeignKey(Feature, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["service", "feature"], name="directory_servicefeature_once"),)

    def __str__(self) -> str:
        return f"{self.service_id} · {self.feature_id}"


class PractitionerFeature(models.Model):
    """A feature that the operator gave to a practitioner: those who act for her have it (ACC-25)."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE)
    practitioner = models.ForeignKey(Practitioner, on_delete=models.CASCADE, related_name="features")
    feature = models.ForeignKey(Feature, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["practitioner", "feature"], name="directory_practitionerfeature_once"),)

    def __str__(self) -> str:
        return f"{self.practitioner_id} · {self.feature_id}"


class Habilitation(models.Model):
    """Something that one member may do besides her roles, by name (« documents.read », « patients »…)."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="habilitations")
    code = models.CharField(max_length=40)

    class Meta:
        verbose_name = _("habilitation")
        constraints = (models.UniqueConstraint(fields=["membership", "code"], name="directory_habilitation_once"),)

    def __str__(self) -> str:
        return f"{self.membership_id} · {self.code}"


class LoanCard(models.Model):
    """A card lent to somebody who forgot hers (« carte de prêt », ACC-6)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("numéro de la carte"), max_length=40)
    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="+", verbose_name=_("prêtée à"))
    lent_at = models.DateTimeField(_("prêtée le"))
    due_on = models.DateField(_("à rendre le"), null=True, blank=True)
    returned_at = models.DateTimeField(_("rendue le"), null=True, blank=True)
    lent_by_name = models.CharField(_("prêtée par"), max_length=165)
    returned_to_name = models.CharField(_("rendue à"), max_length=165, blank=True, default="", db_default="")

    class Meta:
        verbose_name = _("carte de prêt")
        indexes = (models.Index("site", "lent_at", "id", name="dir_loancard_lent"),)
        constraints = (
            models.UniqueConstraint(
                fields=["site", "number"], condition=models.Q(returned_at__isnull=True), name="directory_loancard_one_holder"
            ),
        )

    def __str__(self) -> str:
        return self.number


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
    revision = models.PositiveIntegerField(
        default=1, db_default=1, help_text="Grows at each change of its settings: two people never overwrite each other."
    )

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


class SupportPurpose(models.TextChoices):
    """What a support site is called for (SEA-2)."""

    TROUBLESHOOTING = "troubleshooting", _("Dépannage")
    SETUP = "setup", _("Configuration initiale")
    FORMS = "forms", _("Formulaires")
    CREDITS = "credits", _("Allocation de crédits")
    OTHER = "other", _("Autre")


class GrantedCapability(models.TextChoices):
    """Capabilities of the matrix that a site may lend; the first one goes without saying."""

    USERS_READ = "users.read", _("Voir les personnes, leurs services et leurs accès")
    USERS_WRITE = "users.write", _("Inviter, modifier et désactiver les personnes, leurs services et leurs habilitations")
    FEATURES = "features.activate", _("Activer les fonctionnalités pour les services")


class GrantEnd(models.TextChoices):
    EXPIRED = "expired", _("arrivée à son terme")
    WITHDRAWN = "withdrawn", _("retirée")


class SupportGrantQuerySet(models.QuerySet["SupportGrant"]):
    def in_force(self, at: datetime) -> "SupportGrantQuerySet":
        return self.filter(ended_at__isnull=True, expires_at__gt=at)

    def over(self, at: datetime) -> "SupportGrantQuerySet":
        return self.exclude(ended_at__isnull=True, expires_at__gt=at)


class SupportGrant(models.Model):
    """A site lends its administration to a support site: what for, by whom, until when (SEA-1, SEA-2).

    The database writes the names of both sites, which cannot read each other, and refuses a support site that is none,
    more than ninety days, and any change but the end, a renewal and reminders.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="support_grants")
    support_site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    site_name = models.CharField(max_length=160, editable=False)
    site_number = models.CharField(max_length=20, editable=False)
    support_name = models.CharField(max_length=160, editable=False)
    support_number = models.CharField(max_length=20, editable=False)
    support_city = models.CharField(max_length=80, editable=False)
    purpose = models.CharField(_("motif"), max_length=20, choices=SupportPurpose)
    note = models.CharField(_("précision"), max_length=300, blank=True)
    capabilities = ArrayField(models.CharField(max_length=60, choices=GrantedCapability), verbose_name=_("peut"))
    granted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    granted_by_name = models.CharField(_("accordée par"), max_length=165)
    granted_at = models.DateTimeField(_("accordée le"))
    expires_at = models.DateTimeField(_("jusqu’au"))
    renewed_at = models.DateTimeField(_("renouvelée le"), null=True)
    renewals = models.PositiveSmallIntegerField(default=0)
    work_done_at = models.DateTimeField(_("travail terminé le"), null=True, help_text="Said by the support site.")
    reminded_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(_("terminée le"), null=True)
    ended_by_name = models.CharField(_("retirée par"), max_length=165, blank=True)
    end = models.CharField(_("fin"), max_length=12, choices=GrantEnd, blank=True)

    objects = SupportGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("délégation à un support")
        constraints = (
            models.UniqueConstraint(
                fields=["site", "support_site"], condition=models.Q(ended_at__isnull=True), name="directory_supportgrant_one_alive"
            ),
            models.CheckConstraint(
                condition=models.Q(purpose__in=SupportPurpose.values)
                & models.Q(capabilities__contains=["users.read"])
                & models.Q(capabilities__contained_by=GrantedCapability.values),
                name="directory_supportgrant_known",
            ),
            models.CheckConstraint(condition=~models.Q(site=models.F("support_site")), name="directory_supportgrant_another"),
        )
        indexes = (
            models.Index("site", models.F("granted_at").desc(), name="dir_grant_site"),
            models.Index("support_site", models.F("granted_at").desc(), name="dir_grant_support"),
            models.Index(fields=["expires_at"], condition=models.Q(ended_at__isnull=True), name="dir_grant_alive"),
        )

    def __str__(self) -> str:
        return f"{self.support_name} → {self.site_name}"

    def is_in_force(self, at: datetime) -> bool:
        return self.ended_at is None and self.expires_at > at

    @property
    def over_at(self) -> datetime:
        """When it ended, or will: the job that writes the end may not have come by yet."""
        return self.ended_at or self.expires_at

    @property
    def capability_labels(self) -> list[str]:
        """What it lends, for people."""
        return [str(capability.label) for capability in GrantedCapability if capability in self.capabilities]


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


class RightsOrigin(models.TextChoices):
    DELIVERED = "delivered", _("Livrée avec Vigie")
    CHANGED = "changed", _("Modification")
    RESTORED = "restored", _("Version rétablie")


class RightsVersion(models.Model):
    """The whole matrix as it was from one moment on. Written by `directory_write_rights` alone, never changed."""

    number = models.PositiveIntegerField(primary_key=True)
    at = models.DateTimeField(_("date"))
    author_id = models.UUIDField(null=True)
    author_name = models.CharField(_("auteur"), max_length=165)
    origin = models.CharField(_("origine"), max_length=10, choices=RightsOrigin)
    reason = models.CharField(_("motif"), max_length=300, blank=True)
    file_version = models.PositiveIntegerField(help_text="Version of rights.toml at that time.")
    cells = models.JSONField(help_text="Every cell in force: « capability|role|scope » → step-up.")
    delivered = models.JSONField(help_text="The cells of rights.toml at that time.")
    decisions = models.JSONField(help_text="What operators decided against the file: cell → 0, 1, or 2 with step-up.")

    class Meta:
        verbose_name = _("version de la matrice des droits")
        ordering: ClassVar = ["-number"]

    def __str__(self) -> str:
        return str(self.number)
