"""What people do to incidents. Each function is one transaction: rights, rules, rows, live message, jobs.

Audit rows are written by triggers. Functions take the actor first and raise errors of `foundation.errors` whose text
is for people; then nothing was written.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.attachments.actions import store_file
from vigie.confidentiality.secrets import remove_secrets
from vigie.directory.actors import Actor
from vigie.directory.models import Membership, Role, Solution, Team
from vigie.foundation import jobs, live
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid, NotAllowed
from vigie.foundation.rows import one_or_none
from vigie.foundation.text import clean_line, clean_text
from vigie.incidents import policies
from vigie.incidents.models import (
    Category,
    Draft,
    EntryKind,
    Follower,
    FollowUp,
    Incident,
    IncidentFile,
    Interest,
    Kind,
    Priority,
    Side,
    Source,
    Status,
    may_become,
)
from vigie.incidents.policies import Access
from vigie.notifications.actions import unmute
from vigie.patients.policies import unknown_references

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    Files = Sequence["UploadedFile[Any]"]

LONGEST_TEXT = 20_000
LONGEST_SUBJECT = 200
MOST_FILES = 10
MOST_PATIENTS = 20


class IncidentClosed(DomainError):
    message = _("Cet incident est fermé : il ne reçoit plus de message. Vous pouvez en déclarer un nouveau, lié à celui-ci.")


class ImpossibleTransition(DomainError):
    message = _("Ce changement de statut n’est plus possible. Relisez la fiche : quelqu’un l’a peut-être modifiée.")


class AnsweredMeanwhile(ChangedMeanwhile):
    message = _(
        "Une réponse est arrivée pendant que vous écriviez. Lisez-la ci-dessus, puis envoyez la vôtre si elle convient toujours : "
        "votre texte est conservé."
    )


@dataclass(frozen=True, slots=True)
class NewIncident:
    """What somebody states when she files."""

    site_id: UUID
    solution_id: UUID
    priority_id: UUID
    subject: str
    description: str
    submission: UUID
    kind: Kind = Kind.INCIDENT
    category_id: UUID | None = None
    contact_name: str = ""
    contact_phone: str = ""
    notify_requester: bool = True
    filed_after: UUID | None = None
    patients: Sequence[int] = ()
    """Reference numbers in the register of the site (SEA-23)."""
    source: Source = Source.WEB
    files: "Files" = field(default_factory=tuple)


@transaction.atomic
def file_incident(actor: Actor, new: NewIncident) -> Incident:
    """File an incident for herself. The same submission twice files one incident and returns it twice."""
    if new.site_id not in policies.may_file_to_site(actor):
        raise NotAllowed(_("Vous ne pouvez déclarer un incident que pour un site auquel vous appartenez."))
    if existing := one_or_none(Incident.objects.filter(requester=actor.id, submission=new.submission)):
        return existing
    solution, priority = _catalogue(new)
    now = timezone.now()
    incident = Incident(
        number=_next_number(now),
        site_id=new.site_id,
        desk_id=solution.desk_id,
        solution=solution,
        kind=new.kind,
        priority=priority,
        priority_rank=priority.rank,
        category_id=new.category_id,
        subject=_line(new.subject, "subject"),
        description=_text(new.description, "description"),
        patient_references=_cited(actor, new),
        source=new.source,
        requester_id=actor.id,
        requester_name=actor.name,
        contact_name=clean_line(new.contact_name),
        contact_phone=clean_line(new.contact_phone),
        notify_requester=new.notify_requester,
        notify_address=actor.user.reply_address,
        created_at=now,
        updated_at=now,
        filed_after=_earlier(actor, new.filed_after),
        submission=new.submission,
    )
    try:
        with transaction.atomic():
            incident.save(force_insert=True)
    except IntegrityError:
        if existing := one_or_none(Incident.objects.filter(requester=actor.id, submission=new.submission)):
            # The other half of a double click was faster.
            return existing
        # The operator moved the priority in the scale since the form was read: the foreign key carries its rank.
        raise Invalid({"priority": _("Les priorités de ce guichet viennent de changer. Choisissez de nouveau, puis envoyez.")}) from None
    _attach(actor, incident, None, new.files)
    Draft.objects.filter(user=actor.id, key="file").delete()
    _tell(incident, "filed", None)
    return incident


@transaction.atomic
def comment(
    actor: Actor,
    incident_id: UUID,
    *,
    body: str,
    submission: UUID,
    seen: int | None = None,
    files: "Files" = (),
    nudge: bool = False,
) -> FollowUp:
    """Publish a message. `seen` is the number of the last entry its author had read.

    A technician who answers while somebody else has just written is told, and her text is given back: two answers
    that do not know of each other confuse the requester (INC-31).
    """
    access = _locked(actor, incident_id)
    incident = access.incident
    if existing := _already(actor, incident, submission):
        return existing
    if incident.status == Status.CLOSED:
        raise IncidentClosed
    access.require(access.may_nudge if nudge else access.may_comment)
    text = _text(body, "body", required=not files and not nudge)
    if access.is_agent and seen is not None:
        newer = incident.entries.filter(position__gt=seen, internal=False, kind=EntryKind.MESSAGE)
        if newer.exclude(author=actor.id).exists():
            raise AnsweredMeanwhile
    now = timezone.now()
    changes: list[dict[str, Any]] = []
    if access.side == Side.DESK:
        incident.is_nudged = False
        if incident.answered_at is None:
            incident.answered_at = now
    elif incident.status == Status.WAITING:
        # The answer that the desk was waiting for is here.
        changes = _change(incident, status=_status_in_progress(incident))
    if nudge:
        incident.nudge_count += 1
        incident.is_nudged = True
    entry = _append(
        incident,
        access,
        EntryKind.MESSAGE,
        body=text,
        changes=changes,
        submission=submission,
        is_nudge=nudge,
        now=now,
    )
    _attach(actor, incident, entry, files)
    _forget_draft(actor, incident)
    _tell(incident, "nudged" if nudge else "commented", entry)
    return entry


@transaction.atomic
def note(actor: Actor, incident_id: UUID, *, body: str, submission: UUID, minutes: int = 0, files: "Files" = ()) -> FollowUp:
    """Write an internal note, for the desk alone; with the time spent, if any."""
    access = _locked(actor, incident_id)
    access.require(access.may_note)
    if existing := _already(actor, access.incident, submission):
        return existing
    access.incident.minutes_spent += minutes
    entry = _append(
        access.incident,
        access,
        EntryKind.NOTE,
        body=_text(body, "body", required=not files and not minutes),
        internal=True,
        submission=submission,
        minutes=minutes,
    )
    _attach(actor, access.incident, entry, files, internal=True)
    _forget_draft(actor, access.incident)
    incident = access.incident
    live.publish(topics=[f"notes:{incident.id}", f"desk:{incident.desk_id}"], kind="incident.noted", id=incident.id)
    return entry


@transaction.atomic
def assign(
    actor: Actor, incident_id: UUID, *, assignee_id: UUID | None, team_id: UUID | None, revision: int | None = None
) -> FollowUp | None:
    """Give an incident to a technician, a team, both, or (with neither) back to the queue."""
    access = _locked(actor, incident_id, revision=revision)
    access.require(access.may_handle)
    incident = access.incident
    assignee_name = ""
    if assignee_id is not None:
        assignee_name = _technicians(incident).get(assignee_id, "")
        if not assignee_name:
            raise Invalid({"assignee": _("Cette personne ne fait pas partie du guichet.")})
    if team_id is not None and not Team.objects.filter(id=team_id, desk=incident.desk_id).exists():
        raise Invalid({"team": _("Ce groupe ne fait pas partie du guichet.")})
    team_name = Team.objects.get(id=team_id).name if team_id else ""
    former_team = incident.team.name if incident.team else ""
    before, was_assigned_to = incident.status, incident.assignee_id
    status = Status(incident.status)
    if status == Status.NEW and (assignee_id or team_id):
        status = Status.ASSIGNED
    elif status == Status.ASSIGNED and not (assignee_id or team_id):
        status = Status.NEW
    changes = []
    if incident.assignee_id != assignee_id:
        changes.append({"field": "assignee", "from": incident.assignee_name, "to": assignee_name})
    if incident.team_id != team_id:
        changes.append({"field": "team", "from": former_team, "to": team_name})
    if status != before:
        changes.append({"field": "status", "from": str(before), "to": str(status)})
    if not changes:
        return None
    incident.assignee_id, incident.assignee_name = assignee_id, assignee_name
    incident.team_id, incident.status = team_id, status
    entry = _append(incident, access, EntryKind.CHANGE, changes=changes)
    _tell(incident, "assigned", entry, also={was_assigned_to} if was_assigned_to else set())
    return entry


@transaction.atomic
def plan(
    actor: Actor,
    incident_id: UUID,
    *,
    at: datetime,
    minutes: int | None,
    body: str = "",
    submission: UUID | None = None,
    revision: int | None = None,
) -> FollowUp:
    """Plan the work: the incident becomes « planifié », and the requester is told when."""
    access = _locked(actor, incident_id, revision=revision)
    access.require(access.may_handle and access.holds("plan"))
    incident = access.incident
    if submission and (existing := _already(actor, incident, submission)):
        return existing
    changes = _change(incident, status=Status.PLANNED, side=Side.DESK)
    changes += _change(incident, planned_at=at, planned_minutes=minutes)
    if not incident.assignee_id:
        changes += _change(incident, assignee_id=actor.id, assignee_name=actor.name)
    entry = _append(
        incident,
        access,
        EntryKind.PLAN,
        body=_text(body, "body", required=False),
        changes=changes,
        submission=submission,
    )
    _forget_draft(actor, incident)
    _tell(incident, "planned", entry)
    return entry


@transaction.atomic
def change_status(
    actor: Actor,
    incident_id: UUID,
    *,
    status: Status,
    body: str = "",
    submission: UUID | None = None,
    revision: int | None = None,
    seen: int | None = None,
    files: "Files" = (),
) -> FollowUp:
    """Move an incident on behalf of the desk. Reopening needs a reason; resolving says what was done (INC-11)."""
    access = _locked(actor, incident_id, revision=revision)
    incident = access.incident
    if submission and (existing := _already(actor, incident, submission)):
        return existing
    if incident.status in (Status.RESOLVED, Status.CLOSED):
        access.require(access.may_reopen)
    else:
        access.require(access.may_handle and access.holds("resolve" if status == Status.RESOLVED else "status"))
    if status in (Status.ASSIGNED, Status.PLANNED) and incident.status in (Status.RESOLVED, Status.CLOSED):
        status = _status_in_progress(incident)
    if status == Status.ASSIGNED and not (incident.assignee_id or incident.team_id):
        raise Invalid({"status": _("Attribuez d’abord l’incident à un technicien ou à un groupe.")})
    if status == Status.PLANNED and incident.planned_at is None:
        raise Invalid({"status": _("Indiquez la date prévue : utilisez « Planifier ».")})
    if not may_become(Status(incident.status), status, side=Side.DESK):
        raise ImpossibleTransition
    reopens = incident.status in (Status.RESOLVED, Status.CLOSED)
    needs_text = reopens or status == Status.RESOLVED
    text = _text(body, "body", required=needs_text)
    if seen is not None and text:
        newer = incident.entries.filter(position__gt=seen, internal=False, kind=EntryKind.MESSAGE)
        if newer.exclude(author=actor.id).exists():
            raise AnsweredMeanwhile
    now = timezone.now()
    changes = _change(incident, status=status, side=Side.DESK)
    incident.resolved_at = now if status == Status.RESOLVED else None
    incident.closed_at = None
    incident.is_nudged = False
    if text and incident.answered_at is None:
        incident.answered_at = now
    entry = _append(
        incident,
        access,
        EntryKind.MESSAGE if text else EntryKind.CHANGE,
        body=text,
        changes=changes,
        submission=submission,
        now=now,
    )
    _attach(actor, incident, entry, files)
    _forget_draft(actor, incident)
    event = "resolved" if status == Status.RESOLVED else "reopened" if reopens else str(status)
    _tell(incident, event, entry)
    return entry


@transaction.atomic
def close_incident(actor: Actor, incident_id: UUID, *, body: str = "", submission: UUID | None = None, files: "Files" = ()) -> FollowUp:
    """Close: the requester needs no more help, or accepts the resolution."""
    access = _locked(actor, incident_id)
    incident = access.incident
    if submission and (existing := _already(actor, incident, submission)):
        return existing
    if incident.status == Status.CLOSED:
        raise IncidentClosed(_("Cet incident est déjà fermé."))
    access.require(access.may_close or access.may_judge)
    now = timezone.now()
    changes = _change(incident, status=Status.CLOSED, side=Side.REQUESTER)
    incident.closed_at = now
    text = _text(body, "body", required=False)
    entry = _append(
        incident,
        access,
        EntryKind.MESSAGE if text or files else EntryKind.CHANGE,
        body=text,
        changes=changes,
        submission=submission,
        side=Side.REQUESTER,
        now=now,
    )
    _attach(actor, incident, entry, files)
    _forget_draft(actor, incident)
    _tell(incident, "closed", entry)
    return entry


@transaction.atomic
def refuse_resolution(actor: Actor, incident_id: UUID, *, body: str, submission: UUID | None = None, files: "Files" = ()) -> FollowUp:
    """« Toujours en panne » : the requester says why, and the incident is in progress again."""
    access = _locked(actor, incident_id)
    incident = access.incident
    if submission and (existing := _already(actor, incident, submission)):
        return existing
    access.require(access.may_judge and access.holds("refuse"))
    changes = _change(incident, status=_status_in_progress(incident), side=Side.REQUESTER)
    incident.resolved_at = None
    entry = _append(
        incident,
        access,
        EntryKind.MESSAGE,
        body=_text(body, "body"),
        changes=changes,
        submission=submission,
        side=Side.REQUESTER,
    )
    _attach(actor, incident, entry, files)
    _forget_draft(actor, incident)
    _tell(incident, "reopened", entry)
    return entry


@transaction.atomic
def close_after_delay(incident_id: UUID) -> bool:
    """Close a resolved incident whose delay has passed; exactly once, whatever the number of workers."""
    incident = Incident.objects.select_for_update(of=("self",)).select_related("desk").filter(id=incident_id).first()
    now = timezone.now()
    if incident is None or incident.status != Status.RESOLVED or incident.resolved_at is None:
        return False
    if (now - incident.resolved_at).days < incident.desk.closing_delay_days:
        return False
    changes = _change(incident, status=Status.CLOSED, side=Side.SYSTEM)
    incident.closed_at = now
    entry = _append(incident, None, EntryKind.CHANGE, changes=changes, now=now)
    _tell(incident, "closed", entry)
    return True


@transaction.atomic
def follow(actor: Actor, incident_id: UUID) -> None:
    """Follow an incident: news come by e-mail, according to her preferences."""
    access = policies.access_incident(actor, id=incident_id)
    access.require(access.may_follow)
    incident = access.incident
    Follower.objects.get_or_create(
        incident=incident,
        user_id=actor.id,
        defaults={
            "user_name": actor.name,
            "site_id": incident.site_id,
            "desk_id": incident.desk_id,
            "interest": Interest.FOLLOWER,
        },
    )
    unmute(actor.id, f"incident:{incident.id}")


@transaction.atomic
def unfollow(actor: Actor, incident_id: UUID) -> None:
    """Stop following, or stop being an observer. Somebody who only saw it for that reason sees it no more."""
    access = policies.access_incident(actor, id=incident_id)
    Follower.objects.filter(incident=access.incident, user=actor.id).delete()


@transaction.atomic
def add_observer(actor: Actor, incident_id: UUID, *, email: str) -> FollowUp | None:
    """Let a colleague of the incident's site read it and follow it (INC-13)."""
    access = _locked(actor, incident_id)
    access.require(access.is_open and access.holds("observe"))
    incident = access.incident
    member = (
        Membership.objects.in_force()
        .filter(site=incident.site_id, user__email=email.strip().casefold(), roles__contains=[Role.USER])
        .select_related("user")
        .first()
    )
    if member is None or member.user is None:
        raise Invalid({"email": _("Aucun collègue de ce site n’a cette adresse. Vérifiez-la, ou demandez à votre administrateur.")})
    _follower, created = Follower.objects.get_or_create(
        incident=incident,
        user=member.user,
        defaults={
            "user_name": member.user.full_name,
            "site_id": incident.site_id,
            "desk_id": incident.desk_id,
            "interest": Interest.OBSERVER,
        },
    )
    if not created:
        return None
    entry = _append(
        incident,
        access,
        EntryKind.CHANGE,
        changes=[{"field": "observer", "from": "", "to": member.user.full_name}],
    )
    _tell(incident, "observed", entry)
    return entry


