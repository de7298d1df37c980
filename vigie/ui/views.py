"""The living page of the kit. These pages show no data and need no account."""

from collections.abc import Callable
from typing import TypeVar

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from vigie.ui import kit_samples

ERROR_PAGES = {400: "400.html", 403: "403.html", 404: "404.html", 419: "403_csrf.html", 500: "500.html"}

View = TypeVar("View", bound=Callable[..., HttpResponse])


def _open(view: View) -> View:
    """Open to the whole world, as `vigie.directory.access.everyone` says in the apps above."""
    view.audience = "everyone"  # type: ignore[attr-defined]
    return view


@_open
@require_GET
def kit(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/kit.html", kit_samples.context())


@_open
@require_GET
def kit_fragment(request: HttpRequest) -> HttpResponse:
    """What htmx puts in the page, with things that must not survive the sanitiser."""
    return render(request, "ui/kit_fragment.html", kit_samples.context())


@_open
@require_POST
def kit_draft(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


@_open
@require_GET
def kit_sign_in(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/kit_sign_in.html", {"form": kit_samples.SignInSample()})


@_open
@require_GET
def kit_error(request: HttpRequest, code: int) -> HttpResponse:
    if code not in ERROR_PAGES:
        raise Http404
    return render(request, ERROR_PAGES[code], status=200)
