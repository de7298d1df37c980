"""The living page, and what each page says to browsers."""

import gzip
import re
from http.cookies import SimpleCookie

import pytest
from django.template.loader import render_to_string
from django.test import Client

from vigie.ui import assets, csp

pytestmark = pytest.mark.django_db

BUDGET_OF_ASSETS = 200 * 1024
BUDGET_OF_PAGE = 16 * 1024


def test_the_kit_shows_every_component_and_state(client: Client) -> None:
    page = client.get("/kit/").content.decode()
    for sign in ("table-cards", "data-error-summary", "choice-card", "file-drop", "timeline", "<dialog", "toast", "skeleton", "empty"):
        assert sign in page, sign


def test_a_page_runs_only_what_bears_its_nonce(client: Client) -> None:
    answers = [client.get("/kit/") for _ in range(2)]
    policies = [answer["Content-Security-Policy"] for answer in answers]
    nonces = [re.findall(r"'nonce-([^']+)'", policy) for policy in policies]
    assert nonces[0] != nonces[1]
    for answer, [nonce], policy in zip(answers, nonces, policies, strict=True):
        scripts = re.findall(r"<script[^>]*>", answer.content.decode())
        assert scripts
        assert all(f'nonce="{nonce}"' in script for script in scripts)
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy


def test_the_policy_trusts_no_address_and_only_our_trusted_types() -> None:
    directives = csp.POLICY["DIRECTIVES"]
    assert directives["default-src"] == ["'none'"]
    assert directives["trusted-types"] == ["vigie", "vigie-worker", "dompurify"]
    assert not [source for sources in directives.values() for source in sources if str(source).startswith("http")]


def test_pages_stay_out_of_caches(client: Client) -> None:
    answer = client.get("/kit/")
    assert answer["Cache-Control"] == "private, no-store"
    assert "HX-Request" in answer["Vary"]


def test_theme_and_navigation_are_right_from_the_first_paint(client: Client) -> None:
    assert 'data-bs-theme="auto">' in client.get("/kit/").content.decode()
    client.cookies = SimpleCookie({"vigie-theme": "dark", "vigie-nav": "folded"})
    assert 'data-bs-theme="dark" data-nav="folded">' in client.get("/kit/").content.decode()
    client.cookies = SimpleCookie({"vigie-theme": '"><script>'})
    assert 'data-bs-theme="auto">' in client.get("/kit/").content.decode()


@pytest.mark.parametrize("code", [400, 403, 404, 419, 500])
def test_error_pages_say_what_to_do(client: Client, code: int) -> None:
    page = client.get(f"/kit/erreur/{code}/").content.decode()
    assert "<h1>" in page
    assert "Revenir à l’accueil" in page


def test_the_page_of_a_failure_needs_nothing() -> None:
    page = render_to_string("500.html")
    assert "Une erreur est survenue" in page
    assert "<script" not in page


def test_a_page_keeps_within_its_weight(client: Client) -> None:
    """What a first visit fetches, as sent: at most 200 KB of assets in six requests, the page itself included."""
    page = client.get("/kit/").content
    fetched = set(re.findall(r'(?:src|href)="/static/dist/([^"#]+)', page.decode()))
    assert len(fetched) + 1 <= 6
    total = 0
    for name in fetched:
        compressed = assets.FOLDER / f"{name}.gz"
        total += (compressed if compressed.exists() else assets.FOLDER / name).stat().st_size
    assert total <= BUDGET_OF_ASSETS
    assert len(gzip.compress(page)) <= BUDGET_OF_PAGE
