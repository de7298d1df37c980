"""Configuring a desk (desk.configure): its settings, hours, teams, catalogue and scale.

Each action takes the revision of the desk that the writer had read: two people never overwrite each other.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.db.models import BooleanField, Func
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from vigie.audit.actions import record_act
from vigie.directory import policies
from vigie.directory.actors import Actor
from vigie.directory.models import Desk, Membership, Role, Site, SiteSolution, Solution, Team, TeamMember
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid, NotAllowed, Unseen
from vigie.foundation.text import clean_line
from vigie.incidents.models import Category, Priority, Tone
from vigie.incidents.scales import SCALES, names_of

if TYPE_CHECKING:
    from django.utils.functional import Promise

Range = tuple[time, time]
DAYS: Final = 7
MOST_RANGES: Final = 3
LONGEST_NAME: Final = 120
LONGEST_PRIORITY: Final = 60
LONGEST_CATEGORY: Final = 80
LONGEST_DEFINITION: Final = 500
LONGEST_NOTICE: Final = 2_000
MOST_MEGABYTES: Final = 100
MOST_DAYS: Final = 90
MOST_MINUTES: Final = 60_000
MOST_PRIORITIES: Final = 9
_MEGABYTE: Final = 1024 * 1024
_LOCK: Final = 0x4445534B  # « DESK », of advisory locks: desks open one at a time.
_PHONE: Final = re.compile(r"[+0-9][0-9 .()-]{3,29}")
_REQUIRED: Final = _("Ce champ est obligatoire.")
_TAKEN: Final = _("Ce guichet a déjà un élément de ce nom.")


class DeskChangedMeanwhile(ChangedMeanwhile):
    message = _(
        "Les réglages de ce guichet ont changé pendant votre saisie. Votre saisie est conservée : vérifiez-la, puis enregistrez de nouveau."
    )


class PriorityInUse(DomainError):
    message = _("Des incidents ont cette priorité : elle ne peut pas être retirée. Renommez-la plutôt.")


class NotTheLowest(DomainError):
    message = _("Seule la priorité la plus basse se retire : l’ordre des autres est celui des incidents en cours.")


class OrderInUse(DomainError):
    message = _("Des incidents ont l’une de ces deux priorités : leur ordre ne change plus. Renommez-les, ou modifiez leurs définitions.")


def access_desk(actor: Actor, slug: str) -> Desk:
    """Return a desk that this person may configure; Unseen, exactly as if it did not exist, otherwise."""
    desk = Desk.objects.select_related("site").filter(slug=slug).first()
    if desk is None or not policies.may_configure_desk(actor, desk.site_id):
        raise Unseen
    return desk


@transaction.atomic
def open_desk(actor: Actor, *, submission: UUID, site_id: UUID, name: str, scale: str) -> Desk:
    """Open a desk at a site in service, with a scale to start from. The same `submission` opens one."""
    if not policies.may_open_desk(actor):
        raise Unseen
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    if (known := Desk.objects.filter(id=submission).first()) is not None:
        return known
    # Locked: a site is not taken out of service meanwhile.
    site = Site.objects.select_for_update(no_key=True).filter(id=site_id, is_active=True).first()
    steps = SCALES.get(scale)
    name = clean_line(name)
    wrong = {
        "site": "" if site else _("Choisissez un site en service."),
        "name": _opening_name_problem(name, site),
        "scale": "" if steps else _("Choisissez une échelle."),
    }
    if problems := {field: reason for field, reason in wrong.items() if reason}:
        raise Invalid(problems)
    assert site is not None  # noqa: S101 - said above
    assert steps is not None  # noqa: S101
    desk = Desk.objects.create(id=submission, site=site, name=name, slug=_free_slug(name))
    Priority.objects.bulk_create(
        Priority(
            desk=desk,
            rank=rank,
            name=str(step.name),
            tone=step.tone,
            definition=str(step.definition),
            response_minutes=step.response_minutes,
            resolution_minutes=step.resolution_minutes,
        )
        for rank, step in enumerate(steps, start=1)
    )
    _record(actor, desk, "desk.opened", {"item": names_of(steps)})
    return desk


def _opening_name_problem(name: str, site: Site | None) -> "str | Promise":
    if not name:
        return _REQUIRED
    if len(name) > LONGEST_NAME:
        return _("Écrivez au plus 120 caractères.")
    if site is not None and Desk.objects.filter(site=site, name__iexact=name).exists():
        return _("Ce site a déjà un guichet de ce nom.")
    return ""


def _free_slug(name: str) -> str:
    base = slugify(name)[:40].strip("-") or "guichet"
    taken = set(Desk.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for slug in (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))) if slug not in taken)


@transaction.atomic
def change_settings(
    actor: Actor,
    slug: str,
    *,
    revision: int,
    name: str,
    phone: str,
    email: str,
    notice: str,
    closing_delay_days: int,
    file_limit_megabytes: int,
) -> Desk:
    """Change how a desk is called, reached, and what it asks of those who file."""
    desk = _locked(actor, slug, revision)
    stated: dict[str, Any] = {"name": clean_line(name), "phone": clean_line(phone), "email": email.strip(), "notice": notice.strip()}
    _check_settings(**stated, closing_delay_days=closing_delay_days, file_limit_megabytes=file_limit_megabytes)
    stated |= {"closing_delay_days": closing_delay_days, "file_limit_bytes": file_limit_megabytes * _MEGABYTE}
    changed = [field for field, value in stated.items() if getattr(desk, field) != value]
    if not changed:
        return desk
    for field, value in stated.items():
        setattr(desk, field, value)
    _store(desk, *stated)
    _record(actor, desk, "desk.settings_changed", {"fields": changed})
    return desk


def _check_settings(*, name: str, phone: str, email: str, notice: str, closing_delay_days: int, file_limit_megabytes: int) -> None:
    wrong = {
        "name": _REQUIRED if not name else _("Écrivez au plus 120 caractères.") if len(name) > LONGEST_NAME else "",
        "phone": _("Écrivez un numéro de téléphone : des chiffres, des espaces, un + au début.")
        if phone and not _PHONE.fullmatch(phone)
        else "",
        "email": _("Saisissez une adresse électronique valide.") if email and not _is_email(email) else "",
        "notice": _("Écrivez au plus 2 000 caractères.") if len(notice) > LONGEST_NOTICE else "",
        "closing_delay_days": "" if 1 <= closing_delay_days <= MOST_DAYS else _("Choisissez de 1 à 90 jours."),
        "file_limit_megabytes": "" if 1 <= file_limit_megabytes <= MOST_MEGABYTES else _("Choisissez de 1 à 100 Mo."),
    }
    if problems := {field: reason for field, reason in wrong.items() if reason}:
        raise Invalid(problems)


def _is_email(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


@transaction.atomic
def change_hours(actor: Actor, slug: str, *, revision: int, always_open: bool, week: Sequence[Sequence[Range]]) -> Desk:
    """Change when a desk answers. `week` holds the ranges of each day, Monday first."""
    desk = _locked(actor, slug, revision)
    problems: dict[str, str | Promise] = {}
    opening: dict[str, list[list[str]]] = {}
    for day, ranges in enumerate(week):
        ordered = sorted(ranges)
        if any(start >= end for start, end in ordered):
            problems[f"day_{day}"] = _("Une plage finit après son début.")
        elif any(later[0] < former[1] for former, later in pairwise(ordered)):
            problems[f"day_{day}"] = _("Deux plages du même jour se chevauchent.")
        if ordered:
            opening[str(day)] = [[f"{start:%H:%M}", f"{end:%H:%M}"] for start, end in ordered]
    if not always_open and not opening and not problems:
        problems["always_open"] = _("Donnez au moins une plage, ou dites que le guichet est ouvert jour et nuit.")
    if problems:
        raise Invalid(problems)
    if (desk.always_open, desk.opening) == (always_open, opening):
        return desk
    desk.always_open, desk.opening = always_open, opening
    _store(desk, "always_open", "opening")
    _record(actor, desk, "desk.hours_changed")
    return desk


@transaction.atomic
def save_team(actor: Actor, slug: str, team_id: UUID | None, *, revision: int, name: str, members: Collection[UUID]) -> Team:
    """Make a group of technicians, or change its name and who is in it."""
    desk = _locked(actor, slug, revision)
    name = _name(name, LONGEST_NAME)
    technicians = set(technicians_of(desk))
    if not set(members) <= technicians:
        raise Invalid({"members": _("Cette personne n’est pas technicienne de ce guichet.")})
    team = _item(Team, desk, team_id) or Team(desk=desk)
    _check_name_is_free(Team, desk, name, but=team)
    is_new = team_id is None
    team.name = name
    team.save()
    former = set(TeamMember.objects.filter(team=team).values_list("user_id", flat=True))
    TeamMember.objects.filter(team=team).exclude(user__in=members).delete()
    TeamMember.objects.bulk_create(TeamMember(desk=desk, team=team, user_id=user) for user in sorted(set(members) - former))
    _store(desk)
    _record(actor, desk, "desk.team_created" if is_new else "desk.team_changed", {"item": name})
    return team


@transaction.atomic
def save_solution(
    actor: Actor, slug: str, solution_id: UUID | None, *, revision: int, name: str, is_active: bool, sites: Collection[UUID] | None = None
) -> Solution:
    """Offer a solution, or change it. `sites` are those that use it: operators alone decide them, None leaves them."""
    desk = _locked(actor, slug, revision)
    name = _name(name, LONGEST_NAME)
    if sites is not None and not policies.is_operator(actor):
        raise NotAllowed
    solution = _item(Solution, desk, solution_id) or Solution(desk=desk)
    _check_name_is_free(Solution, desk, name, but=solution)
    is_new = solution_id is None
    solution.name, solution.is_active = name, is_active
    solution.save()
    if sites is not None:
        _link(desk, solution, set(sites))
    _store(desk)
    _record(actor, desk, "desk.solution_created" if is_new else "desk.solution_changed", {"item": name})
    return solution


def _link(desk: Desk, solution: Solution, wanted: set[UUID]) -> None:
    """A link is never deleted, only made inactive: the incidents of the past keep their catalogue in reach."""
    if set(Site.objects.filter(id__in=wanted).values_list("id", flat=True)) != wanted:
        raise Invalid({"sites": _("Ce site n’existe pas.")})
    links = SiteSolution.objects.filter(solution=solution)
    links.exclude(site__in=wanted).update(is_active=False)
    links.filter(site__in=wanted).update(is_active=True)
    known = set(links.values_list("site_id", flat=True))
    SiteSolution.objects.bulk_create(SiteSolution(site_id=site, desk=desk, solution=solution) for site in sorted(wanted - known))


@transaction.atomic
def save_category(actor: Actor, slug: str, category_id: UUID | None, *, revision: int, name: str, is_active: bool) -> Category:
    """Add a category, rename it, or stop offering it."""
    desk = _locked(actor, slug, revision)
    name = _name(name, LONGEST_CATEGORY)
    category = _item(Category, desk, category_id) or Category(desk=desk)
    _check_name_is_free(Category, desk, name, but=category)
    is_new = category_id is None
    category.name, category.is_active = name, is_active
    category.save()
    _store(desk)
    _record(actor, desk, "desk.category_created" if is_new else "desk.category_changed", {"item": name})
    return category


@transaction.atomic
def save_priority(
    actor: Actor,
    slug: str,
    priority_id: UUID | None,
    *,
    revision: int,
    name: str,
    definition: str,
    tone: str,
    response_minutes: int,
    resolution_minutes: int,
) -> Priority:
    """Change a step of the scale, or add one under the others: the order of the others is that of incidents under way."""
    desk = _locked(actor, slug, revision)
    name = _name(name, LONGEST_PRIORITY)
    definition = definition.strip()
    problems: dict[str, str | Promise] = {}
    if not definition:
        problems["definition"] = _("Dites quand choisir cette priorité : les personnes la lisent en déclarant.")
    elif len(definition) > LONGEST_DEFINITION:
        problems["definition"] = _("Écrivez au plus 500 caractères.")
    if tone not in Tone.values:
        problems["tone"] = _("Choisissez une apparence.")
    for field, minutes in (("response_minutes", response_minutes), ("resolution_minutes", resolution_minutes)):
        if not 1 <= minutes <= MOST_MINUTES:
            problems[field] = _("Choisissez de 1 à 60 000 minutes ouvrées.")
    if response_minutes > resolution_minutes and not problems:
        problems["resolution_minutes"] = _("La résolution ne vient pas avant la première réponse.")
    if problems:
        raise Invalid(problems)
    priority: Priority | None = _item(Priority, desk, priority_id)
    is_new = priority is None
    if priority is None:
        ranks = list(Priority.objects.filter(desk=desk).values_list("rank", flat=True))
        if len(ranks) >= MOST_PRIORITIES:
            raise DomainError(_("Une échelle a au plus neuf priorités."))
        priority = Priority(desk=desk, rank=max(ranks, default=0) + 1)
    _check_name_is_free(Priority, desk, name, but=priority)
    priority.name, priority.definition, priority.tone = name, definition, tone
    priority.response_minutes, priority.resolution_minutes = response_minutes, resolution_minutes
    priority.save()
    _store(desk)
    _record(actor, desk, "desk.priority_created" if is_new else "desk.priority_changed", {"item": name})
    return priority


@transaction.atomic
def remove_priority(actor: Actor, slug: str, priority_id: UUID, *, revision: int) -> None:
    """Take the lowest step of the scale away, when no incident has it."""
    desk = _locked(actor, slug, revision)
    priority = _item(Priority, desk, priority_id)
    assert priority is not None  # noqa: S101 - an identifier was given: _item raises when it names nothing
    if Priority.objects.filter(desk=desk, rank__gt=priority.rank).exists() or priority.rank == 1:
        raise NotTheLowest
    with connection.cursor() as cursor:
        cursor.execute("SELECT incidents_priority_is_used(%s)", [priority.id])
        (is_used,) = cursor.fetchone()
    if is_used:
        raise PriorityInUse
    name = priority.name
    priority.delete()
    _store(desk)
    _record(actor, desk, "desk.priority_removed", {"item": name})


@transaction.atomic
def move_priority(actor: Actor, slug: str, priority_id: UUID, *, revision: int, up: bool) -> Priority:
    """Exchange a step of the scale with the one above it, or below, when no incident has either.

    Incidents carry the rank of their priority, and were filed and promised under that order: it is not rewritten behind them.
    """
    desk = _locked(actor, slug, revision)
    priority: Priority = _item(Priority, desk, priority_id)
    others = Priority.objects.filter(desk=desk)
    neighbour = (others.filter(rank__lt=priority.rank).order_by("-rank") if up else others.filter(rank__gt=priority.rank)).first()
    if neighbour is None:
        return priority
    if _have_incidents(desk, priority, neighbour):
        raise OrderInUse
    try:
        with transaction.atomic():
            _exchange(priority, neighbour)
    except IntegrityError as error:
        # An incident was filed meanwhile: its rank follows its priority's by a foreign key.
        raise OrderInUse from error
    _store(desk)
    _record(actor, desk, "desk.priority_moved", {"item": priority.name})
    return priority


def _have_incidents(desk: Desk, *priorities: Priority) -> bool:
    return any(is_used and step in priorities for step, is_used in scale_in_use(desk))


def _exchange(one: Priority, other: Priority) -> None:
    """Two steps never have the same rank: the first stands aside, at rank 0, while the second takes its place."""
    first, second = one.rank, other.rank
    for priority, rank in ((one, 0), (other, first), (one, second)):
        priority.rank = rank
        priority.save(update_fields=["rank"])


def scale_in_use(desk: Desk) -> list[tuple[Priority, bool]]:
    """Return the steps of the scale, the highest first, each with whether incidents have it, those of other tenants included."""
    is_used = Func("desk_id", "rank", function="incidents_rank_is_used", output_field=BooleanField())
    steps = Priority.objects.filter(desk=desk).order_by("rank").annotate(is_used=is_used)
    return [(step, step.is_used) for step in steps]


def technicians_of(desk: Desk) -> Mapping[UUID, str]:
    """Return the accounts and names of the technicians of a desk, by name."""
    found = Membership.objects.in_force().filter(site=desk.site_id, roles__contains=[Role.AGENT]).order_by("last_name", "first_name", "id")
    return {member.user_id: member.full_name for member in found if member.user_id is not None}


def _locked(actor: Actor, slug: str, revision: int) -> Desk:
    access_desk(actor, slug)
    desk = Desk.objects.select_for_update(of=("self",)).select_related("site").get(slug=slug)
    if desk.revision != revision:
        raise DeskChangedMeanwhile
    return desk


def _item(model: Any, desk: Desk, identifier: UUID | None) -> Any:
    """Return what is to be changed, None for something new; Unseen when it is not of this desk."""
    if identifier is None:
        return None
    found = model.objects.filter(desk=desk, id=identifier).first()
    if found is None:
        raise Unseen
    return found


def _name(text: str, longest: int) -> str:
    name = clean_line(text)
    if not name:
        raise Invalid({"name": _REQUIRED})
    if len(name) > longest:
        raise Invalid({"name": _("Ce nom est trop long.")})
    return name


def _check_name_is_free(model: Any, desk: Desk, name: str, *, but: Any) -> None:
    if model.objects.filter(desk=desk, name__iexact=name).exclude(pk=but.pk).exists():
        raise Invalid({"name": _TAKEN})


def _store(desk: Desk, *fields: str) -> None:
    desk.revision += 1
    desk.save(update_fields=[*fields, "revision"])


def _record(actor: Actor, desk: Desk, code: str, details: Mapping[str, object] | None = None) -> None:
    record_act(
        actor,
        code,
        site_id=desk.site_id,
        space_id=desk.site.space_id,
        object_kind="desk",
        object_id=desk.id,
        object_name=desk.name,
        details=details,
    )
