"""Pages of the operator's console about spaces."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from vigie.directory import platform_console, platform_queries
from vigie.directory.access import operators
from vigie.directory.entry import SignedInRequest


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
