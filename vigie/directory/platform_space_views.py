"""Pages of the operator's console about spaces."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from vigie.directory import console, platform_console, platform_queries, site_actions
from vigie.directory.access import operators
from vigie.directory.entry import SignedInRequest
from vigie.directory.platform_forms import SpaceForm
from vigie.foundation.errors import ChangedMeanwhile, DomainError

_UNPROCESSABLE = 422


@require_GET
@operators
def index(request: SignedInRequest) -> HttpResponse:
    """The first part of the console."""
    return redirect("directory:platform_spaces")


@require_GET
@operators
def spaces(request: SignedInRequest) -> HttpResponse:
    """The spaces of the platform."""
    context = {"spaces": platform_queries.spaces(), "frame": platform_console.frame("spaces")}
    return render(request, "directory/platform_spaces.html", context)


@require_http_methods(["GET", "POST"])
@operators
def space_add(request: SignedInRequest) -> HttpResponse:
    """Open a space."""
    form = SpaceForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                space = site_actions.create_space(request.actor, name=form.cleaned_data["name"])
            except DomainError as error:
                console.show(form, error)
                status = error.status
            else:
                messages.success(request, _("L’espace « %(name)s » est créé. Ajoutez-lui ses sites.") % {"name": space.name})
                return redirect("directory:platform_spaces")
    context = {"form": form, "space": None, "frame": platform_console.frame("spaces", (_("Créer un espace"), ""))}
    return render(request, "directory/platform_space.html", context, status=status)


@require_http_methods(["GET", "POST"])
@operators
def space_edit(request: SignedInRequest, space_id: UUID) -> HttpResponse:
    """Rename a space."""
    space = platform_queries.space(space_id)
    form = SpaceForm(request.POST if request.method == "POST" else None, initial={"name": space.name, "revision": space.revision})
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                site_actions.rename_space(
                    request.actor, space_id, name=form.cleaned_data["name"], revision=form.cleaned_data["revision"] or 0
                )
            except DomainError as error:
                console.show(form, error)
                status = error.status
                if isinstance(error, ChangedMeanwhile):
                    console.against_what_is_shown(form, request, space.revision)
            else:
                messages.success(request, _("L’espace est renommé."))
                return redirect("directory:platform_spaces")
    context = {"form": form, "space": space, "frame": platform_console.frame("spaces", (space.name, ""))}
    return render(request, "directory/platform_space.html", context, status=status)
