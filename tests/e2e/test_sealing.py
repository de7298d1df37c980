"""The key of a site in real browsers: made by two administrators, unlocked elsewhere, lost and found again, changed."""

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.harness.demonstration import Demonstration
from tests.harness.people import Crowd, console_problems
from vigie.sealing.protocol import make_keys
from vigie.web.seed.patients import DEMONSTRATION, identities

Opens = Callable[..., Page]
GROUPS = r"(?:[0-9A-Z]{4}-){%d}[0-9A-Z]{4}"


@pytest.fixture(scope="session")
def hospital(crowd: Crowd) -> str:
    """The hospital of the demonstration, whose key is in service."""
    return str(crowd.visitor("nadia").http.get("/scellement/").headers["Location"])


@pytest.fixture(scope="session")
def keyless(crowd: Crowd) -> str:
    """A hospital whose key is still to be made."""
    return str(crowd.visitor("nawel").http.get("/scellement/").headers["Location"])


def text_of(place: Locator, pattern: str) -> str:
    """Return what an element shows, once it has the form of a secret."""
    expect(place).to_have_text(re.compile(f"^{pattern}$"))
    return place.inner_text()


def give_passphrase(page: Page, passphrase: str, button: str) -> None:
    page.get_by_role("textbox", name="Phrase secrète du site").fill(passphrase.lower().replace("-", " "))
    page.get_by_role("button", name=button, exact=True).click()


def make_key(page: Page, address: str) -> tuple[str, str, str]:
    """Follow the guide up to the second administrator; return the passphrase, the kit and the fingerprint."""
    page.goto(address)
    return follow_guide(page)


def follow_guide(page: Page) -> tuple[str, str, str]:
    page.get_by_label(re.compile("J’ai compris")).check()
    page.get_by_role("button", name="Créer la clé dans ce navigateur").click()
    passphrase = text_of(page.locator("[data-step=passphrase] .secret"), GROUPS % 3)
    page.get_by_label("Je l’ai notée en lieu sûr").check()
    page.get_by_role("button", name="Continuer").click()
    kit = text_of(page.locator(".kit-sheet [data-kit-text]"), GROUPS % 13)
    expect(page.locator(".kit-sheet svg").last).to_be_visible()
    page.get_by_role("button", name="La feuille est imprimée").click()
    page.locator("#kit-typed").fill(kit[:-1] + ("0" if kit[-1] != "0" else "1"))
    page.get_by_role("button", name="Vérifier", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Ce n’est pas un secret complet")).to_be_visible()
    page.locator("#kit-typed").fill(kit)
    page.get_by_role("button", name="Vérifier", exact=True).click()
    fingerprint = text_of(page.locator("[data-fingerprint-second]"), r"(?:[0-9A-Z]{5}-){4}[0-9A-Z]{5}")
    assert passphrase not in page.content()
    assert kit not in page.content()
    return passphrase, kit, fingerprint


def confirm_key(page: Page, address: str, fingerprint: str, passphrase: str) -> None:
    page.goto(f"{address}confirmer/")
    field = page.get_by_label("Empreinte lue sur l’autre écran")
    assert fingerprint not in page.locator("main").inner_text()
    field.fill(f"00000{fingerprint[5:]}")
    page.get_by_role("button", name="Comparer", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="ne confirmez pas")).to_be_visible()
    field.fill(fingerprint)
    page.get_by_role("button", name="Comparer", exact=True).click()
    give_passphrase(page, passphrase, "Confirmer la clé")
    page.wait_for_url(f"**{address}")
    expect(page.get_by_text("En service").first).to_be_visible()
    expect(page.get_by_text(fingerprint).first).to_be_visible()


def plug_authenticator(page: Page) -> None:
    """Give this browser a passkey that protects keys."""
    session: Any = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True, "hasPrf": True}
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def leave_and_change(nawel: Page, sebastien: Page, leaver: Page, *, address: str, passphrase: str) -> None:
    """Somebody leaves with a workstation that holds the former key: she reads nothing that is sealed from now on.

    Seen to fail: without `#isLaterEpoch` in the session, which made it a false alarm.
    """
    # A patient, whom that workstation opens too.
    register = address.replace("/scellement/", "/patients/")
    add_patient(sebastien, register, "Corvanieux")
    leaver.goto(register)
    expect(name_in_list(leaver)).to_have_text("Corvanieux")
    former = token_of(leaver)

    # Somebody leaves: a new key, and the workstation that holds both finishes the change.
    nawel.goto(f"{address}nouvelle-cle/?raison=leaver")
    give_passphrase(nawel, passphrase, "Ouvrir la clé en service")
    new_passphrase, _kit, new_fingerprint = follow_guide(nawel)
    confirm_key(sebastien, address, new_fingerprint, new_passphrase)
    sebastien.goto(f"{address}travaux/")
    give_passphrase(sebastien, new_passphrase, "Ouvrir")
    sebastien.get_by_role("button", name="Faire le travail maintenant").click()
    expect(sebastien.get_by_role("heading", name="Tout est à jour")).to_be_visible()
    sebastien.goto(address)
    expect(sebastien.get_by_text("Retirée", exact=True)).to_be_visible()
    expect(sebastien.get_by_text("n’est pas terminé")).to_have_count(0)

    # What she kept opens nothing of today: neither the values sealed again, nor the data key; the former ones are not served.
    sebastien.goto(f"{address}deverrouiller/")
    give_passphrase(sebastien, new_passphrase, "Déverrouiller")
    expect(sebastien.get_by_role("heading", name="Ce poste est déverrouillé")).to_be_visible()
    for page in (sebastien, leaver):
        page.goto(register)
        expect(page.locator("patient-register sealed-text").first).to_be_attached()
        assert token_of(page) != former
        assert former not in page.content()
    expect(name_in_list(sebastien)).to_have_text("Corvanieux")
    expect(name_in_list(leaver)).to_have_text("en attente d’une clé")
    expect(leaver.get_by_text("La clé de votre site a été renouvelée")).to_be_visible()
    expect(leaver.locator("[data-alarms]")).to_be_hidden()


