"""Passkeys, with Chromium's virtual authenticator (ACC-1): added, used alone, used as second factor, renamed, removed."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.harness.demonstration import Demonstration
from tests.harness.people import Crowd, Person, console_problems, open_mail


def sign_in(page: Page, crowd: Crowd, name: str) -> None:
    page.goto("/compte/connexion/")
    crowd.sign_in(page, name)


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


def add_key(page: Page, person: Person, *, name: str, alone: bool = True) -> None:
    page.goto("/compte/securite/cles/ajouter/")
    if "/confirmer/" in page.url:
        page.get_by_label("Mot de passe").fill(person.password)
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


def test_passkey_opens_a_session_alone(page: Page, demo_server: Demonstration, crowd: Crowd) -> None:
    problems, person = console_problems(page), crowd.person("karim")
    sign_in(page, crowd, "karim")
    plug_authenticator(page)
    add_key(page, person, name="Téléphone de service")
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
        page.get_by_label("Mot de passe").fill(person.password)
        page.get_by_role("button", name="Confirmer").click()
    page.get_by_label("Nom de la clé").fill("Téléphone personnel")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("link", name="Retirer Téléphone personnel").click()
    page.get_by_role("button", name="Retirer").click()
    page.wait_for_url("**/securite/")
    expect(page.get_by_text("Téléphone personnel")).to_have_count(0)
    assert problems == []


def test_key_is_the_second_factor_after_the_password(page: Page, demo_server: Demonstration, crowd: Crowd) -> None:
    person = crowd.person("paul")
    sign_in(page, crowd, "paul")
    plug_authenticator(page, verifies=False)
    add_key(page, person, name="Clé du bureau", alone=False)
    sign_out(page)
    page.get_by_label("Adresse électronique").fill(person.email)
    page.get_by_label("Mot de passe", exact=True).fill(person.password)
    page.get_by_role("button", name="Continuer").click()
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.wait_for_url(f"{demo_server.base_url}/")


def test_key_that_verifies_nobody_does_not_replace_the_password(page: Page, crowd: Crowd) -> None:
    sign_in(page, crowd, "nicolas")
    plug_authenticator(page, verifies=False)
    page.goto("/compte/securite/cles/ajouter/")
    page.get_by_label("Mot de passe").fill(crowd.person("nicolas").password)
    page.get_by_role("button", name="Confirmer").click()
    page.get_by_label("Nom de la clé").fill("Clé sans code")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("alert").filter(has_text="n’a pas répondu")).to_be_visible()


def test_browser_without_a_known_key_is_told_so(page: Page) -> None:
    plug_authenticator(page)
    page.goto("/compte/connexion/")
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    expect(page.get_by_text("La clé n’a pas répondu")).to_be_visible(timeout=20_000)


def test_two_keys_are_named_and_the_removal_of_one_is_told_by_mail(page: Page, crowd: Crowd) -> None:
    problems, person = console_problems(page), crowd.person("thierry")
    sign_in(page, crowd, "thierry")
    plugged = plug_authenticator(page)
    add_key(page, person, name="Téléphone")
    page.goto("/compte/securite/")
    expect(page.get_by_role("row", name="Téléphone")).to_be_visible()
    # A key that is registered already refuses to be so twice: another one takes its place in the browser.
    plugged.send("WebAuthn.disable")
    plug_authenticator(page, verifies=False)
    add_key(page, person, name="Clé USB du bureau", alone=False)
    page.goto("/compte/securite/")
    expect(page.get_by_role("row", name="Téléphone")).to_contain_text("remplace le mot de passe")
    expect(page.get_by_role("row", name="Clé USB du bureau")).to_contain_text("second facteur")

    page.get_by_role("link", name="Retirer Téléphone").click()
    page.get_by_role("button", name="Retirer").click()
    page.wait_for_url("**/securite/")
    expect(page.get_by_role("row", name="Téléphone")).to_have_count(0)
    expect(page.get_by_role("row", name="Clé USB du bureau")).to_be_visible()
    assert open_mail(page, person.email, "Une clé d’accès a été retirée")
    assert problems == []
