"""Who signs in, and how much she has proven.

Row-level security hides every account until the transaction's scope names its owner. Somebody who signs in is a
« candidate »: a function of the database gives her identifier and nothing else, the scope is set to it, and the rest is
read by the ORM as usual. Between the steps of a sign-in, the candidate is kept by the session (`pending_user_id`).
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID, uuid4

from allauth.account import app_settings
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.password_reset_by_code import PASSWORD_RESET_VERIFICATION_SESSION_KEY
from allauth.account.internal.stagekit import LOGIN_SESSION_KEY
from django.db import connection
from django.http import HttpRequest

from vigie.accounts import networks
from vigie.accounts.addresses import normal_email
from vigie.accounts.models import User
from vigie.foundation import scope
from vigie.foundation.scope import NOTHING, Scope

BACKEND: Final = "vigie.accounts.authentication.SignInBackend"
VOUCHED: Final = "vouched"
"""The proof given by an identity provider or a client certificate, among the proofs of a session."""
NETWORK: Final = "network"
"""The proof given by a trusted range of addresses."""


def find_by_email(address: str) -> UUID | None:
    """Return the identifier of the account with this address, in whatever case or Unicode form it was typed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_find_by_email(%s)", [normal_email(address)])
        row = cursor.fetchone()
    return row[0] if row else None


def candidate(identifier: UUID | None) -> User | None:
    """Let the rest of the transaction read this account, and return it. Unknown ones cost the same work."""
    sought = identifier or uuid4()
    scope.apply(Scope(user_id=sought))
    return User.objects.filter(pk=sought).first()


def pending_user_id(request: HttpRequest) -> UUID | None:
    """Return who has begun, and not finished, to sign in or to choose a new password in this session."""
    return _pending(request)[0]


def candidate_under_way(request: HttpRequest) -> User | None:
    """Let the transaction read the account that this session has begun to sign in to, if it may still be entered.

    What began before the account was deactivated, or all its sessions ended, is over.
    """
    identifier, began_at = _pending(request)
    scope.apply(Scope(user_id=identifier))
    if identifier is None:
        return None
    user = User.objects.filter(pk=identifier, is_active=True).first()
    if user is None or is_over(user, began_at):
        scope.apply(NOTHING)
        for key in (LOGIN_SESSION_KEY, PASSWORD_RESET_VERIFICATION_SESSION_KEY):
            request.session.pop(key, None)
        return None
    return user


def is_over(user: User, began_at: object) -> bool:
    """Tell whether what began at this moment, in seconds since 1970, ended when all that she had open was ended."""
    if user.signed_out_at is None:
        return False
    return not isinstance(began_at, int | float) or began_at <= user.signed_out_at.timestamp()


def _pending(request: HttpRequest) -> tuple[UUID | None, float]:
    login = request.session.get(LOGIN_SESSION_KEY)
    if isinstance(login, dict):
        began_at = login.get("initiated_at", 0)
        if time.time() - began_at <= app_settings.LOGIN_TIMEOUT:
            return _identifier(login.get("user_pk")), began_at
    reset = request.session.get(PASSWORD_RESET_VERIFICATION_SESSION_KEY)
    if isinstance(reset, dict):
        began_at = reset.get("at", 0)
        if time.time() - began_at <= app_settings.PASSWORD_RESET_BY_CODE_TIMEOUT:
            return _identifier(reset.get("user_id")), began_at
    return None, 0


def has_two_factors(request: HttpRequest, user: User) -> bool:
    """Tell whether this session has proven two factors (ACC-1), be one of them a place."""
    return is_strong(request, user) or is_in_network(request, user)


def is_strong(request: HttpRequest, user: User) -> bool:
    """Tell whether this session has proven two factors that she has or knows: what health data asks for."""
    return are_two_factors(get_authentication_records(request, user), user)


def is_in_network(request: HttpRequest, user: User) -> bool:
    """Tell whether this session began in a trusted range of hers, and still is in one at this very request.

    A session that is carried elsewhere, a range that ends or is withdrawn, a person who becomes an administrator: the
    place counts no more at once.
    """
    return began_in_network(request, user) and networks.network_around(user, networks.client_address(request)) is not None


def began_in_network(request: HttpRequest, user: User) -> bool:
    """Tell whether this session was opened from a trusted range of hers, whatever has become of it."""
    methods = {record.get("method") for record in get_authentication_records(request, user)}
    return NETWORK in methods and bool(methods & {"password", VOUCHED})


def are_two_factors(records: Sequence[Mapping[str, Any]], user: User) -> bool:
    """Tell whether these proofs are two factors for this person.

    A passkey used without a password was verified by the device: possession, and a PIN or a finger. An e-mail code adds
    nothing to a password that was itself chosen with an e-mail code. An identity that somebody else vouches for is one
    factor, or two when its level says so (ACC-2).
    """
    methods = {record.get("method") for record in records}
    if any(record.get("method") == "mfa" and record.get("passwordless") for record in records) or _vouched_twice(records):
        return True
    if not methods & {"password", VOUCHED}:
        return False
    return "mfa" in methods or ("code" in methods and not user.is_password_from_email)


def vouched_for_two_factors(request: HttpRequest, user: User) -> bool:
    """Tell whether somebody else has vouched, in this session, that she showed two factors there."""
    return _vouched_twice(get_authentication_records(request, user))


def _vouched_twice(records: Sequence[Mapping[str, Any]]) -> bool:
    return any(record.get("method") == VOUCHED and record.get("two_factors") is True for record in records)


class SignInBackend(AuthenticationBackend):
    """Sign-in by address and password under row-level security, in the same time whether the account exists or not."""

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        address = credentials.get("email") or ""
        password = credentials.get("password") or ""
        signed_in = getattr(request, "user", None)
        if isinstance(signed_in, User):
            # She proves again that she is herself: her scope stays as it is.
            return self._proven(signed_in, password) if signed_in.email == normal_email(address) else None
        user = self._proven(candidate(find_by_email(address)), password)
        if user is None:
            scope.apply(NOTHING)
        return user

    def _proven(self, user: User | None, password: str) -> User | None:
        # Typed `AbstractBaseUser` by allauth; an account that was deactivated is stashed there and answered politely.
        proven = self._check_password(user, password)
        return proven if isinstance(proven, User) else None


def _identifier(value: object) -> UUID | None:
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None
