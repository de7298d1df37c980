"""Pages of the register of services of a site: they ask `service_actions`, and answer (ACC-23)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.audit.queries import last_act
from vigie.directory import console, member_queries, register_forms, register_queries, service_actions
from vigie.directory.access import administrators
from vigie.directory.entry import SignedInRequest
from vigie.directory.models import Service, Site
from vigie.directory.policies import access_service
from vigie.directory.register_queries import position_of, words_of
from vigie.foundation.errors import DomainError
from vigie.ui.numbers import grouped

_UNPROCESSABLE = 422


# --- The list --------------------------------------------------------------------------------------------------------
@require_GET
@administrators
def services(request: SignedInRequest, number: str) -> HttpResponse:
    """The services of a site, with how many people and features each has."""
    return _list_page(request, member_queries.administered_site(request.actor, number), register_forms.ServiceForm())


@require_POST
@administrators
def service_add(request: SignedInRequest, number: str) -> HttpResponse:
    site = member_queries.administered_site(request.actor, number)
    form = register_forms.ServiceForm(request.POST)
    status = _UNPROCESSABLE
    if form.is_valid():
        try:
            service = service_actions.add_service(request.actor, site_id=site.id, name=form.cleaned_data["name"])
        except DomainError as error:
            console.show(form, error)
            status = error.status
        else:
            messages.success(request, _("Le service « %(name)s » est ajouté.") % {"name": service.name})
            return redirect("directory:service", service_id=service.id)
    return _list_page(request, site, form, status=status)


def _list_page(request: SignedInRequest, site: Site, form: register_forms.ServiceForm, *, status: int = 200) -> HttpResponse:
    words = words_of(request.GET)
    page = register_queries.services_page(site, words, position_of(request.GET))
    context = {
        "site": site,
        "tabs": console.tabs(request.actor, site, "services"),
        "page": page,
        "pages": console.pages_of(request.GET, page, _counted(page.total)),
        "words": words,
        "form": form,
        "crumbs": console.crumbs(site, (_("Services"), "")),
    }
    return render(request, "directory/services.html", context, status=status)


def _counted(services: int) -> str:
    return ngettext("%(count)s service", "%(count)s services", services) % {"count": grouped(services)}


# --- One service -----------------------------------------------------------------------------------------------------
@require_GET
@administrators
def service(request: SignedInRequest, service_id: UUID) -> HttpResponse:
    """A service: its name, its people, its features."""
    return _record_page(request, access_service(request.actor, service_id))


def _record_page(
    request: SignedInRequest,
    found: Service,
    *,
    form: register_forms.RevisedServiceForm | None = None,
    conflict: console.Conflict | None = None,
    status: int = 200,
) -> HttpResponse:
    if form is not None:
        console.against_what_is_shown(form, request, found.revision)
    page = register_queries.service_people(found, position_of(request.GET))
    context = {
        "service": found,
        "site": found.site,
        "form": form or register_forms.RevisedServiceForm(initial={"name": found.name, "revision": found.revision}),
        "conflict": conflict,
        "page": page,
        "pages": console.pages_of(request.GET, page, console.people_counted(page.total)),
        "features": register_queries.activated_in(found),
        "crumbs": _crumbs(found),
    }
    return render(request, "directory/service.html", context, status=status)


def _crumbs(found: Service, *here: tuple[str, str]) -> list[tuple[str, str]]:
    own = reverse("directory:service", args=[found.id]) if here else ""
    return console.crumbs(found.site, (_("Services"), reverse("directory:services", args=[found.site.number])), (found.name, own), *here)


@require_POST
@administrators
def service_rename(request: SignedInRequest, service_id: UUID) -> HttpResponse:
    found = access_service(request.actor, service_id)
    form = register_forms.RevisedServiceForm(request.POST)
    status = _UNPROCESSABLE
    conflict = None
    if form.is_valid():
        try:
            service_actions.rename_service(request.actor, service_id, **form.cleaned_data)
        except DomainError as error:
            console.show(form, error)
            status = error.status
            found = access_service(request.actor, service_id)
            conflict = console.conflict_of(form, error, {"name": found.name}, last_act(found.site_id, "service", found.id))
        else:
            messages.success(request, _("Le service est enregistré."))
            return redirect("directory:service", service_id=service_id)
    return _record_page(request, found, form=form, conflict=conflict, status=status)


@require_http_methods(["GET", "POST"])
@administrators
def service_delete(request: SignedInRequest, service_id: UUID) -> HttpResponse:
    """Delete a service; a page says first what that takes from whom."""
    found = access_service(request.actor, service_id)
    refusal = None
    if request.method == "POST":
        told = [console.count(request.POST.get(name, "")) for name in ("people", "features")]
        try:
            service_actions.delete_service(request.actor, service_id, people=told[0], features=told[1])
        except DomainError as error:
            refusal = error
        else:
            messages.success(request, _("Le service « %(name)s » est supprimé.") % {"name": found.name})
            return redirect("directory:services", number=found.site.number)
    page = register_queries.service_people(found, position_of(request.GET))
    context = {
        "service": found,
        "site": found.site,
        "page": page,
        "pages": console.pages_of(request.GET, page, console.people_counted(page.total)),
        "features": register_queries.activated_in(found),
        "refusal": refusal,
        "crumbs": _crumbs(found, (_("Supprimer"), "")),
    }
    return render(request, "directory/service_delete.html", context, status=refusal.status if refusal else 200)


# --- Who belongs to it -----------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@administrators
def service_people_add(request: SignedInRequest, service_id: UUID) -> HttpResponse:
    """Choose members of the site who are not in the service yet."""
    found = access_service(request.actor, service_id)
    if request.method == "POST":
        chosen = register_queries.ticked(request.POST.getlist("membre"))
        if chosen:
            outcome = service_actions.attach_members(request.actor, service_id, chosen)
            if outcome.done:
                said = ngettext("%(count)s personne rattachée.", "%(count)s personnes rattachées.", outcome.done)
                messages.success(request, said % {"count": grouped(outcome.done)})
            console.tell(request, outcome.refusals)
            return redirect("directory:service", service_id=service_id)
        messages.error(request, _("Cochez d’abord les personnes concernées."))
    words = words_of(request.GET)
    page = register_queries.people_to_attach(found, words, position_of(request.GET))
    context = {
        "service": found,
        "site": found.site,
        "page": page,
        "pages": console.pages_of(request.GET, page, console.people_counted(page.total)),
        "words": words,
        "crumbs": _crumbs(found, (_("Rattacher des personnes"), "")),
    }
    return render(request, "directory/service_people_add.html", context)


@require_POST
@administrators
def service_people_remove(request: SignedInRequest, service_id: UUID) -> HttpResponse:
    """Detach the members that are ticked."""
    found = access_service(request.actor, service_id)
    chosen = register_queries.ticked(request.POST.getlist("membre"))
    if chosen:
        outcome = service_actions.detach_members(request.actor, found.id, chosen)
        if outcome.done:
            said = ngettext("%(count)s personne retirée du service.", "%(count)s personnes retirées du service.", outcome.done)
            messages.success(request, said % {"count": grouped(outcome.done)})
        console.tell(request, outcome.refusals)
    else:
        messages.error(request, _("Cochez d’abord les personnes concernées."))
    return redirect("directory:service", service_id=service_id)
