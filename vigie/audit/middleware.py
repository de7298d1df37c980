"""The author of what a request writes."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from vigie.audit.context import state_author
from vigie.foundation.scope import SAFE_METHODS


class AuditContextMiddleware:
    """State the author of the request's writes, once its view is known; requests that read state nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if request.method in SAFE_METHODS:
            return
        actor = getattr(request, "actor", None)
        state_author(
            route=request.resolver_match.view_name if request.resolver_match else "",
            user_id=actor.id if actor else None,
            name=actor.name if actor else "",
            request_id=getattr(request, "request_id", ""),
        )
