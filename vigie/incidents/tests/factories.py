"""Incidents for tests. To be used inside `as_maintenance()`."""

from typing import Any
from uuid import uuid4

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from vigie.attachments.models import Attachment
from vigie.directory.models import Desk, Site, Solution
from vigie.directory.tests import factories as directory
from vigie.incidents.models import (
    Category,
    EntryKind,
    Follower,
    FollowUp,
    Incident,
    IncidentFile,
    Interest,
    Priority,
    Side,
    Status,
    Tone,
)

SCALE = (("Bloquant", Tone.CRITICAL), ("Urgent", Tone.MAJOR), ("Important", Tone.MODERATE))


class PriorityFactory(DjangoModelFactory[Priority]):
    class Meta:
        model = Priority

    desk = factory.SubFactory(directory.BareDeskFactory)
    name = factory.Sequence(lambda n: f"Priorité {n}")
    definition = factory.LazyAttribute(lambda priority: f"Définition de « {priority.name} ».")
    rank = factory.Sequence(lambda n: n + 10)
    tone = Tone.MODERATE
    response_minutes = 60
    resolution_minutes = 480


class CategoryFactory(DjangoModelFactory[Category]):
    class Meta:
        model = Category

    desk = factory.SubFactory(directory.BareDeskFactory)
    name = factory.Sequence(lambda n: f"Catégorie {n}")


class DeskFactory(directory.BareDeskFactory):
    """A desk ready to receive: three priorities, two categories, one solution (`serves=[site]` use it)."""

    class Meta:
        model = Desk
        skip_postgeneration_save = True

    @factory.post_generation
    def serves(self: Desk, create: bool, extracted: list[Site] | None, **kwargs: Any) -> None:  # noqa: FBT001
        if not create:
            return
        for rank, (name, tone) in enumerate(SCALE, start=1):
            PriorityFactory.create(desk=self, name=name, rank=rank, tone=tone)
        for name in ("Panne", "Question"):
            CategoryFactory.create(desk=self, name=name)
        directory.SolutionFactory.create(desk=self, name="Dossier patient", used_by=extracted or [])


class IncidentFactory(DjangoModelFactory[Incident]):
    """An incident of `site` to `desk`; both, the product and the requester are made when not said.

    A status that asks for somebody, or for a date, gets one.
    """

    class Meta:
        model = Incident

    site = factory.SubFactory(directory.SiteFactory)
    desk = factory.SubFactory(DeskFactory)
    number = factory.Sequence(lambda n: f"INC-2026-{900_000 + n}")
    solution = factory.LazyAttribute(lambda incident: _solution_of(incident.desk, incident.site))
    priority = factory.LazyAttribute(lambda incident: incident.desk.priorities.order_by("rank")[1])
    priority_rank = factory.SelfAttribute("priority.rank")
    category = factory.LazyAttribute(lambda incident: incident.desk.categories.order_by("name").first())
    subject = factory.Sequence(lambda n: f"Les étiquettes ne sortent plus ({n})")
    description = "Rien ne sort de l’imprimante depuis ce matin, malgré un redémarrage."
    requester = factory.LazyAttribute(lambda incident: directory.member(incident.site))
    requester_name = factory.LazyAttribute(lambda incident: incident.requester.full_name)
    assignee = factory.LazyAttribute(lambda incident: directory.technician(incident.desk) if incident.status == Status.ASSIGNED else None)
    assignee_name = factory.LazyAttribute(lambda incident: incident.assignee.full_name if incident.assignee else "")
    planned_at = factory.LazyAttribute(lambda incident: timezone.now() if incident.status == Status.PLANNED else None)
    status = Status.NEW
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.SelfAttribute("created_at")
    resolved_at = factory.LazyAttribute(lambda incident: incident.updated_at if incident.status == Status.RESOLVED else None)
    closed_at = factory.LazyAttribute(lambda incident: incident.updated_at if incident.status == Status.CLOSED else None)
    submission = factory.LazyFunction(uuid4)


class FollowUpFactory(DjangoModelFactory[FollowUp]):
    """The next entry of `incident`: a public message of the requester, unless `author`, `side`, `kind`… say otherwise."""

    class Meta:
        model = FollowUp
        skip_postgeneration_save = True

    incident = factory.SubFactory(IncidentFactory)
    site = factory.SelfAttribute("incident.site")
    desk = factory.SelfAttribute("incident.desk")
    position = factory.LazyAttribute(lambda entry: entry.incident.entry_count + 1)
    kind = EntryKind.MESSAGE
    internal = factory.LazyAttribute(lambda entry: entry.kind == EntryKind.NOTE)
    author = factory.SelfAttribute("incident.requester")
    author_name = factory.LazyAttribute(lambda entry: entry.author.full_name if entry.author else "Vigie")
    side = factory.LazyAttribute(
        lambda entry: Side.REQUESTER if entry.author == entry.incident.requester and not entry.internal else Side.DESK
    )
    body = "Avez-vous des nouvelles ?"
    created_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def counted(self: FollowUp, create: bool, extracted: object, **kwargs: Any) -> None:  # noqa: FBT001
        """The incident keeps the number of its last entry and the date of its last change."""
        if create:
            self.incident.entry_count = self.position
            self.incident.updated_at = self.created_at
            self.incident.save(update_fields=["entry_count", "updated_at"])


class AttachmentFactory(DjangoModelFactory[Attachment]):
    """The row of a file whose bytes were not stored."""

    class Meta:
        model = Attachment

    site = factory.SubFactory(directory.SiteFactory)
    desk = factory.SubFactory(directory.BareDeskFactory)
    digest = factory.Sequence(lambda n: f"{n:064x}")
    name = factory.Sequence(lambda n: f"capture-{n}.png")
    media_type = "image/png"
    size = 1234


class IncidentFileFactory(DjangoModelFactory[IncidentFile]):
    class Meta:
        model = IncidentFile

    incident = factory.SubFactory(IncidentFactory)
    site = factory.SelfAttribute("incident.site")
    desk = factory.SelfAttribute("incident.desk")
    internal = False
    attachment = factory.SubFactory(
        AttachmentFactory,
        site=factory.SelfAttribute("..site"),
        desk=factory.SelfAttribute("..desk"),
        internal=factory.SelfAttribute("..internal"),
    )


class FollowerFactory(DjangoModelFactory[Follower]):
    """`user` follows `incident`."""

    class Meta:
        model = Follower

    incident = factory.SubFactory(IncidentFactory)
    site = factory.SelfAttribute("incident.site")
    desk = factory.SelfAttribute("incident.desk")
    user = factory.LazyAttribute(lambda follower: directory.member(follower.incident.site))
    user_name = factory.LazyAttribute(lambda follower: follower.user.full_name)
    interest = Interest.FOLLOWER


def _solution_of(desk: Desk, site: Site) -> Solution:
    """Return the desk's first product, linked to the site."""
    solution = desk.solutions.order_by("name").first() or directory.SolutionFactory.create(desk=desk)
    solution.site_links.get_or_create(site=site, defaults={"desk": desk})
    return solution
