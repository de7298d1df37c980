"""What people do to patients. Each function is one transaction: rights, rules, rows, journal.

Names never pass here: values arrive sealed, are checked for their form, and stored as they are.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vigie.audit.actions import record_act
from vigie.directory.actors import Actor
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid, Unseen
from vigie.foundation.rows import one_or_none
from vigie.foundation.text import clean_line
from vigie.patients.models import LABELS, REQUIRED, SEALED, Patient, Register
from vigie.patients.policies import RegisterAccess, access_patient, access_register
from vigie.sealing import records
from vigie.sealing.queries import live_data_keys

MOST_IMPORTED = 10_000
_IDENTIFIER = re.compile(r"[\w./-]{1,40}")


class NoKeyYet(DomainError):
    message = _("Ce site n’a pas encore de clé : un administrateur doit la créer avant que l’on puisse ajouter des patients.")


class SealedWithAnOlderKey(DomainError):
    message = _(
        "La clé du site a changé pendant votre saisie. Rechargez la page dans un autre onglet, puis envoyez de nouveau : "
        "ce que vous avez saisi est toujours là."
    )


class PatientChangedMeanwhile(ChangedMeanwhile):
    message = _(
        "Cette fiche a changé pendant votre saisie. Relisez-la dans un autre onglet, puis envoyez de nouveau : "
        "rien de ce que vous avez saisi n’est perdu."
    )


@dataclass(frozen=True, slots=True)
class NewPatient:
    """What a browser states of a patient: `id` was in the context of each sealed value."""

    id: UUID
    emr_identifier: str
    sealed: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LineRefused:
    """Why one line of an import is refused; lines are numbered from 1."""

    line: int
    reason: str | Promise


class ImportRefused(DomainError):
    """Some lines cannot be kept: nothing was."""

    message = _("Des lignes sont à corriger : rien n’a été importé.")
    status = 422

    def __init__(self, lines: Sequence[LineRefused]) -> None:
        self.lines = list(lines)
        super().__init__()


@transaction.atomic
def create_patient(actor: Actor, number: str, new: NewPatient) -> Patient:
    """Add a patient. The same submission twice adds one and returns it twice."""
    access = _to_write(actor, number)
    if existing := one_or_none(Patient.objects.filter(id=new.id)):
        if existing.site_id != access.site.id:
            raise Unseen
        return existing
    identifier = _identifier(new.emr_identifier)
    sealed = _sealed(new.sealed, newest=_newest_data_key(access))
    now = timezone.now()
    patient = Patient(id=new.id, site=access.site, reference=_references(access, 1), emr_identifier=identifier, **sealed)
    patient.created_at = patient.updated_at = now
    patient.updated_by_id = actor.id
    try:
        with transaction.atomic():
            patient.save(force_insert=True)
    except IntegrityError:
        _refuse_known_identifier(access, identifier)
        # Another site's record bears this identifier: it was made for this browser, so this never happens by chance.
        raise Unseen from None
    _record(access, "patient.created", patient)
    return patient


@transaction.atomic
def edit_patient(actor: Actor, id: UUID, *, emr_identifier: str, sealed: Mapping[str, str], revision: int) -> Patient:  # noqa: A002
    """Change a patient. `revision` is what the writer had read; values that come back as they were stay as they were."""
    found = access_patient(actor, id, lock=True)
    access, patient = found.register, found.patient
    access.require(access.may_write)
    if patient.revision != revision:
        raise PatientChangedMeanwhile
    identifier = _identifier(emr_identifier)
    stored = {name: getattr(patient, name) for name in SEALED}
    changed = _sealed(sealed, newest=_newest_data_key(access), former=stored)
    fields = [name for name in SEALED if changed[name] != stored[name]]
    if identifier != patient.emr_identifier:
        fields.append("emr_identifier")
    if not fields:
        return patient
    for name in SEALED:
        setattr(patient, name, changed[name])
    patient.emr_identifier = identifier
    _store(actor, patient, *fields, identifier_of=access)
    _record(access, "patient.edited", patient, fields=fields)
    return patient


@transaction.atomic
def archive_patient(actor: Actor, id: UUID) -> Patient:  # noqa: A002
    """Take a patient out of the register; her number is never given again, and she can be brought back."""
    found = access_patient(actor, id, lock=True)
    found.register.require(found.register.may_write)
    if found.patient.archived_at is None:
        found.patient.archived_at = timezone.now()
        _store(actor, found.patient, "archived_at")
        _record(found.register, "patient.archived", found.patient)
    return found.patient


@transaction.atomic
def restore_patient(actor: Actor, id: UUID) -> Patient:  # noqa: A002
    """Bring a patient back into the register."""
    found = access_patient(actor, id, lock=True)
    found.register.require(found.register.may_write)
    if found.patient.archived_at is not None:
        found.patient.archived_at = None
        _store(actor, found.patient, "archived_at", identifier_of=found.register)
        _record(found.register, "patient.restored", found.patient)
    return found.patient


@transaction.atomic
def import_patients(actor: Actor, number: str, given: Sequence[NewPatient]) -> int:
    """Add all these patients, or none (SEA-24); return how many are new. Sent again after a cut, it adds none twice.

    Raises ImportRefused with every line that cannot be kept.
    """
    access = _to_write(actor, number)
    if len(given) > MOST_IMPORTED:
        raise Invalid({"rows": _("Dix mille patients au plus par import : partagez le fichier.")})
    known = set(Patient.objects.filter(id__in=[new.id for new in given]).values_list("id", flat=True))
    patients = _checked_lines(access, given, known)
    if not patients:
        return 0
    first, now = _references(access, len(patients)), timezone.now()
    for offset, patient in enumerate(patients):
        patient.reference = first + offset
        patient.created_at = patient.updated_at = now
        patient.updated_by_id = actor.id
    try:
        with transaction.atomic():
            Patient.objects.bulk_create(patients, batch_size=1000)
    except IntegrityError:
        # Somebody added one of these meanwhile, or an identifier is another site's.
        raise PatientChangedMeanwhile from None
    _record_on_site(access, "patients.imported", count=len(patients))
    return len(patients)


def _checked_lines(access: RegisterAccess, given: Sequence[NewPatient], known: Collection[UUID]) -> list[Patient]:
    """Return, not stored, the patients that are new. Raises ImportRefused with all the lines that cannot be kept."""
    newest = _newest_data_key(access)
    in_service = Patient.objects.filter(site=access.site, archived_at=None).exclude(id__in=known)
    taken = set(in_service.filter(emr_identifier__in={new.emr_identifier for new in given}).values_list("emr_identifier", flat=True))
    ids, identifiers = set(known), set[str]()
    patients, refused = list[Patient](), list[LineRefused]()
    for line, new in enumerate(given, start=1):
        if new.id in ids:
            continue
        try:
            identifier = _identifier(new.emr_identifier)
            sealed = _sealed(new.sealed, newest=newest)
        except Invalid as error:
            refused.append(LineRefused(line, next(iter(error.fields.values()))))
            continue
        if identifier and identifier in taken:
            refused.append(LineRefused(line, _KNOWN))
        elif identifier and identifier in identifiers:
            refused.append(LineRefused(line, _TWICE))
        else:
            ids.add(new.id)
            identifiers.add(identifier)
            patients.append(Patient(id=new.id, site=access.site, emr_identifier=identifier, **sealed))
    if refused:
        raise ImportRefused(refused)
    return patients


def note_listing(access: RegisterAccess) -> None:
    """Write in the journal that somebody opened the register."""
    _record_on_site(access, "patients.listed")


def note_fetching(access: RegisterAccess) -> None:
    """Write in the journal that a browser received the whole register, to search and sort in it."""
    _record_on_site(access, "patients.fetched")


def note_reading(access: RegisterAccess, patient: Patient, *, raw: bool = False) -> None:
    """Write in the journal that somebody opened a patient's record."""
    _record(access, "patient.raw_read" if raw else "patient.read", patient)


