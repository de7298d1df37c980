"""What administrators do to the practitioners of their sites, and to who may act for them (ACC-22).

Each function is one transaction: rights, rules, rows, journal. A practitioner whom somebody has acted for is never
deleted, only put out of practice: her users then have nothing through her any more.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from stdnum import luhn

from vigie.audit.actions import record_act
from vigie.directory import policies
from vigie.directory.actors import Actor
from vigie.directory.models import MedicalIdentity, Membership, Practitioner, PractitionerFeature, Site
from vigie.directory.policies import MemberAccess, access_membership, access_practitioner
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid, Unseen
from vigie.foundation.text import clean_line

if TYPE_CHECKING:
    from django.utils.functional import Promise

LONGEST: dict[str, int] = {"title": 20, "first_name": 80, "last_name": 80, "specialty": 120}
_RPPS_DIGITS = 11


class PractitionerChangedMeanwhile(ChangedMeanwhile):
    message = _(
        "Ce médecin a changé pendant votre saisie. Relisez ce qui a changé, puis enregistrez de nouveau : "
        "rien de ce que vous avez saisi n’est perdu."
    )


class PractitionerInUse(DomainError):
    message = _("Des personnes agissent en son nom, ou il a des fonctionnalités : il ne se supprime pas. Mettez-le hors exercice.")


@transaction.atomic
def add_practitioner(
    actor: Actor, *, site_id: UUID, rpps: str, title: str, first_name: str, last_name: str, specialty: str
) -> Practitioner:
    """Add a practitioner to a site."""
    site = Site.objects.filter(id=site_id).first()
    if site is None or not policies.may_administer(actor, site.id):
        raise Unseen
    stated = _checked(site.id, rpps=rpps, title=title, first_name=first_name, last_name=last_name, specialty=specialty)
    try:
        with transaction.atomic():
            practitioner = Practitioner.objects.create(site=site, **stated)
    except IntegrityError as error:
        # Somebody added her between the question and the answer.
        raise Invalid({"rpps": _KNOWN}) from error
    _record(actor, practitioner, "practitioner.added")
    return practitioner


@transaction.atomic
def edit_practitioner(
    actor: Actor, practitioner_id: UUID, *, rpps: str, title: str, first_name: str, last_name: str, specialty: str, revision: int
) -> Practitioner:
    """Correct what the register says of a practitioner. `revision` is what the writer had read."""
    practitioner = access_practitioner(actor, practitioner_id, lock=True)
    if revision != practitioner.revision:
        raise PractitionerChangedMeanwhile
    stated = _checked(
        practitioner.site_id,
        besides=practitioner.id,
        rpps=rpps,
        title=title,
        first_name=first_name,
        last_name=last_name,
        specialty=specialty,
    )
    changed = [name for name, value in stated.items() if getattr(practitioner, name) != value]
    if not changed:
        return practitioner
    for name in changed:
        setattr(practitioner, name, stated[name])
    try:
        with transaction.atomic():
            _store(practitioner, *changed)
    except IntegrityError as error:
        raise Invalid({"rpps": _KNOWN}) from error
    _record(actor, practitioner, "practitioner.edited", fields=changed)
    return practitioner


@transaction.atomic
def retire_practitioner(actor: Actor, practitioner_id: UUID) -> Practitioner:
    """Put a practitioner out of practice: nobody acts for her any more, and nothing comes through her."""
    return _set_activity(actor, practitioner_id, active=False, code="practitioner.deactivated")


@transaction.atomic
def restore_practitioner(actor: Actor, practitioner_id: UUID) -> Practitioner:
    """Put a practitioner in practice again, with the people who acted for her."""
    return _set_activity(actor, practitioner_id, active=True, code="practitioner.reactivated")


def _set_activity(actor: Actor, practitioner_id: UUID, *, active: bool, code: str) -> Practitioner:
    practitioner = access_practitioner(actor, practitioner_id, lock=True)
    if practitioner.is_active == active:
        return practitioner
    practitioner.is_active = active
    _store(practitioner, "is_active")
    _record(actor, practitioner, code)
    return practitioner


@transaction.atomic
def delete_practitioner(actor: Actor, practitioner_id: UUID) -> Practitioner:
    """Delete a practitioner added by mistake: one whom nobody acts for and who has no feature."""
    practitioner = access_practitioner(actor, practitioner_id, lock=True)
    if is_in_use(practitioner):
        raise PractitionerInUse
    identifier = practitioner.id
    practitioner.delete()
    practitioner.id = identifier
    _record(actor, practitioner, "practitioner.deleted")
    return practitioner


def is_in_use(practitioner: Practitioner) -> bool:
    """Tell whether somebody acts for this practitioner, or something comes through her."""
    return (
        MedicalIdentity.objects.filter(practitioner=practitioner).exists()
        or PractitionerFeature.objects.filter(practitioner=practitioner).exists()
    )


# --- Medical identities ----------------------------------------------------------------------------------------------
@transaction.atomic
def add_identities(actor: Actor, membership_id: UUID, practitioner_ids: Collection[UUID]) -> list[Practitioner]:
    """Let a member act for practitioners of her site; return those she could not act for before.

    A practitioner of another site, or out of practice, is refused, and then nothing is added.
    """
    access = _to_administer(actor, membership_id)
    member = access.membership
    wanted = set(practitioner_ids)
    found = list(Practitioner.objects.filter(site=member.site_id, id__in=wanted, is_active=True).order_by("last_name", "first_name", "id"))
    if len(found) != len(wanted):
        raise Invalid({"medecin": _("Ce médecin n’est pas de ce site, ou n’exerce plus.")})
    there = set(MedicalIdentity.objects.filter(membership=member, practitioner__in=found).values_list("practitioner_id", flat=True))
    added = [practitioner for practitioner in found if practitioner.id not in there]
    if added:
        MedicalIdentity.objects.bulk_create(
            [MedicalIdentity(site_id=member.site_id, membership=member, practitioner=practitioner) for practitioner in added]
        )
        _note(access, "member.identities_added", added)
    return added


@transaction.atomic
def remove_identities(actor: Actor, membership_id: UUID, practitioner_ids: Collection[UUID]) -> list[Practitioner]:
    """Let a member act no more for practitioners; return those she acted for. What another source gives her stays."""
    access = _to_administer(actor, membership_id)
    identities = MedicalIdentity.objects.filter(membership=access.membership, practitioner__in=practitioner_ids)
    removed = list(Practitioner.objects.filter(medical_identities__in=identities).order_by("last_name", "first_name", "id"))
    if removed:
        identities.delete()
        _note(access, "member.identities_removed", removed)
    return removed


def _to_administer(actor: Actor, membership_id: UUID) -> MemberAccess:
    access = access_membership(actor, membership_id, lock=True)
    access.require(access.may_administer)
    return access


def _note(access: MemberAccess, code: str, practitioners: Collection[Practitioner]) -> None:
    member = access.membership
    # Whoever has the record open is told that it has changed.
    Membership.objects.filter(id=member.id).update(revision=F("revision") + 1)
    record_act(
        access.actor,
        code,
        site_id=member.site_id,
        space_id=member.site.space_id,
        object_kind="membership",
        object_id=member.id,
        object_name=member.full_name,
        subject_id=member.user_id,
        details={"practitioners": [str(practitioner.id) for practitioner in practitioners]},
    )


# --- Rules -----------------------------------------------------------------------------------------------------------
_KNOWN = _("Un médecin de ce site porte déjà ce numéro RPPS. Cherchez-le dans la liste, hors exercice compris.")
_REQUIRED = _("Ce champ est obligatoire.")


def _checked(site_id: UUID, *, besides: UUID | None = None, rpps: str, **texts: str) -> dict[str, str]:
    """Return what was stated, cleaned; the number is eleven digits, the last one being the key of the ten others."""
    stated = {name: clean_line(value) for name, value in texts.items()} | {"rpps": "".join(rpps.split())}
    fields: dict[str, str | Promise] = {}
    for name in ("first_name", "last_name"):
        if not stated[name]:
            fields[name] = _REQUIRED
    for name, longest in LONGEST.items():
        if len(stated[name]) > longest:
            fields[name] = _("Écrivez au plus %(count)s caractères.") % {"count": longest}
    number = stated["rpps"]
    if not number:
        fields["rpps"] = _REQUIRED
    elif len(number) != _RPPS_DIGITS or not (number.isascii() and number.isdigit()):
        fields["rpps"] = _("Un numéro RPPS a onze chiffres.")
    elif not luhn.is_valid(number):
        fields["rpps"] = _("Ce numéro RPPS n’est pas valide : vérifiez qu’aucun chiffre n’a été changé ou inversé.")
    elif set(Practitioner.objects.filter(site=site_id, rpps=number).values_list("id", flat=True)) - {besides}:
        fields["rpps"] = _KNOWN
    if fields:
        raise Invalid(fields)
    return stated


def _store(practitioner: Practitioner, *fields: str) -> None:
    practitioner.revision += 1
    practitioner.save(update_fields=[*fields, "revision"])


def _record(actor: Actor, practitioner: Practitioner, code: str, **details: list[str]) -> None:
    record_act(
        actor,
        code,
        site_id=practitioner.site_id,
        space_id=practitioner.site.space_id,
        object_kind="practitioner",
        object_id=practitioner.id,
        object_name=str(practitioner),
        details=details or None,
    )
