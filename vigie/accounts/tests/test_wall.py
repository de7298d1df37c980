"""Nobody reaches a page with data without two factors (ACC-1)."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from vigie.accounts.models import User
from vigie.accounts.tests.conftest import Letters
from vigie.accounts.tests.signing_in import give_password, is_signed_in, signed_in_client

pytestmark = pytest.mark.django_db
SAMPLES = {
    "int": "1",
    "uuid": str(UUID(int=7)),
    "slug": "quelque-chose",
    "str": "quelque-chose",
    "path": "quelque/chose",
}
OPEN = {
    # Sign-in itself
    "account_login",
    "account_logout",
    "account_inactive",
    "account_confirm_login_code",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "certificate_sign_in",
    "openid_sign_in",
    "openid_callback",
    "account_reset_password",
    "account_confirm_password_reset_code",
    "account_complete_password_reset",
    "account_password_reset_completed",
    "accounts:mailbox_alone",
    "accounts:language",
    "accounts:theme",
    # Opened by a signed address, from a mail
    "unsubscribe",
    "invitation",
    # Machines
    "health-live",
    "health-ready",
    "metrics",
    "idp:oidc:configuration",
    "idp:oidc:jwks",
    "idp:oidc:token",
    "idp:oidc:userinfo",
    "idp:oidc:revoke",
    # Judges the application first, then asks for two factors: tested in applications
    "idp:oidc:authorization",
}
"""Addresses that anybody may ask for. They show nothing of anybody."""


def routes(resolver: URLResolver, prefix: str = "", namespace: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and an address of every route."""
    for entry in resolver.url_patterns:
        address = prefix + _sample(entry)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from routes(entry, address, inner)
        elif isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}", address


def _sample(entry: URLPattern | URLResolver) -> str:
    pattern = entry.pattern
    assert isinstance(pattern, RoutePattern) or not str(pattern).strip("^/"), f"a route that this test cannot walk: {pattern}"
    route = str(pattern)
    for name, converter in pattern.converters.items():
        kind = next((key for key in SAMPLES if type(converter).__name__.lower().startswith(key)), "")
        value = SAMPLES.get(kind) or _matching(converter.regex)
        route = route.replace(f"<{name}>", value)
        for known in (kind, *_names_of(route, name)):
            route = route.replace(f"<{known}:{name}>", value)
    return route.replace("^/", "")


def _names_of(route: str, name: str) -> list[str]:
    return [part.split("<")[-1] for part in route.split(f":{name}>")[:-1]]


def _matching(regex: str) -> str:
    candidates = ("INC-2026-000001", "1", "a", str(UUID(int=7)), "20260101")
    import re

    return next(candidate for candidate in candidates if re.fullmatch(regex, candidate))


def closed_routes() -> list[tuple[str, str]]:
    development = {"kit", "mailbox", "demonstration_application"}
    return [
        (name, f"/{address}")
        for name, address in routes(get_resolver())
        if name not in OPEN and not name.partition(":")[0].startswith(tuple(development))
    ]


def test_there_is_something_to_walk() -> None:
    assert len(closed_routes()) > 20


@pytest.mark.parametrize("method", ["get", "post"])
def test_signed_out_nothing_answers_but_sign_in(client: Client, method: str) -> None:
    login = reverse("account_login")
    passed = {}
    for name, address in closed_routes():
        answer = getattr(client, method)(address)
        if answer.status_code == 405 or (answer.status_code == 302 and answer.headers["Location"].startswith(login)):
            continue
        passed[name] = (address, answer.status_code)
    assert not passed


@pytest.mark.parametrize("method", ["get", "post"])
def test_one_factor_opens_nothing(alice: User, method: str) -> None:
    """Even a session that Django holds for signed in: what counts is what it has proven."""
    client = signed_in_client(alice, factors=False)
    login = reverse("account_login")
    passed = {}
    for name, address in closed_routes():
        answer = getattr(client, method)(address)
        if not (answer.status_code == 302 and answer.headers["Location"].startswith(login)):
            passed[name] = (address, answer.status_code)
    assert not passed


def test_between_two_factors_the_wall_leads_to_the_second(client: Client, alice: User, letters: Letters) -> None:
    give_password(client, alice.email)
    assert client.get(reverse("accounts:preferences")).headers["Location"] == reverse("mfa_authenticate")


def test_script_is_told_that_the_session_ended(client: Client) -> None:
    answer = client.get(reverse("accounts:profile"), headers={"Accept": "application/json"})
    assert answer.status_code == 401


def test_form_sent_after_the_session_ended_leads_back_to_its_page(client: Client) -> None:
    page = reverse("accounts:preferences")
    answer = client.post(reverse("accounts:end_other_sessions"), headers={"Referer": f"http://testserver{page}"})
    assert answer.headers["Location"] == f"{reverse('account_login')}?next={page}"


def test_two_factors_open_the_account_pages(alice: User, letters: Letters) -> None:
    client = signed_in_client(alice)
    for name in ("profile", "preferences", "security", "sessions"):
        assert client.get(reverse(f"accounts:{name}")).status_code == 200, name
    assert is_signed_in(client)
