"""The tenancy scope of a transaction: what PostgreSQL's row-level security lets it see.

The scope lives in settings local to the transaction (`set_config(…, is_local => true)`), never in the session:
a session-level value would leak to the next user of a pooled connection. Policies read it (see `rls`).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.module_loading import import_string

View = TypeVar("View", bound=Callable[..., object])
_WITHOUT_DATABASE = ("/health/", "/metrics")
"""They must answer while the database does not; what asks it opens its own connection."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Scope:
    """Tenants in reach. `reach_ids` are the desks whose catalogue (priorities, categories…) may be read.

    `granted_ids` are sites of others that a grant in force lets this person help; they are never among `site_ids`, so
    that policies which do not name them know nothing of them. The two others narrow what may be written there.
    """

    user_id: UUID | None = None
    site_ids: frozenset[UUID] = frozenset()
    desk_ids: frozenset[UUID] = frozenset()
    reach_ids: frozenset[UUID] = frozenset()
    platform: bool = False
    granted_ids: frozenset[UUID] = frozenset()
    granted_member_ids: frozenset[UUID] = frozenset()
    granted_feature_ids: frozenset[UUID] = frozenset()


NOTHING = Scope()
_current: ContextVar[Scope] = ContextVar("vigie_scope", default=NOTHING)


def current() -> Scope:
    """Return the scope of the transaction under way, `NOTHING` outside of one."""
    return _current.get() if connection.in_atomic_block else NOTHING


def declare(scope: Scope) -> None:
    """Remember a scope that PostgreSQL has already been told, by a function that sets it there itself."""
    _current.set(scope)


def apply(scope: Scope, *, read_only: bool = False) -> None:
    """Tell PostgreSQL the scope, until the end of the transaction under way."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A scope belongs to a transaction.")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('vigie.user', %s, true), set_config('vigie.sites', %s, true),"
            " set_config('vigie.desks', %s, true), set_config('vigie.reach', %s, true),"
            " set_config('vigie.platform', %s, true), set_config('vigie.granted', %s, true),"
            " set_config('vigie.granted_members', %s, true), set_config('vigie.granted_features', %s, true)"
            + (", set_config('transaction_read_only', 'on', true)" if read_only else ""),
            [
                str(scope.user_id or ""),
                _joined(scope.site_ids),
                _joined(scope.desk_ids),
                _joined(scope.reach_ids),
                "on" if scope.platform else "",
                _joined(scope.granted_ids),
                _joined(scope.granted_member_ids),
                _joined(scope.granted_feature_ids),
            ],
        )
    _current.set(scope)


@contextmanager
def entered(scope: Scope, *, read_only: bool = False) -> Iterator[None]:
    """Run a block in its own transaction, or savepoint, under `scope`; the former scope comes back afterwards."""
    outer = _current.get() if connection.in_atomic_block else None
    token = _current.set(scope)
    try:
        with transaction.atomic():
            apply(scope, read_only=read_only and outer is None)
            yield
    finally:
        _current.reset(token)
    # A savepoint that is released keeps the settings made inside it; one that is rolled back does not.
    if outer is not None:
        apply(outer)


def _joined(identifiers: frozenset[UUID]) -> str:
    return ",".join(str(identifier) for identifier in identifiers)


def writes_on_get(view: View) -> View:
    """Mark a view that must write when it is read, such as the return from an identity provider."""
    view.writes_on_get = True  # type: ignore[attr-defined]
    return view


class ScopeMiddleware:
    """Open the request's transaction, set its scope, render inside it, roll back on a server error.

    Requests that only read run in a read-only transaction. The resolver named by `VIGIE_SCOPE_RESOLVER` finds who
    asks and enters the scope: this layer knows no domain.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.enter_request: Callable[..., None] = import_string(settings.VIGIE_SCOPE_RESOLVER)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(_WITHOUT_DATABASE):
            request.user = AnonymousUser()
            request.actor = None  # type: ignore[attr-defined]
            return self.get_response(request)
        before = _current.set(NOTHING)
        try:
            with transaction.atomic():
                self.enter_request(request, read_only=_only_reads(request))
                response = self.get_response(request)
                if response.status_code >= 500:
                    transaction.set_rollback(True)
        finally:
            _current.reset(before)
        return response


def _only_reads(request: HttpRequest) -> bool:
    if request.method not in SAFE_METHODS:
        return False
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return True
    module = getattr(view, "__module__", "")
    # Views of the sign-in library write on GET when somebody returns from an identity provider.
    return not (getattr(view, "writes_on_get", False) or module.startswith("allauth"))