@transaction.atomic
def stop_news(user_id: UUID, incident_id: UUID) -> None:
    """End the e-mails of one incident to one person, as asked by the link at the foot of one of them."""
    Incident.objects.filter(id=incident_id, requester=user_id).update(notify_requester=False)
    Follower.objects.filter(incident=incident_id, user=user_id, interest=Interest.FOLLOWER).delete()


def _locked(actor: Actor, incident_id: UUID, *, revision: int | None = None) -> Access:
    """Lock first: two people often act on the same incident at once."""
    access = policies.access_incident(actor, id=incident_id, lock=True)
    if revision is not None and access.incident.revision != revision:
        raise ChangedMeanwhile
    return access


def _already(actor: Actor, incident: Incident, submission: UUID) -> FollowUp | None:
    """Return the entry of a form that was sent twice."""
    return one_or_none(FollowUp.objects.filter(incident=incident, author=actor.id, submission=submission))


def _append(
    incident: Incident,
    access: Access | None,
    kind: EntryKind,
    *,
    body: str = "",
    changes: Sequence[dict[str, Any]] = (),
    internal: bool = False,
    is_nudge: bool = False,
    minutes: int = 0,
    submission: UUID | None = None,
    side: Side | None = None,
    now: datetime | None = None,
) -> FollowUp:
    """Write the next entry of a locked incident, and the incident itself."""
    now = now or timezone.now()
    incident.entry_count += 1
    if not internal:
        # The requester sees this date: a note of the desk must not show in it.
        incident.updated_at = max(now, incident.updated_at)
    if changes:
        incident.revision += 1
    incident.save()
    return FollowUp.objects.create(
        incident=incident,
        site_id=incident.site_id,
        desk_id=incident.desk_id,
        position=incident.entry_count,
        kind=kind,
        internal=internal,
        is_nudge=is_nudge,
        author_id=access.actor.id if access else None,
        author_name=access.actor.name if access else "Vigie",
        side=side or (access.side if access else Side.SYSTEM),
        body=body,
        changes=list(changes),
        minutes_spent=minutes,
        created_at=now,
        submission=submission,
    )