def test_key_is_made_by_two_found_again_by_the_kit_and_changed(open_as: Opens, keyless: str) -> None:
    nawel, sebastien = open_as("nawel"), open_as("sebastien")
    problems = console_problems(nawel) + console_problems(sebastien)
    nawel.goto(keyless)
    nawel.get_by_role("link", name="Commencer le guide").click()
    expect(nawel.get_by_text("sont perdus pour toujours").first).to_be_visible()
    passphrase, kit, fingerprint = make_key(nawel, f"{keyless}nouvelle-cle/")
    nawel.goto(f"{keyless}confirmer/")
    expect(nawel.locator("key-fingerprint")).to_have_text(fingerprint)
    confirm_key(sebastien, keyless, fingerprint, passphrase)

    # The first workstation makes the first data key.
    sebastien.goto(f"{keyless}deverrouiller/")
    sebastien.get_by_label("Nom de ce poste").fill("Salle des applications")
    give_passphrase(sebastien, "0000-0000-0000-0000", "Déverrouiller")
    expect(sebastien.get_by_role("alert").filter(has_text="n’ouvre pas la clé")).to_be_visible()
    give_passphrase(sebastien, passphrase, "Déverrouiller")
    expect(sebastien.get_by_role("heading", name="Ce poste est déverrouillé")).to_be_visible()
    expect(sebastien.locator("key-unlock").get_by_text(fingerprint)).to_be_visible()
    sebastien.goto(f"{keyless}lecteurs/")
    expect(sebastien.get_by_role("row", name="CHU de Garance")).to_be_visible()

    # All workstations are lost: without anything, the page says so; the kit opens another one.
    other = open_as("sebastien")
    other.goto(f"{keyless}deverrouiller/")
    other.get_by_text("Je n’ai ni phrase, ni kit, ni clé d’accès").click()
    expect(other.get_by_text("les noms déjà scellés sont perdus")).to_be_visible()
    other.get_by_text("Je n’ai que le kit de secours").click()
    other.get_by_label("Code du kit de secours").fill(kit)
    other.get_by_role("button", name="Ouvrir avec le kit").click()
    expect(other.locator("key-unlock").get_by_text(fingerprint)).to_be_visible()

    # A passkey opens the third one.
    plug_authenticator(other)
    other.goto(f"{keyless}deverrouillage/")
    give_passphrase(other, passphrase, "Ouvrir la clé")
    other.get_by_label("Nom de la nouvelle clé d’accès").fill("Sébastien, clé bleue")
    other.get_by_role("button", name="Ajouter une clé d’accès").click()
    expect(other.get_by_role("heading", name="C’est fait")).to_be_visible()
    other.goto(f"{keyless}deverrouiller/")
    other.get_by_role("button", name="Oublier ce poste").click()
    other.get_by_role("button", name="Utiliser une clé d’accès").click()
    expect(other.locator("key-unlock").get_by_text(fingerprint)).to_be_visible()

    leave_and_change(nawel, sebastien, other, address=keyless, passphrase=passphrase)
    assert problems == []


def add_patient(page: Page, register: str, family_name: str) -> None:
    page.goto(f"{register}ajouter/")
    page.get_by_label("Nom", exact=True).fill(family_name)
    page.get_by_role("button", name="Enregistrer").click()
    page.wait_for_url("**/patients/fiche/**")


def name_in_list(page: Page) -> Locator:
    return page.locator("patient-register sealed-text[data-field=family_name]:visible").first


def token_of(page: Page) -> str:
    return str(name_in_list(page).get_attribute("data-token"))


