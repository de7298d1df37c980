"""Incidents and requests: data, constraints and the state machine. No workflow, no e-mail here.

Every table carries the two tenants of an incident, the site that asks and the desk that answers: row-level security
reads them. Names of people are kept as they were written, because a requester may not read the accounts of the
technicians, nor they hers (docs/adr).
"""

from typing import ClassVar

import pghistory
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q, Value
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from vigie.attachments.models import Attachment
from vigie.directory.models import Desk, Site, Solution, Team
from vigie.foundation.ids import uuid7


class Kind(models.TextChoices):
    INCIDENT = "incident", _("Incident")
    REQUEST = "request", _("Demande")


class Status(models.TextChoices):
    NEW = "new", pgettext_lazy("statut", "Nouveau")
    ASSIGNED = "assigned", _("En cours (attribué)")
    PLANNED = "planned", _("En cours (planifié)")
    WAITING = "waiting", _("En attente")
    RESOLVED = "resolved", _("Résolu")
    CLOSED = "closed", _("Fermé")


OPEN_STATUSES = (Status.NEW, Status.ASSIGNED, Status.PLANNED, Status.WAITING)


class Source(models.TextChoices):
    WEB = "web", _("Portail")
    EMAIL = "email", _("Courriel")
    PHONE = "phone", _("Téléphone")
    API = "api", _("API")


class Tone(models.TextChoices):
    """How loud a priority looks; the two highest differ by shape too."""

    CRITICAL = "critical", _("critique")
    MAJOR = "major", _("majeure")
    MODERATE = "moderate", _("modérée")
    MINOR = "minor", _("mineure")
    LOW = "low", _("faible")


class Priority(models.Model):
    """One step of a desk's own scale (INC-2). Rank 1 is the highest."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="priorities")
    name = models.CharField(_("nom"), max_length=60)
    definition = models.TextField(_("définition"))
    rank = models.PositiveSmallIntegerField(_("rang"))
    tone = models.CharField(_("apparence"), max_length=10, choices=Tone)
    response_minutes = models.PositiveIntegerField(_("première réponse (minutes ouvrées)"))
    resolution_minutes = models.PositiveIntegerField(_("résolution (minutes ouvrées)"))

    class Meta:
        verbose_name = _("priorité")
        ordering: ClassVar = ["rank"]
        constraints = (models.UniqueConstraint(fields=["desk", "rank"], name="incidents_priority_rank"),)

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """What kind of trouble, in the desk's own words."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="categories")
    name = models.CharField(_("nom"), max_length=80)
    is_active = models.BooleanField(_("proposée"), default=True)

    class Meta:
        verbose_name = _("catégorie")
        ordering: ClassVar = ["name"]
        constraints = (models.UniqueConstraint(fields=["desk", "name"], name="incidents_category_name"),)

    def __str__(self) -> str:
        return self.name


