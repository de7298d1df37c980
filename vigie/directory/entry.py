"""The opening of a request or a job: who asks, and the scope that follows from it."""

import json
from uuid import UUID

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from vigie.accounts.authentication import candidate_under_way, is_over
from vigie.accounts.models import User
from vigie.accounts.session_store import STARTED
from vigie.directory import rights
from vigie.directory.actors import Actor, desks_of, facts_of, grants_of
from vigie.foundation import scope

_FACTS = 5  # memberships, desks, reach, grants, version of the matrix of rights: the columns behind those of the account


class SignedInRequest(HttpRequest):
    """A request of somebody who has signed in: what views behind `signed_in` receive."""

    user: User
    actor: Actor


def enter_request(request: HttpRequest, *, read_only: bool) -> None:
    """Set `request.user` and `request.actor`, and the scope of the transaction under way.

    Somebody who is signing in is the « user » of the scope, and nothing more, until she has shown two factors.
    """
    actor = None
    identifier = _identifier(request.session.get(SESSION_KEY))
    if identifier is not None:
        actor = enter_as(identifier, read_only=read_only)
        if actor is None or not _same_password(request, actor.user) or is_over(actor.user, request.session.get(STARTED)):
            request.session.flush()
            actor = None
    if actor is None:
        candidate_under_way(request)
        if read_only:
            scope.apply(scope.current(), read_only=True)
        request.user = AnonymousUser()
    else:
        actor.user.backend = request.session.get(BACKEND_SESSION_KEY, "")
        request.user = actor.user
    request.actor = actor  # type: ignore[attr-defined]


def enter_as(user_id: UUID, *, read_only: bool = False) -> Actor | None:
    """Set the scope of the transaction to that of this person; None, and no scope, if her account is not active."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (e.account).*, e.memberships, e.desks, e.reach, e.grants, (SELECT max(version) FROM directory_rightscell)"
            " FROM directory_enter(%s, %s) AS e",
            [user_id, read_only],
        )
        row = cursor.fetchone()
        if row is None:
            return None
        columns = [column.name for column in cursor.description]
    memberships, desks, reach, grants, version = row[-_FACTS:]
    rights.heed(version)
    actor = Actor(
        user=_account(dict(zip(columns[:-_FACTS], row[:-_FACTS], strict=True))),
        memberships=facts_of(_decoded(memberships)),
        desks=desks_of(_decoded(desks)),
        reach=frozenset(reach),
        grants=grants_of(_decoded(grants)),
    )
    scope.declare(actor.scope)
    return actor


def _account(columns: dict[str, object]) -> User:
    # A column added by a later migration comes last in the table; `from_db` wants the order of the model.
    names = [field.attname for field in User._meta.concrete_fields]
    return User.from_db("default", names, [columns[name] for name in names])


def _decoded(value: str | list[dict[str, object]]) -> list[dict[str, object]]:
    # Django's connections give jsonb as text, for its own fields to decode.
    return json.loads(value) if isinstance(value, str) else value


def _identifier(value: object) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None


def _same_password(request: HttpRequest, user: User) -> bool:
    """A session dies with the password it was opened with."""
    return constant_time_compare(request.session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash())
