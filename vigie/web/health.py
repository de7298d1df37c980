"""What load balancers, supervisors and Prometheus ask."""

import ipaddress
import os

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from vigie.directory.access import everyone

_ready_schema = False


@everyone
@login_not_required
@require_GET
@never_cache
@everyone
def alive(request: HttpRequest) -> HttpResponse:
    """Answer while this process can answer at all: the database is not asked, so that its restart restarts nothing else."""
    return JsonResponse({"status": "ok"})


@everyone
@login_not_required
@require_GET
@never_cache
@everyone
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when pages can be served: database reached, schema up to date. Otherwise 503 and the reason."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        up_to_date = _schema_is_up_to_date()
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "reason": "database"}, status=503)
    if not up_to_date:
        return JsonResponse({"status": "unavailable", "reason": "migrations"}, status=503)
    return JsonResponse({"status": "ok"})


def _schema_is_up_to_date() -> bool:
    """Compare migrations on disk and applied; once they agree they do for this process's life."""
    global _ready_schema  # noqa: PLW0603 - a fact of the process
    if not _ready_schema:
        executor = MigrationExecutor(connections["default"])
        _ready_schema = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _ready_schema


@everyone
@login_not_required
@require_GET
@never_cache
@everyone
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus's figures, to this machine only; through a proxy, nobody is on this machine."""
    address = request.META.get("REMOTE_ADDR", "")
    if not _is_loopback(address) or "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        raise Http404
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