@pghistory.track(exclude=["nudge_count", "entry_count", "minutes_spent", "updated_at"])
class Incident(models.Model):
    """One case, between the site that asks and the desk that answers."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(_("numéro"), max_length=20, unique=True, help_text="INC-2026-004217")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", verbose_name=_("site"), db_index=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+", verbose_name=_("guichet"), db_index=False)
    solution = models.ForeignKey(Solution, on_delete=models.PROTECT, related_name="+", verbose_name=_("solution"), db_index=False)
    kind = models.CharField(_("nature"), max_length=10, choices=Kind, default=Kind.INCIDENT)
    status = models.CharField(_("statut"), max_length=10, choices=Status, default=Status.NEW)
    is_open = models.GeneratedField(
        expression=Q(status__in=[status.value for status in OPEN_STATUSES]),  # type: ignore[arg-type]
        output_field=models.BooleanField(),
        db_persist=True,
    )
    priority = models.ForeignKey(Priority, on_delete=models.PROTECT, related_name="+", verbose_name=_("priorité"), db_index=False)
    priority_rank = models.PositiveSmallIntegerField(help_text="Copied from the priority: a sort key stands in the row.")
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("catégorie"), db_index=False
    )
    subject = models.CharField(_("objet"), max_length=200)
    description = models.TextField(_("description"))
    source = models.CharField(_("origine"), max_length=10, choices=Source, default=Source.WEB)

    patient_references = ArrayField(
        models.PositiveIntegerField(),
        verbose_name=_("patients concernés"),
        default=list,
        db_default=Value([], output_field=ArrayField(models.PositiveIntegerField())),
        help_text="Numbers in the register of the site, never names (SEA-23). A number is never given to another patient.",
    )

    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("demandeur"), db_index=False
    )
    requester_name = models.CharField(_("demandeur"), max_length=165)
    contact_name = models.CharField(_("personne à contacter"), max_length=165, blank=True)
    contact_phone = models.CharField(_("téléphone"), max_length=30, blank=True)
    notify_requester = models.BooleanField(_("informez-moi des suites données"), default=True)
    notify_address = models.EmailField(_("adresse pour les suites"), blank=True)

    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("technicien"),
        db_index=False,
    )
    assignee_name = models.CharField(_("technicien"), max_length=165, blank=True)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("groupe"), db_index=False
    )
    planned_at = models.DateTimeField(_("planifié le"), null=True, blank=True)
    planned_minutes = models.PositiveIntegerField(_("durée prévue (minutes)"), null=True, blank=True)

    created_at = models.DateTimeField(_("ouvert le"))
    updated_at = models.DateTimeField(_("dernière modification"))
    answered_at = models.DateTimeField(_("première réponse"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("résolu le"), null=True, blank=True)
    closed_at = models.DateTimeField(_("fermé le"), null=True, blank=True)

    minutes_spent = models.PositiveIntegerField(_("temps passé (minutes)"), default=0)
    nudge_count = models.PositiveSmallIntegerField(_("relances"), default=0)
    is_nudged = models.BooleanField(_("relancé, sans réponse depuis"), default=False)
    entry_count = models.PositiveIntegerField(default=0, help_text="Number of the last entry of the timeline.")
    revision = models.PositiveIntegerField(default=1, help_text="Grows at each change: two people never overwrite each other.")
    filed_after = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("fait suite à"), db_index=False
    )
    submission = models.UUIDField(help_text="Made with the form: a double click files one incident.")

    class Meta:
        verbose_name = _("incident")
        constraints = (
            models.UniqueConstraint(fields=["requester", "submission"], name="incidents_incident_submitted_once"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="incidents_incident_status"),
            models.CheckConstraint(
                condition=~Q(status="assigned") | Q(assignee__isnull=False) | Q(team__isnull=False),
                name="incidents_incident_assigned_to_someone",
            ),
            models.CheckConstraint(condition=~Q(status="planned") | Q(planned_at__isnull=False), name="incidents_incident_planned_when"),
            models.CheckConstraint(condition=~Q(status="closed") | Q(closed_at__isnull=False), name="incidents_incident_closed_when"),
        )
        indexes = (
            # The lists' indexed sorts: last change, opening, priority; for a desk, a site, a requester, a technician.
            models.Index("desk", "is_open", "updated_at", "id", name="inc_desk_updated"),
            models.Index("desk", "is_open", "created_at", "id", name="inc_desk_created"),
            models.Index("desk", "is_open", "priority_rank", "id", name="inc_desk_priority"),
            models.Index("desk", "status", "updated_at", "id", name="inc_desk_status"),
            models.Index("desk", "updated_at", "id", name="inc_desk_all"),
            models.Index("site", "is_open", "updated_at", "id", name="inc_site_updated"),
            models.Index("site", "is_open", "created_at", "id", name="inc_site_created"),
            models.Index("site", "status", "updated_at", "id", name="inc_site_status"),
            models.Index("site", "updated_at", "id", name="inc_site_all"),
            models.Index("requester", "is_open", "updated_at", "id", name="inc_mine_updated"),
            models.Index("requester", "updated_at", "id", name="inc_mine_all"),
            models.Index("assignee", "is_open", "updated_at", "id", name="inc_assignee_updated", condition=Q(assignee__isnull=False)),
            models.Index("desk", "updated_at", "id", name="inc_unassigned", condition=Q(assignee=None, is_open=True)),
        )

    def __str__(self) -> str:
        return self.number


class EntryKind(models.TextChoices):
    MESSAGE = "message", _("Message")
    NOTE = "note", _("Note interne")
    CHANGE = "change", _("Modification")
    PLAN = "plan", _("Intervention planifiée")


class Side(models.TextChoices):
    """On whose behalf an entry was written."""

    REQUESTER = "requester", _("Demandeur")
    DESK = "desk", _("Support")
    SYSTEM = "system", _("Vigie")


@pghistory.track()
class FollowUp(models.Model):
    """One entry of the timeline. An internal one never leaves the desk: row-level security says so too."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="entries", db_index=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveIntegerField(help_text="Number of the entry in its incident, from 1.")
    kind = models.CharField(max_length=10, choices=EntryKind)
    internal = models.BooleanField(default=False)
    is_nudge = models.BooleanField(default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    author_name = models.CharField(max_length=165)
    side = models.CharField(max_length=10, choices=Side)
    body = models.TextField(blank=True)
    changes = models.JSONField(default=list, help_text='Recorded changes: [{"field": "status", "from": "new", "to": "assigned"}].')
    minutes_spent = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    submission = models.UUIDField(null=True, help_text="Made with the form: a double click writes one entry.")

    class Meta:
        verbose_name = _("suivi")
        constraints = (
            models.UniqueConstraint(fields=["incident", "position"], name="incidents_followup_position"),
            models.UniqueConstraint(fields=["incident", "author", "submission"], name="incidents_followup_once"),
            models.CheckConstraint(condition=~Q(kind="note") | Q(internal=True), name="incidents_followup_note_internal"),
        )

    def __str__(self) -> str:
        return f"{self.incident_id} #{self.position}"


class IncidentFile(models.Model):
    """A file of an incident, given at filing or with an entry."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="files")
    entry = models.ForeignKey(FollowUp, on_delete=models.CASCADE, null=True, related_name="files")
    attachment = models.OneToOneField(Attachment, on_delete=models.PROTECT)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+", db_index=False)
    internal = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("fichier d’incident")

    def __str__(self) -> str:
        return f"{self.incident_id} · {self.attachment_id}"


class Interest(models.TextChoices):
    FOLLOWER = "follower", _("Suit l’incident")
    OBSERVER = "observer", _("Observateur")


class Follower(models.Model):
    """Somebody who follows an incident, or was made its observer."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="followers", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    user_name = models.CharField(max_length=165)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+", db_index=False)
    interest = models.CharField(max_length=10, choices=Interest)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["incident", "user"], name="incidents_follower_once"),)
        indexes = (models.Index(fields=["user", "incident"], name="inc_follower_user"),)

    def __str__(self) -> str:
        return f"{self.incident_id} · {self.user_id}"


