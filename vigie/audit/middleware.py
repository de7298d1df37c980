"""Who changed what, from which page: the context that triggers copy into each history row (PLA-42).

django-pghistory states its context before every statement; ours is one transaction a request, so once is enough.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

from vigie.foundation.ids import uuid7
from vigie.foundation.scope import SAFE_METHODS


class AuditContextMiddleware:
    """Name the person, the route and the request in the history of what the request writes.

    The route is a name, never an address: addresses hold numbers, search words and tokens. Requests that only read
    cost nothing. Comes after the scope's middleware, which knows the person and has opened the transaction.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method not in SAFE_METHODS and connection.in_atomic_block:
            identifier = getattr(getattr(request, "user", None), "pk", None)
            _state(user=str(identifier or ""), route=_route(request), request=str(getattr(request, "request_id", "")))
        return self.get_response(request)


@contextmanager
def acting(task: str, *, user_id: UUID | None = None) -> Iterator[None]:
    """Name a job as the author of what it writes in the transaction under way; the person is « Vigie », or whom it works for."""
    _state(user=str(user_id or ""), route=f"job:{task}", request="")
    yield
    _state()


def _state(**metadata: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pghistory.context_id', %s, true), set_config('pghistory.context_metadata', %s, true)",
            [str(uuid7()) if metadata else "", json.dumps(metadata) if metadata else ""],
        )


def _route(request: HttpRequest) -> str:
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return ""
    return match.view_name or ""
