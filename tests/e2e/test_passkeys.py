"""Passkeys, with Chromium's virtual authenticator (ACC-1): added, used alone, used as second factor, renamed, removed."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.harness.demonstration import Demonstration


def sign_in(page: Page, demo: Demonstration, account: dict[str, Any]) -> None:
    """Password, then the code of the application."""
    page.goto("/compte/connexion/")
    page.get_by_label("Adresse électronique").fill(account["email"])
    page.get_by_label("Mot de passe").fill(account["password"])
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url("**/connexion/facteur/")
    page.get_by_label("Code", exact=True).fill(current_code(demo, account))
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.wait_for_url(f"{demo.base_url}/")


def current_code(demo: Demonstration, account: dict[str, Any]) -> str:
    answer = httpx.get(
        f"{demo.base_url}/compte/demonstration/code/",
        params={"adresse": account["email"]},
        headers={"Accept": "application/json"},
        trust_env=False,
    )
    return str(answer.json()["code"])


def plug_authenticator(page: Page, *, verifies: bool = True) -> Any:
    """Give this browser a key that holds accounts and, when it `verifies`, checks its owner's finger."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": verifies,
                "isUserVerified": verifies,
                "automaticPresenceSimulation": True,
            }
        },
    )
    return session


def add_key(page: Page, account: dict[str, Any], *, name: str, alone: bool = True) -> None:
    page.goto("/compte/securite/cles/ajouter/")
    if "/confirmer/" in page.url:
        page.get_by_label("Mot de passe").fill(account["password"])
        page.get_by_role("button", name="Confirmer").click()
        page.wait_for_url("**/cles/ajouter/")
    page.get_by_label("Nom de la clé").fill(name)
    page.get_by_label("Me connecter sans mot de passe avec cette clé").set_checked(alone)
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_url(lambda url: "ajouter" not in url)


def sign_out(page: Page) -> None:
    page.goto("/compte/deconnexion/")
    page.get_by_role("main").get_by_role("button", name="Se déconnecter").click()
    page.wait_for_url("**/connexion/**")


@pytest.fixture
def account(demo_server: Demonstration) -> dict[str, Any]:
    return demo_server.accounts[7]


def test_passkey_opens_a_session_alone(page: Page, demo_server: Demonstration, account: dict[str, Any]) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    sign_in(page, demo_server, account)
    plug_authenticator(page)
    add_key(page, account, name="Téléphone de service")
    page.goto("/compte/securite/")
    row = page.get_by_role("row", name="Téléphone de service")
    expect(row).to_contain_text("remplace le mot de passe")

    sign_out(page)
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.wait_for_url(f"{demo_server.base_url}/")
    page.goto("/compte/sessions/")
    expect(page.get_by_text("cet appareil")).to_be_visible()

    page.goto("/compte/securite/")
    page.get_by_role("link", name="Renommer Téléphone de service").click()
    if "/confirmer/" in page.url:
        page.get_by_label("Mot de passe").fill(account["password"])
        page.get_by_role("button", name="Confirmer").click()
    page.get_by_label("Nom de la clé").fill("Téléphone personnel")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("link", name="Retirer Téléphone personnel").click()
    page.get_by_role("button", name="Retirer").click()
    page.wait_for_url("**/securite/")
    expect(page.get_by_text("Téléphone personnel")).to_have_count(0)
    assert problems == []


def test_key_is_the_second_factor_after_the_password(page: Page, demo_server: Demonstration, account: dict[str, Any]) -> None:
    other = demo_server.accounts[8]
    sign_in(page, demo_server, other)
    plug_authenticator(page, verifies=False)
    add_key(page, other, name="Clé du bureau", alone=False)
    sign_out(page)
    page.get_by_label("Adresse électronique").fill(other["email"])
    page.get_by_label("Mot de passe").fill(other["password"])
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.wait_for_url(f"{demo_server.base_url}/")


def test_key_without_verification_does_not_open_a_session_alone(page: Page, demo_server: Demonstration) -> None:
    other = demo_server.accounts[6]
    sign_in(page, demo_server, other)
    session = plug_authenticator(page, verifies=False)
    page.goto("/compte/securite/cles/ajouter/")
    page.get_by_label("Mot de passe").fill(other["password"])
    page.get_by_role("button", name="Confirmer").click()
    page.get_by_label("Nom de la clé").fill("Clé sans code")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("alert").filter(has_text="n’a pas répondu")).to_be_visible()
    session.send("WebAuthn.disable")


def test_browser_without_a_known_key_is_told_so(open_page: Callable[..., Page], demo_server: Demonstration) -> None:
    page = open_page()
    plug_authenticator(page)
    page.goto("/compte/connexion/")
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    expect(page.get_by_text("La clé n’a pas répondu")).to_be_visible(timeout=20_000)
