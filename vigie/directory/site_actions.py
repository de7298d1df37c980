"""What operators do to spaces and sites. Each function is one transaction: rights, rules, rows, journal.

Functions take the actor first and raise errors of `foundation.errors` whose text is for people; then nothing was written.
"""

import re
import zoneinfo
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from stdnum import luhn

from vigie.accounts.actions import end_sessions
from vigie.accounts.models import User
from vigie.audit.actions import record_act
from vigie.directory import policies
from vigie.directory.actors import Actor
from vigie.directory.models import HolidayZone, Membership, Role, Site, SiteKind, Space
from vigie.foundation import jobs, live
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid, NotAllowed, Unseen
from vigie.foundation.text import clean_line

if TYPE_CHECKING:
    from django.utils.functional import Promise

_NUMBER: Final = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{0,18}[A-Z0-9])?")
_FINESS: Final = re.compile(r"\d{9}|2[AB]\d{7}")
_PHONE: Final = re.compile(r"\+?[0-9 ().-]{3,29}")
_LONGEST: Final = {"name": 160, "address": 200, "city": 80}
LONGEST_SPACE: Final = 120


class SiteChangedMeanwhile(ChangedMeanwhile):
    message = _(
        "Ce site a changé pendant votre saisie. Relisez ce qui a changé, puis enregistrez de nouveau : "
        "rien de ce que vous avez saisi n’est perdu."
    )


class SpaceChangedMeanwhile(ChangedMeanwhile):
    message = _("Cet espace a été renommé pendant votre saisie. Relisez son nom, puis enregistrez de nouveau.")