def test_workstation_locks_itself_asks_who_is_there_and_forgets(open_as: Opens, crowd: Crowd, hospital: str) -> None:
    page = open_as("camille")
    problems = console_problems(page)
    page.clock.install()
    page.goto(f"{hospital}deverrouiller/")
    passphrase = page.locator(".callout .code").inner_text()
    give_passphrase(page, passphrase, "Déverrouiller")
    opened = page.get_by_role("heading", name="Ce poste est déverrouillé")
    locked = page.get_by_role("heading", name="Ce poste est verrouillé")
    expect(opened).to_be_visible()
    page.reload()
    expect(opened).to_be_visible()
    page.clock.fast_forward("16:00")
    expect(locked).to_be_visible()
    page.get_by_role("link", name="Reprendre").click()
    page.get_by_label("Mot de passe").fill(crowd.person("camille").password)
    page.get_by_role("button", name="Confirmer").click()
    expect(opened).to_be_visible()
    page.get_by_role("banner").get_by_role("button", name="Verrouiller les données de santé").click()
    expect(locked).to_be_visible()
    page.get_by_role("button", name="Oublier ce poste").click()
    expect(page.get_by_role("heading", name="Déverrouiller ce poste")).to_be_visible()
    page.goto(f"{hospital}postes/")
    expect(page.get_by_text("A oublié la clé").first).to_be_visible()
    assert problems == []


def test_a_changed_key_alarms_and_a_revoked_workstation_forgets(open_as: Opens, demo_server: Demonstration, hospital: str) -> None:
    """Seen to fail: with a ring that lists nobody as withdrawn."""
    page, nadia = open_as("camille"), open_as("nadia")
    name = next(identities(1, seed=DEMONSTRATION.seed)).family_name
    station = "Poste volé de l’accueil"
    page.goto(f"{hospital}deverrouiller/")
    page.get_by_label("Nom de ce poste").fill(station)
    give_passphrase(page, page.locator(".callout .code").inner_text(), "Déverrouiller")
    expect(page.get_by_role("heading", name="Ce poste est déverrouillé")).to_be_visible()
    page.goto("/patients/")
    expect(page.get_by_text(name).first).to_be_visible()

    # Whoever holds the server puts a key of his own under the name of the site's.
    with psycopg.connect(demo_server.postgres.url("postgres", "vigie"), autocommit=True) as database:
        [(key, site, epoch, record)] = database.execute(
            "SELECT k.id, site_id, epoch, record FROM sealing_sitekey k JOIN directory_site s ON s.id = site_id"
            " WHERE s.number = %s AND confirmed_at IS NOT NULL AND superseded_at IS NULL",
            [hospital.split("/")[-2]],
        ).fetchall()
        swapped, _private = make_keys(f"site:{site}#{epoch}")
        replace = "UPDATE sealing_sitekey SET record = %s WHERE id = %s"
        database.execute(replace, [swapped, key])
        try:
            with page.expect_response("**/alarme/") as told:
                page.goto("/patients/")
            assert told.value.status == 200
            expect(page.get_by_text("une autre clé que celle que ce poste connaît")).to_be_visible()
            page.goto(f"{hospital}empreintes/")
            expect(page.get_by_text("A changé : alarme")).to_be_visible()
        finally:
            database.execute(replace, [record, key])
    nadia.goto(f"/administration/{hospital.split('/')[-2]}/journal/")
    expect(nadia.get_by_text("Alarme sur un poste de Camille Renaud").first).to_be_visible()

    # Stolen: revoked on another one, it forgets at its next page.
    nadia.goto(f"{hospital}postes/")
    row_of_station = nadia.get_by_role("row").filter(has_text=station)
    row_of_station.get_by_text("Gérer").click()
    row_of_station.get_by_role("button", name="Révoquer…").click()
    nadia.get_by_role("button", name="Révoquer", exact=True).click()
    expect(nadia.get_by_role("row").filter(has_text=station).get_by_text("Révoqué")).to_be_visible()
    page.goto("/patients/")
    expect(page.get_by_text("Ce poste ne détient pas la clé de votre site")).to_be_visible()
    expect(page.get_by_text(name)).to_have_count(0)


def test_values_are_sealed_again_under_a_new_data_key_and_still_open(open_as: Opens, hospital: str) -> None:
    page = open_as("camille")
    problems = console_problems(page)
    page.goto(f"{hospital}deverrouiller/")
    give_passphrase(page, page.locator(".callout .code").inner_text(), "Déverrouiller")
    expect(page.get_by_role("heading", name="Ce poste est déverrouillé")).to_be_visible()
    page.goto(f"{hospital}travaux/")
    page.get_by_role("button", name="Nouvelle clé de données et rescellement complet").click()
    expect(page.get_by_role("heading", name="Tout est à jour")).to_be_visible(timeout=60_000)
    expect(page.locator("key-work [data-error]")).to_be_hidden()
    page.goto(f"{hospital}travaux/")
    expect(page.get_by_text("0 valeur à resceller")).to_be_visible()
    page.goto("/patients/")
    anybody = next(identities(1, seed=DEMONSTRATION.seed))
    expect(page.get_by_text(anybody.family_name).first).to_be_visible()
    assert problems == []
