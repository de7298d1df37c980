"""A request's identifier, its line in the log and its place in the figures."""

import secrets
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase

from vigie.foundation import live, metrics

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NOT_LOGGED = frozenset({"/health/live", "/health/ready", "/metrics"})
log = structlog.get_logger(__name__)


class RequestLogMiddleware:
    """First of all middleware.

    Logs the route's pattern, never the address: addresses hold numbers, search words and tokens.
    Notes on the request the last live event this process saw (`request.live_mark`), before any query of the page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        identifier = secrets.token_hex(8)
        request.request_id = identifier  # type: ignore[attr-defined]
        request.live_mark = live.current_mark()  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=identifier)
        response = self.get_response(request)
        response.headers["X-Request-ID"] = identifier
        if request.path_info not in _NOT_LOGGED:
            _record(request, response.status_code, time.perf_counter() - started)
        structlog.contextvars.clear_contextvars()
        return response


def _record(request: HttpRequest, status: int, seconds: float) -> None:
    route = request.resolver_match.route if request.resolver_match is not None else "(none)"
    method = request.method if request.method in _METHODS else "(other)"
    metrics.REQUESTS.labels(method, route, str(status)).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
    log.info("request", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1))