class IncidentText(models.Model):
    """What the search reads of what the requester may see; kept by triggers."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, primary_key=True, related_name="text")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+", db_index=False)
    heading = models.TextField(help_text="Number, subject and requester without accents or capitals, for typing errors.")
    words = SearchVectorField()

    class Meta:
        indexes = (
            GinIndex(fields=["words"], name="inc_text_words", fastupdate=False),
            GinIndex(fields=["heading"], opclasses=["gin_trgm_ops"], name="inc_text_heading"),
        )

    def __str__(self) -> str:
        return str(self.incident_id)


class InternalText(models.Model):
    """What the search reads of the internal notes, for the desk alone; kept by triggers."""

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, primary_key=True, related_name="+")
    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="+", db_index=False)
    words = SearchVectorField()

    class Meta:
        indexes = (GinIndex(fields=["words"], name="inc_internal_words"),)

    def __str__(self) -> str:
        return str(self.incident_id)


class Draft(models.Model):
    """What somebody is typing, encrypted, until it is sent or seven days have passed (CON-2)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=80, help_text="The form it belongs to: « file » or « comment:<incident> ».")
    sealed = models.BinaryField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key"], name="incidents_draft_once"),)

    def __str__(self) -> str:
        return f"{self.user_id} · {self.key}"


# Transitions that each side may ask for (INC-11), checked here and nowhere else. An assignment and a planning make
# their own transitions; the closing of a resolved incident after the delay is Vigie's.
TRANSITIONS: dict[Side, dict[Status, frozenset[Status]]] = {
    Side.DESK: {
        Status.NEW: frozenset({Status.ASSIGNED, Status.PLANNED, Status.WAITING, Status.RESOLVED}),
        Status.ASSIGNED: frozenset({Status.NEW, Status.PLANNED, Status.WAITING, Status.RESOLVED}),
        Status.PLANNED: frozenset({Status.NEW, Status.ASSIGNED, Status.WAITING, Status.RESOLVED}),
        Status.WAITING: frozenset({Status.NEW, Status.ASSIGNED, Status.PLANNED, Status.RESOLVED}),
        Status.RESOLVED: frozenset({Status.ASSIGNED, Status.PLANNED, Status.WAITING, Status.NEW}),
        Status.CLOSED: frozenset({Status.NEW, Status.ASSIGNED}),
    },
    Side.REQUESTER: {
        Status.NEW: frozenset({Status.CLOSED}),
        Status.ASSIGNED: frozenset({Status.CLOSED}),
        Status.PLANNED: frozenset({Status.CLOSED}),
        Status.WAITING: frozenset({Status.CLOSED}),
        Status.RESOLVED: frozenset({Status.CLOSED, Status.ASSIGNED, Status.NEW}),
        Status.CLOSED: frozenset(),
    },
    Side.SYSTEM: {Status.RESOLVED: frozenset({Status.CLOSED})},
}


def may_become(status: Status, wanted: Status, *, side: Side) -> bool:
    """Tell whether this side may move an incident from one status to another (INC-11)."""
    return wanted in TRANSITIONS[side].get(status, frozenset())