def _change(incident: Incident, *, side: Side | None = None, **values: Any) -> list[dict[str, Any]]:
    """Set fields and return what changed, as the timeline records it. A status must be in reach of `side`."""
    changes = []
    for name, value in values.items():
        former = getattr(incident, name)
        if former == value:
            continue
        if name == "status" and side is not None and not may_become(Status(former), value, side=side):
            raise ImpossibleTransition
        setattr(incident, name, value)
        if name != "assignee_id":
            changes.append({"field": name.removesuffix("_name"), "from": _recorded(former), "to": _recorded(value)})
    return changes


def _recorded(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _status_in_progress(incident: Incident) -> Status:
    return Status.ASSIGNED if incident.assignee_id or incident.team_id else Status.NEW


def _attach(actor: Actor, incident: Incident, entry: FollowUp | None, files: "Files", *, internal: bool = False) -> None:
    if not files:
        return
    if len(files) > MOST_FILES:
        raise Invalid({"files": _("Dix fichiers au plus par envoi. Envoyez les autres dans un second message.")})
    for upload in files:
        attachment = store_file(
            actor_id=actor.id,
            site_id=incident.site_id,
            desk_id=incident.desk_id,
            upload=upload,
            limit_bytes=incident.desk.file_limit_bytes,
            internal=internal,
        )
        IncidentFile.objects.create(
            incident=incident,
            entry=entry,
            attachment=attachment,
            site_id=incident.site_id,
            desk_id=incident.desk_id,
            internal=internal,
        )


def _tell(incident: Incident, event: str, entry: FollowUp | None, *, also: frozenset[UUID] | set[UUID] = frozenset()) -> None:
    """Defer the mails and wake the screens, if and when the transaction commits."""
    jobs.defer(
        "incidents.notify",
        event=event,
        incident_id=str(incident.id),
        entry_id=str(entry.id) if entry else "",
        site_id=str(incident.site_id),
        desk_id=str(incident.desk_id),
        desk_site_id=str(incident.desk.site_id),
    )
    _publish(incident, also=also)


def _publish(incident: Incident, *, also: frozenset[UUID] | set[UUID] = frozenset()) -> None:
    people = {incident.requester_id, *also}
    if incident.assignee_id:
        people.add(incident.assignee_id)
    people.update(incident.followers.values_list("user_id", flat=True))
    live.publish(
        topics=[
            f"incident:{incident.id}",
            f"desk:{incident.desk_id}",
            f"site:{incident.site_id}",
            *(f"user:{person}" for person in people),
        ],
        kind="incident.changed",
        id=incident.id,
    )


def _forget_draft(actor: Actor, incident: Incident) -> None:
    Draft.objects.filter(user=actor.id, key=f"incident:{incident.id}").delete()


def _catalogue(new: NewIncident) -> tuple[Solution, Priority]:
    """Check that the site uses the solution and that all the rest is of the solution's desk."""
    used = Solution.objects.filter(id=new.solution_id, is_active=True, site_links__site=new.site_id, site_links__is_active=True)
    solution = one_or_none(used.select_related("desk"))
    if solution is None:
        raise Invalid({"solution": _("Ce site n’utilise pas cette solution. Choisissez-en une de la liste.")})
    priority = one_or_none(Priority.objects.filter(id=new.priority_id, desk=solution.desk_id))
    if priority is None:
        raise Invalid({"priority": _("Choisissez une priorité de la liste.")})
    if new.category_id and not Category.objects.filter(id=new.category_id, desk=solution.desk_id, is_active=True).exists():
        raise Invalid({"category": _("Choisissez une catégorie de la liste.")})
    return solution, priority


def _earlier(actor: Actor, identifier: UUID | None) -> Incident | None:
    return policies.access_incident(actor, id=identifier).incident if identifier else None


def _cited(actor: Actor, new: NewIncident) -> list[int]:
    """Return the patients that are cited, known to the register that she opens: a number tells nobody anything else."""
    if not new.patients:
        return []
    if len(new.patients) > MOST_PATIENTS:
        raise Invalid({"patients": _("Vingt patients au plus.")})
    unknown = unknown_references(actor, new.site_id, new.patients)
    if unknown:
        numbers = ", ".join(map(str, unknown))
        raise Invalid({"patients": _("Le registre de ce site n’a pas de patient %(numbers)s. Vérifiez le numéro.") % {"numbers": numbers}})
    return list(new.patients)


def _next_number(now: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('incidents_number')")
        (value,) = cursor.fetchone()
    return f"INC-{timezone.localtime(now):%Y}-{value:06d}"


def _line(value: str, name: str) -> str:
    text = remove_secrets(clean_line(value))
    if not text:
        raise Invalid({name: _("Ce champ est nécessaire.")})
    if len(text) > LONGEST_SUBJECT:
        raise Invalid({name: _("Deux cents caractères au plus : le reste a sa place dans la description.")})
    return text


def _text(value: str, name: str, *, required: bool = True) -> str:
    text = remove_secrets(clean_text(value))
    if required and not text:
        raise Invalid({name: _("Écrivez un message avant d’envoyer.")})
    if len(text) > LONGEST_TEXT:
        raise Invalid({name: _("Vingt mille caractères au plus. Joignez le reste dans un fichier.")})
    return text


def _technicians(incident: Incident) -> dict[UUID, str]:
    """Return the active technicians of the incident's desk, by identifier."""
    members = Membership.objects.in_force().filter(site=incident.desk.site_id, roles__contains=[Role.AGENT], user__is_active=True)
    return {member.user.id: member.user.full_name for member in members.select_related("user") if member.user is not None}
