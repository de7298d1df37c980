"""Pages of patient registers. They parse, ask an action or a query, and answer; names are opened in browsers (SEA-24)."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.accounts.strength import strong_session
from vigie.audit.queries import record_history
from vigie.directory import console
from vigie.directory.access import signed_in
from vigie.directory.entry import SignedInRequest
from vigie.foundation.errors import DomainError, Invalid, NotAllowed, Unseen
from vigie.foundation.ids import uuid7
from vigie.foundation.scope import writes_on_get
from vigie.patients import actions, queries
from vigie.patients.actions import ImportRefused, NewPatient
from vigie.patients.forms import HELP, INPUTS, LONGEST, PatientForm
from vigie.patients.models import LABELS, REQUIRED, SEALED, Patient
from vigie.patients.policies import RegisterAccess, access_patient, access_register, registers_of
from vigie.sealing.pages import scope_of, sealed_page
from vigie.sealing.queries import active_key
from vigie.ui.numbers import grouped
from vigie.ui.sealing import SealedField

_UNPROCESSABLE = 422
_NOT_AN_IMPORT = gettext_lazy("Ce qui a été reçu n’est pas un import. Rechargez la page et recommencez.")


# --- The register ----------------------------------------------------------------------------------------------------
@require_GET
@signed_in
@strong_session
def index(request: SignedInRequest) -> HttpResponse:
    """The registers that she may open; whoever may open one is there at once."""
    registers = registers_of(request.actor)
    if len(registers) == 1:
        return redirect("patients:register", number=registers[0].site_number)
    if not registers:
        raise Unseen
    return render(request, "patients/registers.html", {"registers": registers, "crumbs": [(_("Patients"), "")]})


@writes_on_get
@require_GET
@signed_in
@strong_session
def register(request: SignedInRequest, number: str) -> HttpResponse:
    """The patients of a site: numbers for everybody who may come here, names where the workstation is unlocked."""
    access = access_register(request.actor, number)
    words, archived, below = request.GET.get("q", ""), "archives" in request.GET, _whole(request.GET.get("apres", ""))
    page = queries.patients_page(access.site, words=words, archived=archived, below=below)
    actions.note_listing(access)
    kept = {"q": words.strip(), "archives": "1" if archived else ""}
    total = ngettext("%(count)s patient", "%(count)s patients", page.total) % {"count": grouped(page.total)}
    context = {
        **_ground(request, access),
        "page": page,
        "words": words.strip(),
        "archived": archived,
        "summary": total if page.total_is_exact else _("plus de %(count)s patients") % {"count": grouped(page.total)},
        "first_url": f"?{_query(kept)}" if below is not None else "",
        "next_url": f"?{_query(kept | {'apres': str(page.next_reference)})}" if page.next_reference else "",
        "crumbs": _crumbs(request, access),
    }
    return render(request, "patients/register.html", context)


@writes_on_get
@require_GET
@signed_in
@strong_session
def batch(request: SignedInRequest, number: str) -> HttpResponse:
    """The next thousand patients for a browser that opens, searches and sorts them itself (SEA-21)."""
    access = access_register(request.actor, number)
    after = _whole(request.GET.get("apres", "")) or 0
    if not after:
        actions.note_fetching(access)
    return JsonResponse(queries.register_batch(access.site, after=after))


@require_GET
@signed_in
@strong_session
def by_reference(request: SignedInRequest, number: str, reference: int) -> HttpResponse:
    """From the number that a ticket cites to the patient."""
    access = access_register(request.actor, number)
    found = queries.patient_by_reference(access.site.id, reference)
    if found is None:
        raise Unseen
    return redirect("patients:patient", patient_id=found)


# --- One patient -----------------------------------------------------------------------------------------------------
@writes_on_get
@require_GET
@signed_in
@strong_session
def patient(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """The record of a patient."""
    found = access_patient(request.actor, patient_id)
    actions.note_reading(found.register, found.patient)
    context = {
        **_ground(request, found.register),
        "patient": found.patient,
        "values": queries.sealed_values(found.patient),
        "events": record_history(Patient, found.patient.id, left_out=("revision", "updated_at", "updated_by", "site")),
        "crumbs": _crumbs(request, found.register, (str(found.patient), "")),
    }
    return render(request, "patients/patient.html", context)


@writes_on_get
@require_GET
@signed_in
@strong_session
def raw(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """« Données brutes du patient »: the record as it is stored, and a copy for the support without a personal value (SEA-22)."""
    found = access_patient(request.actor, patient_id)
    actions.note_reading(found.register, found.patient, raw=True)
    context = {
        **_ground(request, found.register),
        "patient": found.patient,
        "values": queries.sealed_values(found.patient),
        "for_support": json.dumps(queries.record_for_support(found.patient), indent=2, ensure_ascii=False),
        "crumbs": _crumbs(
            request, found.register, (str(found.patient), reverse("patients:patient", args=[patient_id])), (_("Données brutes"), "")
        ),
    }
    return render(request, "patients/raw.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
@strong_session
def add(request: SignedInRequest, number: str) -> HttpResponse:
    """Add a patient: the browser seals, this stores."""
    access = access_register(request.actor, number)
    access.require(access.may_write)
    form = PatientForm(request.POST if request.method == "POST" else None, initial={"id": uuid7(), "revision": 0})
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            stated = form.cleaned_data
            try:
                added = actions.create_patient(
                    request.actor, number, NewPatient(id=stated["id"], emr_identifier=stated["emr_identifier"], sealed=form.sealed)
                )
            except DomainError as error:
                console.show(form, error)
                status = error.status
            else:
                messages.success(request, _("Le patient %(reference)s est ajouté.") % {"reference": added})
                return redirect("patients:patient", patient_id=added.id)
    record = form["id"].value()
    context = {**_form_context(request, access, form, record=f"patient:{record}"), "crumbs": _crumbs(request, access, (_("Ajouter"), ""))}
    return render(request, "patients/patient_form.html", context, status=status)


@require_http_methods(["GET", "POST"])
@signed_in
@strong_session
def edit(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Change a patient."""
    found = access_patient(request.actor, patient_id)
    found.register.require(found.register.may_write)
    current = found.patient
    initial = {"id": current.id, "revision": current.revision, "emr_identifier": current.emr_identifier}
    form = PatientForm(
        request.POST if request.method == "POST" else None, initial=initial | {name: getattr(current, name) for name in SEALED}
    )
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            stated = form.cleaned_data
            try:
                actions.edit_patient(
                    request.actor, patient_id, emr_identifier=stated["emr_identifier"], sealed=form.sealed, revision=stated["revision"]
                )
            except DomainError as error:
                console.show(form, error)
                status = error.status
            else:
                messages.success(request, _("La fiche est enregistrée."))
                return redirect("patients:patient", patient_id=patient_id)
    here = (str(current), reverse("patients:patient", args=[patient_id]))
    context = {
        **_form_context(request, found.register, form, record=current.record, stored=current),
        "patient": current,
        "crumbs": _crumbs(request, found.register, here, (_("Modifier"), "")),
    }
    return render(request, "patients/patient_form.html", context, status=status)


