"""What pages read of a register: typed view data. Sealed values leave as they are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from vigie.directory.models import Site
from vigie.foundation.text import clean_line
from vigie.patients.models import LABELS, SEALED, Patient

PAGE_SIZE = 25
IN_LIST: tuple[str, ...] = ("family_name", "birth_name", "given_name", "birth_date", "phone", "email")
"""What the list opens and searches; the rest is on the record."""
IN_BATCH = 1000
"""Patients that a browser receives at once."""
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One line of the register."""

    id: UUID
    reference: int
    emr_identifier: str
    archived_at: datetime | None
    family_name: str
    birth_name: str
    given_name: str
    birth_date: str
    phone: str
    email: str

    @property
    def record(self) -> str:
        return f"patient:{self.id}"


_ROW = ("id", "reference", "emr_identifier", "archived_at", *IN_LIST)


@dataclass(frozen=True, slots=True)
class PatientPage:
    rows: Sequence[PatientRow]
    total: int
    total_is_exact: bool
    next_reference: int | None
    """Where the next page begins; None on the last one."""


def patients_page(site: Site, *, words: str = "", archived: bool = False, below: int | None = None) -> PatientPage:
    """Return one page of the register, newest references first, in two statements.

    `words` is a reference number or the beginning of an identifier of the patient record: what the server can read.
    """
    patients = _sought(_of_site(site, archived=archived), words)
    total = patients.order_by().values("pk")[: MOST_COUNTED + 1].count()
    wanted = patients if below is None else patients.filter(reference__lt=below)
    found = [PatientRow(*values) for values in wanted.order_by("-reference").values_list(*_ROW)[: PAGE_SIZE + 1]]
    rows = found[:PAGE_SIZE]
    return PatientPage(
        rows=rows,
        total=min(total, MOST_COUNTED),
        total_is_exact=total <= MOST_COUNTED,
        next_reference=rows[-1].reference if len(found) > PAGE_SIZE else None,
    )


def register_batch(site: Site, *, after: int = 0) -> dict[str, Any]:
    """Return the next patients in service for a browser that opens and sorts them itself (SEA-21), by reference."""
    patients = _of_site(site, archived=False).filter(reference__gt=after).order_by("reference")
    rows = [dict(zip(_ROW, values, strict=True)) for values in patients.values_list(*_ROW)[: IN_BATCH + 1]]
    more = len(rows) > IN_BATCH
    rows = rows[:IN_BATCH]
    return {
        "v": 1,
        "rows": [
            {"id": str(row["id"]), "reference": row["reference"], "emr": row["emr_identifier"], **{name: row[name] for name in IN_LIST}}
            for row in rows
        ],
        "next": rows[-1]["reference"] if more else None,
    }


def patient_by_reference(site_id: UUID, reference: int) -> UUID | None:
    """Return the patient of a site that bears this number, in service or not."""
    return Patient.objects.filter(site=site_id, reference=reference).values_list("id", flat=True).first()


@dataclass(frozen=True, slots=True)
class SealedView:
    """One sealed value of a record, as pages show it."""

    name: str
    label: Any
    token: str

    @property
    def form(self) -> str:
        """How the browser writes it once opened."""
        return "date" if self.name == "birth_date" else ""

    @property
    def number(self) -> str:
        """Number of the data key it is sealed with."""
        return self.token.split(".")[1]


def sealed_values(patient: Patient) -> list[SealedView]:
    """Return the sealed values that a patient has, in reading order."""
    return [SealedView(name, LABELS[name], token) for name in SEALED if (token := getattr(patient, name))]


MASKED = "XXXXXXX"


def record_for_support(patient: Patient) -> dict[str, Any]:
    """Return the record as it is stored, each personal value masked, for whoever troubleshoots (SEA-22).

    The identifier of the patient record is personal too: it leads to a name in another program.
    """
    return {
        "id": str(patient.id),
        "site": str(patient.site_id),
        "reference": patient.reference,
        "emr_identifier": MASKED if patient.emr_identifier else "",
        "revision": patient.revision,
        "created_at": patient.created_at.isoformat(),
        "updated_at": patient.updated_at.isoformat(),
        "archived_at": patient.archived_at.isoformat() if patient.archived_at else None,
        "sealed": {name: MASKED if getattr(patient, name) else "" for name in SEALED},
    }


def _of_site(site: Site, *, archived: bool) -> QuerySet[Patient]:
    return Patient.objects.filter(site=site, archived_at__isnull=not archived)


def _sought(patients: QuerySet[Patient], words: str) -> QuerySet[Patient]:
    sought = clean_line(words)[:60].lstrip("#").strip()
    if not sought:
        return patients
    by_identifier = patients.filter(emr_identifier__istartswith=sought)
    digits = sought.replace(" ", "")
    if digits.isdecimal() and len(digits) < 10:
        return patients.filter(reference=int(digits)) | by_identifier
    return by_identifier
