"""Pages that configure desks: for operators, and for the administrators of the desk's site (desk.configure)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.directory import console, member_queries, platform_console, policies
from vigie.directory.access import administrators, operators
from vigie.directory.entry import SignedInRequest
from vigie.directory.models import Desk, Solution, Team
from vigie.directory.platform_console import Frame
from vigie.foundation.errors import DomainError, Invalid, Unseen
from vigie.incidents import desk_actions, desk_forms, desk_queries
from vigie.incidents.models import Category, Priority

_MEGABYTE = 1024 * 1024
Item = Team | Solution | Category | Priority | None


@require_GET
@operators
def platform(request: SignedInRequest) -> HttpResponse:
    """All the desks."""
    context = {"frame": platform_console.frame("desks"), "desks": desk_queries.desks(), "is_platform": True}
    return render(request, "incidents/desks.html", context)


@require_http_methods(["GET", "POST"])
@operators
def opening(request: SignedInRequest) -> HttpResponse:
    """Open a desk, then set it."""
    form = desk_forms.OpeningForm(
        request.POST if request.method == "POST" else None,
        sites=desk_queries.site_choices(request.actor),
        initial={"site": request.GET.get("site", "")},
    )
    status = 200
    if request.method == "POST":
        status = Invalid.status
        if form.is_valid():
            stated = dict(form.cleaned_data)
            try:
                opened = desk_actions.open_desk(request.actor, site_id=UUID(stated.pop("site")), **stated)
            except DomainError as error:
                console.show(form, error)
                status = error.status
            else:
                messages.success(request, gettext("Le guichet « %(name)s » est ouvert. Réglez-le maintenant.") % {"name": opened.name})
                return redirect("desks:desk", slug=opened.slug)
    context = {"frame": platform_console.frame("desks", (_("Ouvrir un guichet"), "")), "form": form}
    return render(request, "incidents/desk_open.html", context, status=status)


@require_GET
@administrators
def of_site(request: SignedInRequest, number: str) -> HttpResponse:
    """The desks of a site."""
    site = member_queries.administered_site(request.actor, number)
    if not policies.may_configure_desk(request.actor, site.id):
        raise Unseen
    frame = Frame(tabs=console.tabs(request.actor, site, "desks"), crumbs=console.crumbs(site, (_("Guichets"), "")))
    return render(request, "incidents/desks.html", {"frame": frame, "desks": desk_queries.desks(site=site), "is_platform": False})


def _frame(request: SignedInRequest, desk: Desk, *here: tuple[Any, str]) -> Frame:
    desk_url = reverse("desks:desk", args=[desk.slug]) if here else ""
    if policies.is_operator(request.actor):
        return platform_console.frame("desks", (desk.name, desk_url), *here)
    parts = (_("Guichets"), reverse("desks:site", args=[desk.site.number]))
    return Frame(
        tabs=console.tabs(request.actor, desk.site, "desks"), crumbs=console.crumbs(desk.site, parts, (desk.name, desk_url), *here)
    )


@require_GET
@administrators
def desk(request: SignedInRequest, slug: str) -> HttpResponse:
    """A desk, part by part."""
    found = desk_actions.access_desk(request.actor, slug)
    view = desk_queries.desk_view(found)
    context = {
        "frame": _frame(request, found),
        "desk": found,
        "view": view,
        "file_limit": found.file_limit_bytes,
        "lowest": view.priorities[-1].id if len(view.priorities) > 1 else None,
    }
    return render(request, "incidents/desk.html", context)


# --- One part at a time ----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Part:
    """One thing to change: how it is called, its form, and the action behind. `model` is what it lists, None for the desk itself."""

    title: str | Promise
    model: Any
    make: Callable[[SignedInRequest, Desk, Item, Any], forms.Form]
    save: Callable[[SignedInRequest, Desk, UUID | None, Any], object]
    adding: str | Promise = ""
    """What the page is called when the element does not exist yet."""


def _settings_form(_request: SignedInRequest, found: Desk, _item: Item, data: Any) -> forms.Form:
    initial = {name: getattr(found, name) for name in ("name", "phone", "email", "notice", "closing_delay_days", "revision")}
    return desk_forms.SettingsForm(data, initial=initial | {"file_limit_megabytes": max(1, found.file_limit_bytes // _MEGABYTE)})


def _save_settings(request: SignedInRequest, found: Desk, _id: UUID | None, form: Any) -> object:
    return desk_actions.change_settings(request.actor, found.slug, **form.cleaned_data)


def _hours_form(_request: SignedInRequest, found: Desk, _item: Item, data: Any) -> forms.Form:
    initial = {"always_open": found.always_open, "revision": found.revision}
    return desk_forms.HoursForm(data, opening=found.opening, initial=initial)


def _save_hours(request: SignedInRequest, found: Desk, _id: UUID | None, form: Any) -> object:
    stated = form.cleaned_data
    return desk_actions.change_hours(
        request.actor, found.slug, revision=stated["revision"], always_open=stated["always_open"], week=form.week
    )


def _team_form(_request: SignedInRequest, found: Desk, item: Item, data: Any) -> forms.Form:
    technicians = [(str(identifier), name) for identifier, name in desk_actions.technicians_of(found).items()]
    initial: dict[str, Any] = {"revision": found.revision}
    if isinstance(item, Team):
        initial |= {"name": item.name, "members": desk_queries.members_of(item)}
    return desk_forms.TeamForm(data, technicians=technicians, initial=initial)


def _save_team(request: SignedInRequest, found: Desk, item_id: UUID | None, form: Any) -> object:
    stated = form.cleaned_data
    members = [UUID(member) for member in stated["members"]]
    return desk_actions.save_team(request.actor, found.slug, item_id, revision=stated["revision"], name=stated["name"], members=members)


def _solution_form(request: SignedInRequest, found: Desk, item: Item, data: Any) -> forms.Form:
    sites = desk_queries.site_choices(request.actor) if policies.is_operator(request.actor) else None
    initial: dict[str, Any] = {"revision": found.revision, "is_active": True}
    if isinstance(item, Solution):
        used_by = desk_queries.sites_by_solution(found).get(item.id, {}) if sites is not None else {}
        initial |= {"name": item.name, "is_active": item.is_active, "sites": [str(site) for site in used_by]}
    return desk_forms.SolutionForm(data, sites=sites, initial=initial)


def _save_solution(request: SignedInRequest, found: Desk, item_id: UUID | None, form: Any) -> object:
    stated = dict(form.cleaned_data)
    sites = stated.pop("sites", None)
    return desk_actions.save_solution(
        request.actor, found.slug, item_id, sites=None if sites is None else [UUID(site) for site in sites], **stated
    )


def _category_form(_request: SignedInRequest, found: Desk, item: Item, data: Any) -> forms.Form:
    initial: dict[str, Any] = {"revision": found.revision, "is_active": True}
    if isinstance(item, Category):
        initial |= {"name": item.name, "is_active": item.is_active}
    return desk_forms.CategoryForm(data, initial=initial)


def _save_category(request: SignedInRequest, found: Desk, item_id: UUID | None, form: Any) -> object:
    return desk_actions.save_category(request.actor, found.slug, item_id, **form.cleaned_data)


def _priority_form(_request: SignedInRequest, found: Desk, item: Item, data: Any) -> forms.Form:
    initial: dict[str, Any] = {"revision": found.revision}
    if isinstance(item, Priority):
        initial |= {name: getattr(item, name) for name in ("name", "definition", "tone", "response_minutes", "resolution_minutes")}
    return desk_forms.PriorityForm(data, initial=initial)


def _save_priority(request: SignedInRequest, found: Desk, item_id: UUID | None, form: Any) -> object:
    return desk_actions.save_priority(request.actor, found.slug, item_id, **form.cleaned_data)


PARTS: Mapping[str, Part] = {
    "reglages": Part(_("Coordonnées et règles"), None, _settings_form, _save_settings),
    "horaires": Part(_("Horaires"), None, _hours_form, _save_hours),
    "groupe": Part(_("Groupe"), Team, _team_form, _save_team, _("Ajouter un groupe")),
    "solution": Part(_("Solution"), Solution, _solution_form, _save_solution, _("Ajouter une solution")),
    "categorie": Part(_("Catégorie"), Category, _category_form, _save_category, _("Ajouter une catégorie")),
    "priorite": Part(_("Priorité"), Priority, _priority_form, _save_priority, _("Ajouter une priorité")),
}


@require_http_methods(["GET", "POST"])
@administrators
def part(request: SignedInRequest, slug: str, part: str, item_id: UUID | None = None) -> HttpResponse:
    """One part of a desk, or one element of it: read and saved."""
    found = desk_actions.access_desk(request.actor, slug)
    what = PARTS.get(part)
    if what is None or (what.model is None and item_id is not None):
        raise Http404
    item = what.model.objects.filter(desk=found, id=item_id).first() if item_id else None
    if item_id and item is None:
        raise Unseen
    form = what.make(request, found, item, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = Invalid.status
        if form.is_valid():
            try:
                what.save(request, found, item_id, form)
            except DomainError as error:
                _show(form, error)
                status = error.status
                found.refresh_from_db(fields=["revision"])
                console.against_what_is_shown(form, request, found.revision)
            else:
                messages.success(request, gettext("Les réglages du guichet sont enregistrés."))
                return redirect(f"{reverse('desks:desk', args=[slug])}#{part}")
    title = item.name if item else what.adding or what.title
    context = {
        "frame": _frame(request, found, (title, "")),
        "desk": found,
        "title": title,
        "kind": what.title,
        "form": form,
        "week": isinstance(form, desk_forms.HoursForm),
    }
    return render(request, "incidents/desk_part.html", context, status=status)


def _show(form: forms.Form, error: DomainError) -> None:
    """Put a refusal where the person looks; that of a day, on its first hour."""
    if isinstance(error, Invalid):
        error = Invalid({f"{name}_0_from" if name.startswith("day_") else name: message for name, message in error.fields.items()})
    console.show(form, error)


@require_POST
@administrators
def remove_priority(request: SignedInRequest, slug: str, item_id: UUID) -> HttpResponse:
    """Take the lowest priority away."""
    found = desk_actions.access_desk(request.actor, slug)
    try:
        desk_actions.remove_priority(request.actor, slug, item_id, revision=console.count(request.POST.get("revision", "")))
    except Unseen:
        raise
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, gettext("La priorité est retirée."))
    return redirect(f"{reverse('desks:desk', args=[found.slug])}#priorite")


@require_POST
@administrators
def move_priority(request: SignedInRequest, slug: str, item_id: UUID) -> HttpResponse:
    """Move a priority by one step, up or down."""
    found = desk_actions.access_desk(request.actor, slug)
    direction = request.POST.get("direction", "")
    if direction not in ("up", "down"):
        raise Http404
    try:
        moved = desk_actions.move_priority(
            request.actor, slug, item_id, revision=console.count(request.POST.get("revision", "")), up=direction == "up"
        )
    except Unseen:
        raise
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, gettext("La priorité « %(name)s » est déplacée.") % {"name": moved.name})
    return redirect(f"{reverse('desks:desk', args=[found.slug])}#priorite")