@require_POST
@signed_in
@strong_session
def archive(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Archive a patient, or with `restore` bring her back: undone by one button, so nothing is asked."""
    if "restore" in request.POST:
        found = actions.restore_patient(request.actor, patient_id)
        messages.success(request, _("Le patient %(reference)s est de nouveau dans le registre.") % {"reference": found})
    else:
        found = actions.archive_patient(request.actor, patient_id)
        messages.success(
            request, _("Le patient %(reference)s est archivé. Vous pouvez le rétablir depuis sa fiche.") % {"reference": found}
        )
    return redirect("patients:patient", patient_id=patient_id)


# --- Import ----------------------------------------------------------------------------------------------------------
@require_GET
@signed_in
@strong_session
def import_page(request: SignedInRequest, number: str) -> HttpResponse:
    """Choose a file, check it and seal it: all of it happens in the browser, which sends sealed rows."""
    access = access_register(request.actor, number)
    access.require(access.may_write)
    context = {
        **_ground(request, access),
        "fields": [{"name": name, "label": str(LABELS[name]), "required": name == REQUIRED} for name in SEALED],
        "most": actions.MOST_IMPORTED,
        "crumbs": _crumbs(request, access, (_("Importer"), "")),
    }
    return render(request, "patients/import.html", context)


@require_POST
@signed_in
@strong_session
def import_rows(request: SignedInRequest, number: str) -> HttpResponse:
    """Store the sealed rows of an import: all of them or none."""
    access = access_register(request.actor, number)
    access.require(access.may_write)
    try:
        count = actions.import_patients(request.actor, number, _rows(request))
    except ImportRefused as error:
        lines = [{"line": refused.line, "reason": str(refused.reason)} for refused in error.lines]
        return JsonResponse({"message": str(error.message), "lines": lines}, status=error.status)
    except (Unseen, NotAllowed):
        raise
    except Invalid as error:
        return JsonResponse({"message": str(next(iter(error.fields.values()))), "lines": []}, status=error.status)
    except DomainError as error:
        return JsonResponse({"message": str(error.message), "lines": []}, status=error.status)
    told = ngettext("%(count)s patient importé.", "%(count)s patients importés.", count) % {"count": grouped(count)}
    messages.success(request, told)
    return JsonResponse({"count": count, "next": reverse("patients:register", args=[number])})


def _rows(request: HttpRequest) -> list[NewPatient]:
    """Read the rows of an import, sent as a file; whatever is not of the expected form is refused whole."""
    sent = request.FILES.get("rows")
    try:
        given = json.loads(sent.read().decode("utf-8")) if sent else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, list):
        raise Invalid({"rows": _NOT_AN_IMPORT})
    return [_row(row) for row in given]


def _row(row: object) -> NewPatient:
    known = {"id", "emr", *SEALED}
    if isinstance(row, dict) and not set(row) - known and all(isinstance(value, str) for value in row.values()):
        with suppress(ValueError, KeyError):
            sealed = {name: row[name] for name in SEALED if name in row}
            return NewPatient(id=UUID(row["id"]), emr_identifier=row.get("emr", ""), sealed=sealed)
    raise Invalid({"rows": _NOT_AN_IMPORT})


# --- What pages share ------------------------------------------------------------------------------------------------
def _ground(request: SignedInRequest, access: RegisterAccess) -> dict[str, Any]:
    """What every page of a register says of its site and of the key that opens it."""
    site = access.site
    return {
        "access": access,
        "site": site,
        "key": active_key(site),
        "scope": scope_of(site),
        "sealed_page": None if access.is_delegate else sealed_page(site, back=request.get_full_path()),
    }


def _form_context(
    request: SignedInRequest, access: RegisterAccess, form: PatientForm, *, record: str, stored: Patient | None = None
) -> dict[str, Any]:
    ground = _ground(request, access)
    fields = [
        SealedField(
            name,
            str(LABELS[name]),
            scope=ground["scope"],
            record=record,
            field=name,
            token=getattr(stored, name) if stored else "",
            value=form[name].value() or "",
            kind=INPUTS.get(name, "text"),
            is_required=name == REQUIRED,
            longest=LONGEST.get(name, 200),
            hint=str(HELP.get(name, "")),
        )
        for name in SEALED
    ]
    return {**ground, "form": form, "sealed_fields": fields, "address": request.get_full_path()}


def _crumbs(request: SignedInRequest, access: RegisterAccess, *here: tuple[Any, str]) -> list[tuple[Any, str]]:
    home = (_("Patients"), reverse("patients:index") if len(registers_of(request.actor)) > 1 else "")
    own = (access.site.name, reverse("patients:register", args=[access.site.number]) if here else "")
    return [home, own, *here]


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _query(given: dict[str, str]) -> str:
    return urlencode({name: value for name, value in given.items() if value})