# --- Rules -----------------------------------------------------------------------------------------------------------
_KNOWN = _("Un patient de ce site porte déjà cet identifiant DPI.")
_TWICE = _("Le même identifiant DPI figure sur une autre ligne du fichier.")


def _to_write(actor: Actor, number: str) -> RegisterAccess:
    access = access_register(actor, number)
    access.require(access.may_write)
    return access


def _newest_data_key(access: RegisterAccess) -> int:
    keys = live_data_keys(access.site)
    if not keys:
        raise NoKeyYet
    return keys[0].number


def _identifier(given: str) -> str:
    identifier = clean_line(given)
    if identifier and not _IDENTIFIER.fullmatch(identifier):
        raise Invalid({"emr_identifier": _("Quarante caractères au plus : lettres, chiffres, points, tirets et barres.")})
    return identifier


def _sealed(given: Mapping[str, str], *, newest: int, former: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return all sealed fields as they will be stored.

    A value that changed is sealed under the newest key and later than the one it replaces. What is not of the form of a
    sealed value is refused: a name in clear, sent by a broken page, must never be stored.
    """
    wanted = {name: given.get(name, "") for name in SEALED}
    for name, value in wanted.items():
        before = former[name] if former else ""
        if value == before or not value:
            continue
        number, revision = records.token(value)
        if number != newest:
            raise SealedWithAnOlderKey
        if before and str(revision) <= str(records.token(before)[1]):
            raise PatientChangedMeanwhile
    if not wanted[REQUIRED]:
        raise Invalid({REQUIRED: _("Le nom est nécessaire : « %(label)s » ne peut pas rester vide.") % {"label": LABELS[REQUIRED]}})
    return wanted


def _references(access: RegisterAccess, count: int) -> int:
    """Take `count` reference numbers and return the first; two writers of a site wait for each other."""
    Register.objects.get_or_create(site=access.site)
    register = Register.objects.select_for_update().get(site=access.site)
    first = register.last_reference + 1
    register.last_reference += count
    register.save(update_fields=["last_reference"])
    return first


def _store(actor: Actor, patient: Patient, *fields: str, identifier_of: RegisterAccess | None = None) -> None:
    patient.revision += 1
    patient.updated_at = timezone.now()
    patient.updated_by_id = actor.id
    try:
        with transaction.atomic():
            patient.save(update_fields=[*fields, "revision", "updated_at", "updated_by"])
    except IntegrityError:
        if identifier_of is not None:
            _refuse_known_identifier(identifier_of, patient.emr_identifier)
        raise


def _refuse_known_identifier(access: RegisterAccess, identifier: str) -> None:
    if identifier and Patient.objects.filter(site=access.site, emr_identifier=identifier, archived_at=None).exists():
        raise Invalid({"emr_identifier": _KNOWN}) from None


def _record(access: RegisterAccess, code: str, patient: Patient, **details: Any) -> None:
    record_act(
        access.actor,
        code,
        site_id=access.site.id,
        space_id=access.site.space_id,
        object_kind="patient",
        object_id=str(patient.id),
        object_name=f"#{patient.reference}",
        details=details or None,
    )


def _record_on_site(access: RegisterAccess, code: str, **details: Any) -> None:
    record_act(
        access.actor,
        code,
        site_id=access.site.id,
        space_id=access.site.space_id,
        object_kind="site",
        object_id=str(access.site.id),
        object_name=access.site.name,
        details=details or None,
    )