class LastOperator(DomainError):
    message = _(
        "Les derniers opérateurs de la plateforme sont membres de ce site : plus personne ne pourrait administrer Vigie. "
        "Donnez d’abord ce rôle à une personne d’un autre site."
    )


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What a site is, as an operator states it."""

    name: str
    kind: str
    number: str
    finess: str = ""
    address: str = ""
    city: str = ""
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str = "Europe/Paris"
    holiday_zone: str = HolidayZone.MAINLAND.value
    phone: str = ""

    @classmethod
    def of(cls, site: Site) -> "SiteFacts":
        return cls(**{name: getattr(site, name) for name in cls.__slots__})


# --- Spaces ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_space(actor: Actor, *, name: str) -> Space:
    """Open a space, without any site yet."""
    _require_operator(actor)
    space = Space(name=_space_name(name), slug="")
    space.slug = _free_slug(space.name)
    try:
        with transaction.atomic():
            space.save()
    except IntegrityError as error:
        # Two operators at once.
        raise Invalid({"name": _("Un espace porte déjà ce nom.")}) from error
    _record_of_space(actor, space, "space.created")
    return space


@transaction.atomic
def rename_space(actor: Actor, space_id: UUID, *, name: str, revision: int) -> Space:
    """Call a space by another name. `revision` is what the writer had read."""
    _require_operator(actor)
    space = Space.objects.select_for_update().filter(id=space_id).first()
    if space is None:
        raise Unseen
    if space.revision != revision:
        raise SpaceChangedMeanwhile
    stated = _space_name(name, but=space)
    if stated == space.name:
        return space
    space.name = stated
    space.revision += 1
    space.save(update_fields=["name", "revision"])
    _record_of_space(actor, space, "space.renamed")
    return space


def _space_name(name: str, *, but: Space | None = None) -> str:
    stated = clean_line(name)
    if not stated:
        raise Invalid({"name": _("Ce champ est obligatoire.")})
    if len(stated) > LONGEST_SPACE:
        raise Invalid({"name": _("Écrivez au plus 120 caractères.")})
    others = Space.objects.filter(name__iexact=stated)
    if (others.exclude(pk=but.pk) if but is not None else others).exists():
        raise Invalid({"name": _("Un espace porte déjà ce nom.")})
    return stated


def _free_slug(name: str) -> str:
    base = slugify(name)[:40].strip("-") or "espace"
    taken = set(Space.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for slug in (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))) if slug not in taken)


# --- Sites -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def create_site(actor: Actor, space_id: UUID, facts: SiteFacts) -> Site:
    """Open a site in a space, in service and without members. It stays in that space."""
    _require_operator(actor)
    space = Space.objects.filter(id=space_id).first()
    if space is None:
        raise Invalid({"space": _("Choisissez un espace de la liste.")})
    stated = _checked(facts)
    site = Site(space=space, **asdict(stated))
    _save_with_its_number(site)
    _record(actor, site, "site.created")
    return site


@transaction.atomic
def edit_site(actor: Actor, site_id: UUID, facts: SiteFacts, *, revision: int) -> Site:
    """Change what a site is. `revision` is what the writer had read."""
    site = _to_write(actor, site_id, revision)
    stated = asdict(_checked(facts, but=site))
    changed = [name for name, value in stated.items() if getattr(site, name) != value]
    if not changed:
        return site
    for name, value in stated.items():
        setattr(site, name, value)
    site.revision += 1
    _save_with_its_number(site)
    _record(actor, site, "site.edited", fields=changed)
    return site


@transaction.atomic
def take_out_of_service(actor: Actor, site_id: UUID) -> Site:
    """Make the memberships of a site give no right, from the next request on; nothing is lost.

    A job then ends the sessions of those who have no other site, and the live streams of the others.
    """
    site = _to_write(actor, site_id)
    if not site.is_active:
        return site
    _keep_an_operator(site)
    site.is_active = False
    site.revision += 1
    site.save(update_fields=["is_active", "revision"])
    jobs.defer("directory.leave_site_out_of_service", site_id=site.id)
    _record(actor, site, "site.closed")
    return site


@transaction.atomic
def put_in_service(actor: Actor, site_id: UUID) -> Site:
    """Give the members of a site their rights back; sessions that ended stay closed."""
    site = _to_write(actor, site_id)
    if site.is_active:
        return site
    site.is_active = True
    site.revision += 1
    site.save(update_fields=["is_active", "revision"])
    _record(actor, site, "site.opened")
    return site


def leave_site_out_of_service(site_id: UUID) -> int:
    """End the sessions of those whom a site out of service leaves without any; return how many people.

    The others go on with their other sites: their live streams close, and open again with what is left. The scope is
    that of the platform.
    """
    if Site.objects.filter(id=site_id, is_active=True).exists():
        # Put in service again meanwhile.
        return 0
    members = Membership.objects.in_force().filter(site=site_id).values("user")
    elsewhere = set(Membership.objects.in_force().filter(user__in=members, site__is_active=True).values_list("user_id", flat=True))
    ended = 0
    for user in User.objects.filter(pk__in=members).order_by("pk").iterator(500):
        if user.pk in elsewhere:
            live.publish_revocation(user.pk)
        else:
            end_sessions(user)
            ended += 1
    return ended


def _keep_an_operator(site: Site) -> None:
    operators = Membership.objects.in_force().filter(roles__contains=[Role.OPERATOR], user__is_active=True, site__is_active=True)
    if operators.filter(site=site).exists() and not operators.exclude(site=site).exists():
        raise LastOperator


def _require_operator(actor: Actor) -> None:
    if not policies.is_operator(actor):
        raise NotAllowed


def _to_write(actor: Actor, site_id: UUID, revision: int | None = None) -> Site:
    _require_operator(actor)
    site = Site.objects.select_for_update(of=("self",)).select_related("space").filter(id=site_id).first()
    if site is None:
        raise Unseen
    if revision is not None and site.revision != revision:
        raise SiteChangedMeanwhile
    return site


def _save_with_its_number(site: Site) -> None:
    try:
        with transaction.atomic():
            site.save()
    except IntegrityError as error:
        # Two operators at once.
        raise Invalid({"number": _("Un site porte déjà ce numéro.")}) from error


def _checked(facts: SiteFacts, *, but: Site | None = None) -> SiteFacts:
    """Return what was stated, tidied. Raises Invalid with all that is wrong."""
    stated = SiteFacts(
        name=clean_line(facts.name),
        kind=facts.kind,
        number=clean_line(facts.number).upper(),
        finess=clean_line(facts.finess).replace(" ", "").upper(),
        address=clean_line(facts.address),
        city=clean_line(facts.city),
        latitude=facts.latitude,
        longitude=facts.longitude,
        time_zone=facts.time_zone,
        holiday_zone=facts.holiday_zone,
        phone=clean_line(facts.phone),
    )
    problems = _problems_of_texts(stated) | _problems_of_place(stated)
    bearers = Site.objects.filter(number=stated.number)
    if "number" not in problems and (bearers.exclude(pk=but.pk) if but is not None else bearers).exists():
        problems["number"] = _("Un site porte déjà ce numéro.")
    if problems:
        raise Invalid(problems)
    return stated


def _problems_of_texts(stated: SiteFacts) -> "dict[str, str | Promise]":
    problems: dict[str, str | Promise] = {
        name: _("Ce texte est trop long.") for name, most in _LONGEST.items() if len(getattr(stated, name)) > most
    }
    if not stated.name:
        problems["name"] = _("Ce champ est obligatoire.")
    if stated.kind not in SiteKind.values:
        problems["kind"] = _("Choisissez un type de la liste.")
    if not _NUMBER.fullmatch(stated.number):
        problems["number"] = _("Un numéro de site est fait de lettres sans accent, de chiffres et de tirets, 20 au plus.")
    if stated.finess and not _is_finess(stated.finess):
        problems["finess"] = _("Ce numéro FINESS n’est pas valable : neuf chiffres, dont le dernier est une clé. Vérifiez sa saisie.")
    if stated.phone and not _PHONE.fullmatch(stated.phone):
        problems["phone"] = _("Un numéro de téléphone est fait de chiffres et d’espaces, 30 caractères au plus.")
    return problems


def _problems_of_place(stated: SiteFacts) -> "dict[str, str | Promise]":
    problems: dict[str, str | Promise] = {}
    if (stated.latitude is None) != (stated.longitude is None):
        problems["latitude" if stated.latitude is None else "longitude"] = _("Donnez la latitude et la longitude, ou aucune des deux.")
    if stated.latitude is not None and not -90 <= stated.latitude <= 90:
        problems["latitude"] = _("Une latitude va de −90 à 90.")
    if stated.longitude is not None and not -180 <= stated.longitude <= 180:
        problems["longitude"] = _("Une longitude va de −180 à 180.")
    if stated.time_zone not in zoneinfo.available_timezones():
        problems["time_zone"] = _("Choisissez un fuseau horaire de la liste.")
    if stated.holiday_zone not in HolidayZone.values:
        problems["holiday_zone"] = _("Choisissez une zone de la liste.")
    return problems


def _is_finess(number: str) -> bool:
    """Tell whether a FINESS number is well formed. How Corsica's letter counts in the key is not published: its form is enough."""
    return _FINESS.fullmatch(number) is not None and (not number.isdecimal() or luhn.is_valid(number))


def _record(actor: Actor, site: Site, code: str, **details: list[str]) -> None:
    record_act(
        actor,
        code,
        site_id=site.id,
        space_id=site.space_id,
        object_kind="site",
        object_id=site.id,
        object_name=site.name,
        details=details or None,
    )


def _record_of_space(actor: Actor, space: Space, code: str) -> None:
    record_act(
        actor,
        code,
        site_id=None,
        space_id=space.id,
        object_kind="space",
        object_id=space.id,
        object_name=space.name,
    )
