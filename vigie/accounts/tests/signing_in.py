"""Steps of a sign-in, for tests of every app."""

import re
import time
from typing import Any

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

from vigie.accounts import terms
from vigie.accounts.authentication import BACKEND
from vigie.accounts.models import User
from vigie.accounts.session_store import STARTED
from vigie.accounts.tests.factories import PASSWORD, TOTP_SECRET
from vigie.foundation.testing import as_maintenance

Answer = Any
"""A response of the test client, whose type has no name."""


def signed_in_client(user: User, *, factors: bool = True, **headers: Any) -> Client:
    """A browser where this person has shown two factors (`factors=False`: her password only)."""
    client = Client(**headers)
    with as_maintenance():
        client.force_login(user, backend=BACKEND)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": time.time(), "reauthenticated": True},
        *([{"method": "mfa", "type": "totp", "id": 0, "at": time.time()}] if factors else []),
    ]
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
    session[STARTED] = time.time()
    session[terms.SESSION_KEY] = True
    session.save()
    return client


def give_password(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Answer:
    return client.post(reverse("account_login"), {"login": email, "password": password}, **extra)


def give_code(client: Client, code: str) -> Answer:
    """Answer the second step with a code of the application or of the recovery sheet."""
    return client.post(reverse("mfa_authenticate"), {"code": code})


def give_mailed_code(client: Client, code: str) -> Answer:
    return client.post(reverse("account_confirm_login_code"), {"code": code, "action": "verify"})


def totp_code(secret: str = TOTP_SECRET, *, steps: int = 0) -> str:
    """What the application shows now, or `steps` half-minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def code_in(text: str) -> str:
    """The code of a letter."""
    found = re.search(r"^ {4}([\d-]+)$", text, re.MULTILINE)
    assert found is not None, text
    return found[1]


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("accounts:profile")).status_code == 200
