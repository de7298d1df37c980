"""Pages of the register of practitioners of a site, and of who acts for them: they ask the actions, and answer (ACC-22)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.audit.queries import last_act
from vigie.directory import console, feature_actions, feature_queries, member_queries, policies, register_forms, register_queries
from vigie.directory import practitioner_actions as actions
from vigie.directory.access import administrators, operators
from vigie.directory.entry import SignedInRequest
from vigie.directory.models import Practitioner
from vigie.directory.policies import access_practitioner, administered_member
from vigie.directory.register_queries import position_of, words_of
from vigie.foundation.errors import DomainError
from vigie.ui.numbers import grouped

_UNPROCESSABLE = 422
_STATED = ("rpps", "title", "first_name", "last_name", "specialty")


# --- The list --------------------------------------------------------------------------------------------------------
@require_GET
@administrators
def practitioners(request: SignedInRequest, number: str) -> HttpResponse:
    """The practitioners of a site, with how many people act for each."""
    site = member_queries.administered_site(request.actor, number)
    words, activity = words_of(request.GET), request.GET.get("exercice", "")
    page = register_queries.practitioners_page(site, words, activity, position_of(request.GET))
    context = {
        "site": site,
        "tabs": console.tabs(request.actor, site, "practitioners"),
        "page": page,
        "pages": console.pages_of(request.GET, page, _counted(page.total)),
        "words": words,
        "is_approximate": page.total > 0 and register_queries.finds_only_near(site, words),
        "activity": activity,
        "crumbs": console.crumbs(site, (_("Médecins émetteurs"), "")),
    }
    return render(request, "directory/practitioners.html", context)


def _counted(practitioners: int) -> str:
    return ngettext("%(count)s médecin", "%(count)s médecins", practitioners) % {"count": grouped(practitioners)}


@require_http_methods(["GET", "POST"])
@administrators
def practitioner_add(request: SignedInRequest, number: str) -> HttpResponse:
    site = member_queries.administered_site(request.actor, number)
    form = register_forms.PractitionerForm(request.POST if request.method == "POST" else None, initial={"title": _("Dr")})
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                added = actions.add_practitioner(request.actor, site_id=site.id, **form.cleaned_data)
            except DomainError as error:
                console.show(form, error)
                status = error.status
            else:
                messages.success(request, _("%(name)s est ajouté(e) au registre.") % {"name": added})
                return redirect("directory:practitioner", practitioner_id=added.id)
    register = (_("Médecins émetteurs"), reverse("directory:practitioners", args=[site.number]))
    context = {"form": form, "site": site, "crumbs": console.crumbs(site, register, (_("Ajouter un médecin"), ""))}
    return render(request, "directory/practitioner_add.html", context, status=status)


# --- One practitioner ------------------------------------------------------------------------------------------------
@require_GET
@administrators
def practitioner(request: SignedInRequest, practitioner_id: UUID) -> HttpResponse:
    """A practitioner: who she is, who acts for her, what comes through her."""
    return _record_page(request, access_practitioner(request.actor, practitioner_id))


def _record_page(
    request: SignedInRequest,
    found: Practitioner,
    *,
    form: register_forms.RevisedPractitionerForm | None = None,
    features_form: register_forms.PractitionerFeaturesForm | None = None,
    conflict: console.Conflict | None = None,
    status: int = 200,
) -> HttpResponse:
    available = feature_queries.available_features(found.site)
    given = register_queries.features_of_practitioner(found)
    may_give = policies.may_define_features(request.actor)
    if form is None:
        form = register_forms.RevisedPractitionerForm(initial=_stored(found) | {"revision": found.revision}, auto_id="fiche_%s")
    else:
        console.against_what_is_shown(form, request, found.revision)
    if features_form is not None:
        console.against_what_is_shown(features_form, request, found.revision)
    elif may_give and available:
        features_form = _features_form(found, initial={"features": sorted(given), "revision": found.revision})
    page = register_queries.practitioner_people(found, position_of(request.GET))
    context = {
        "practitioner": found,
        "site": found.site,
        "form": form,
        "features_form": features_form,
        "features": [name for code, name in available if code in given],
        "conflict": conflict,
        "page": page,
        "pages": console.pages_of(request.GET, page, console.people_counted(page.total)),
        "in_use": bool(page.total or given),
        "crumbs": console.crumbs(
            found.site, (_("Médecins émetteurs"), reverse("directory:practitioners", args=[found.site.number])), (str(found), "")
        ),
    }
    return render(request, "directory/practitioner.html", context, status=status)


def _stored(found: Practitioner) -> dict[str, Any]:
    return {name: getattr(found, name) for name in _STATED}


def _features_form(found: Practitioner, *args: Any, **kwargs: Any) -> register_forms.PractitionerFeaturesForm:
    choices = feature_queries.available_features(found.site)
    return register_forms.PractitionerFeaturesForm(*args, choices=choices, auto_id="fonctionnalites_%s", **kwargs)


@require_POST
@administrators
def practitioner_edit(request: SignedInRequest, practitioner_id: UUID) -> HttpResponse:
    found = access_practitioner(request.actor, practitioner_id)
    form = register_forms.RevisedPractitionerForm(request.POST, auto_id="fiche_%s")
    status = _UNPROCESSABLE
    conflict = None
    if form.is_valid():
        try:
            actions.edit_practitioner(request.actor, practitioner_id, **form.cleaned_data)
        except DomainError as error:
            console.show(form, error)
            status = error.status
            found = access_practitioner(request.actor, practitioner_id)
            conflict = console.conflict_of(form, error, _stored(found), last_act(found.site_id, "practitioner", found.id))
        else:
            messages.success(request, _("La fiche du médecin est enregistrée."))
            return redirect("directory:practitioner", practitioner_id=practitioner_id)
    return _record_page(request, found, form=form, conflict=conflict, status=status)


@require_POST
@operators
def practitioner_features(request: SignedInRequest, practitioner_id: UUID) -> HttpResponse:
    """Save what the operator gives to a practitioner (ACC-25)."""
    found = access_practitioner(request.actor, practitioner_id)
    form = _features_form(found, request.POST)
    status = _UNPROCESSABLE
    conflict = None
    if form.is_valid():
        stated = form.cleaned_data
        try:
            feature_actions.set_practitioner_features(request.actor, practitioner_id, codes=stated["features"], revision=stated["revision"])
        except DomainError as error:
            console.show(form, error)
            status = error.status
            found = access_practitioner(request.actor, practitioner_id)
            stored = {"features": sorted(register_queries.features_of_practitioner(found))}
            conflict = console.conflict_of(form, error, stored, last_act(found.site_id, "practitioner", found.id))
        else:
            messages.success(request, _("Les fonctionnalités du médecin sont enregistrées."))
            return redirect("directory:practitioner", practitioner_id=practitioner_id)
    return _record_page(request, found, features_form=form, conflict=conflict, status=status)


@require_POST
@administrators
def practitioner_activity(request: SignedInRequest, practitioner_id: UUID) -> HttpResponse:
    """Put out of practice, or with `restore` in practice again."""
    if "restore" in request.POST:
        found = actions.restore_practitioner(request.actor, practitioner_id)
        messages.success(request, _("%(name)s exerce de nouveau.") % {"name": found})
    else:
        found = actions.retire_practitioner(request.actor, practitioner_id)
        messages.success(request, _("%(name)s n’exerce plus : plus personne n’agit en son nom.") % {"name": found})
    return redirect("directory:practitioner", practitioner_id=practitioner_id)


@require_POST
@administrators
def practitioner_delete(request: SignedInRequest, practitioner_id: UUID) -> HttpResponse:
    """Delete a practitioner who was added by mistake."""
    try:
        found = actions.delete_practitioner(request.actor, practitioner_id)
    except actions.PractitionerInUse as error:
        messages.error(request, str(error.message))
        return redirect("directory:practitioner", practitioner_id=practitioner_id)
    messages.success(request, _("%(name)s est retiré(e) du registre.") % {"name": found})
    return redirect("directory:practitioners", number=found.site.number)


# --- Medical identities ----------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@administrators
def identities_add(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Choose practitioners of the site for whom a member may act."""
    member = administered_member(request.actor, membership_id).membership
    status = 200
    if request.method == "POST":
        chosen = register_queries.ticked(request.POST.getlist("medecin"))
        if not chosen:
            messages.error(request, _("Cochez d’abord les médecins concernés."))
        else:
            try:
                added = actions.add_identities(request.actor, membership_id, chosen)
            except DomainError as error:
                status = error.status
                messages.error(request, " ".join(map(str, getattr(error, "fields", {"": error.message}).values())))
            else:
                said = ngettext("%(count)s identité médicale ajoutée.", "%(count)s identités médicales ajoutées.", len(added))
                messages.success(request, said % {"count": grouped(len(added))})
                return redirect("directory:member", membership_id=membership_id)
    words = words_of(request.GET)
    page = register_queries.practitioners_to_add(member, words, position_of(request.GET))
    own = (member.full_name, reverse("directory:member", args=[member.id]))
    context = {
        "member": member,
        "site": member.site,
        "page": page,
        "pages": console.pages_of(request.GET, page, _counted(page.total)),
        "words": words,
        "is_approximate": page.total > 0 and register_queries.finds_only_near(member.site, words),
        "crumbs": console.crumbs(member.site, own, (_("Ajouter une identité médicale"), "")),
    }
    return render(request, "directory/identities_add.html", context, status=status)


@require_POST
@administrators
def identities_remove(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Take medical identities from a member."""
    administered_member(request.actor, membership_id)
    removed = actions.remove_identities(request.actor, membership_id, register_queries.ticked(request.POST.getlist("medecin")))
    if removed:
        said = _("Cette personne n’agit plus au nom de %(names)s.") % {"names": ", ".join(map(str, removed))}
        messages.success(request, said)
    else:
        messages.info(request, _("Cette identité médicale était déjà retirée."))
    return redirect("directory:member", membership_id=membership_id)
