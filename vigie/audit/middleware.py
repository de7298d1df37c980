"""Who changed what, from which page: the context that triggers copy into each history row (PLA-61)."""

from collections.abc import Callable

import pghistory
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class AuditContextMiddleware:
    """Name the person, the route and the request in the history of what the request writes.

    The route is a name, never an address: addresses hold numbers, search words and tokens. Requests that only read
    cost nothing. Comes after the scope's middleware, which knows the person.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in _SAFE_METHODS:
            return self.get_response(request)
        with pghistory.context(**context_of(request)):
            return self.get_response(request)


def context_of(request: HttpRequest) -> dict[str, str]:
    """Return what history rows say of a request: identifiers and a name."""
    person = getattr(request, "user", None)
    identifier = getattr(person, "pk", None)
    return {
        "user": str(identifier) if identifier else "",
        "route": _route(request),
        "request": str(getattr(request, "request_id", "")),
    }


def acting(task: str) -> pghistory.context:
    """Return the context of what a job writes, to be entered with `with`; the person is « Vigie »."""
    return pghistory.context(user="", route=f"job:{task}", request="")


def _route(request: HttpRequest) -> str:
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return ""
    return match.view_name or ""
