"""The register of patients in real browsers: a carer, a support site, other people, and whoever holds the server."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from playwright.sync_api import Page, expect

from tests.harness.demonstration import Demonstration
from tests.harness.people import Crowd, console_problems
from tests.harness.taken import found_in
from vigie.web.seed.patients import DEMONSTRATION, Identity, identities

Opens = Callable[..., Page]
HOSTILE = "<img src=x onerror=window.attacked=1>Quelvarec"
TYPED = ("Quelvarec", "Ostremond", "Vaubrenelle", "06 98 76 54 01", "1951-02-03", "03/02/1951")


def open_workstation(page: Page) -> None:
    """From a page that shows sealed values, open this workstation and come back to the page."""
    page.get_by_role("link", name="Ouvrir ce poste").click()
    passphrase = page.locator(".callout .code").inner_text()
    page.get_by_role("textbox", name="Phrase secrète du site").fill(passphrase)
    page.get_by_role("button", name="Déverrouiller", exact=True).click()
    expect(page.get_by_text("Les champs chiffrés sont lisibles sur ce poste")).to_be_visible()


def what_leaves(page: Page) -> list[bytes]:
    """Return a list that grows with all that this page sends: addresses and bodies."""
    sent: list[bytes] = []
    page.on("request", lambda request: sent.append(request.url.encode() + b" " + (request.post_data_buffer or b"")))
    return sent


def test_a_carer_keeps_the_register_and_no_name_leaves_her_browser(open_as: Opens, demo_server: Demonstration, tmp_path: Path) -> None:
    page = open_as("camille")
    problems, sent = console_problems(page), what_leaves(page)
    known = next(identities(1, seed=DEMONSTRATION.seed))
    page.goto("/patients/")
    expect(page.locator("sealed-text").first).to_contain_text("chiffré")
    assert known.family_name not in page.locator("main").inner_text()
    open_workstation(page)

    finds_by_name_date_and_number(page, known)
    adds_somebody_whose_name_would_be_code(page)
    changes_her_and_shows_the_support_nothing_of_her(page)
    imports_a_file(page, tmp_path / "patients.csv")

    # Locked: the names are gone from the page, the numbers stay.
    page.get_by_role("main").get_by_role("button", name="Verrouiller").click()
    expect(page.get_by_text("Vaubrenelle")).to_have_count(0)
    expect(page.get_by_text("E2E-1").first).to_be_visible()

    assert not [text for text in (*TYPED, known.family_name) for body in sent if text.encode() in body]
    assert found_in(demo_server, [text.encode() for text in TYPED]) == {}
    assert problems == []


def finds_by_name_date_and_number(page: Page, known: Identity) -> None:
    search = page.get_by_role("searchbox", name="Rechercher des patients")
    found = page.locator("[data-rows] a").filter(has_text=re.compile(r"^#1$"))
    for typed in (known.family_name[:5].upper(), "/".join(reversed(known.birth_date.split("-"))), "1"):
        search.fill(typed)
        expect(found).to_be_visible()
    search.fill("")
    page.get_by_role("button", name="Nom", exact=True).click()
    names = [cell.split(" ")[0] for cell in page.locator("[data-rows] td.cell-main").all_inner_texts()]
    assert names == sorted(names, key=str.casefold)
    search.fill(known.family_name)
    found.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(known.family_name)


def adds_somebody_whose_name_would_be_code(page: Page) -> None:
    page.goto("/patients/")
    page.get_by_role("link", name="Ajouter un patient").click()
    page.get_by_label("Nom", exact=True).fill(HOSTILE)
    page.get_by_label("Date de naissance").fill("1951-02-03")
    page.get_by_label("Téléphone").fill("06 98 76 54 01")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
    expect(page.get_by_text("03/02/1951")).to_be_visible()
    assert page.evaluate("window.attacked") is None


def changes_her_and_shows_the_support_nothing_of_her(page: Page) -> None:
    page.get_by_role("link", name="Modifier").click()
    page.get_by_label("Prénom").fill("Ostremond")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ostremond")
    page.get_by_text("Avancé…").click()
    page.get_by_role("link", name="Afficher les données brutes").click()
    expect(page.get_by_role("cell", name="Ostremond")).to_be_visible()
    copy = page.locator("#pour-le-support").input_value()
    assert copy.count("XXXXXXX") == 4
    assert not [text for text in TYPED if text in copy]


def imports_a_file(page: Page, file: Path) -> None:
    """Told line by line what is wrong, then whole."""
    page.goto("/patients/")
    page.get_by_role("link", name="Importer").click()
    file.write_text("Nom;Prénom;Date de naissance;IPP\nVaubrenelle;Anne;31/02/1980;E2E-1\n", encoding="cp1252")
    page.get_by_label("Fichier CSV").set_input_files(file)
    expect(page.get_by_text(re.compile(r"Ligne 2\s: La date de naissance n’est pas une date passée"))).to_be_visible()
    expect(page.get_by_role("button", name="Chiffrer et importer")).to_be_disabled()
    file.write_text("Nom;Prénom;Date de naissance;IPP\nVaubrenelle;Anne;1/2/1980;E2E-1\nVaubrenelle;Luc;;E2E-2\n", encoding="cp1252")
    page.get_by_role("button", name="Choisir un autre fichier").click()
    page.get_by_label("Fichier CSV").set_input_files(file)
    page.get_by_role("button", name="Chiffrer et importer").click()
    expect(page.get_by_text("2 patients importés")).to_be_visible()
    page.get_by_role("searchbox", name="Rechercher des patients").fill("vaubrenelle")
    expect(page.locator("[data-rows] tr")).to_have_count(2)


def test_a_patient_is_cited_by_number_and_the_desk_reads_no_name(open_as: Opens) -> None:
    page = open_as("camille")
    sent = what_leaves(page)
    known = next(identities(1, seed=DEMONSTRATION.seed))
    page.goto("/incidents/nouveau/")
    open_workstation(page)
    page.get_by_label("Solution concernée").select_option(label="Ormeval DPI")
    page.get_by_role("group", name="Priorité").get_by_role("radio").last.check()
    page.get_by_label("Objet").fill("Étiquettes illisibles")
    page.get_by_label("Description").fill("Les étiquettes de ce dossier sortent blanches.")
    page.get_by_label("Trouver un patient par son nom").fill(known.family_name)
    page.locator("[data-reference='1']").click()
    expect(page.get_by_label("Patients concernés")).to_have_value("1")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("link", name="#1", exact=True)).to_be_visible()
    record = page.url

    desk = open_as("julien")
    answer = desk.goto(record)
    assert answer is not None
    assert answer.status == 200
    assert known.family_name not in desk.content()
    assert desk.get_by_role("link", name="#1", exact=True).count() == 0
    assert not [body for body in sent if known.family_name.encode() in body]


def test_others_see_nothing_and_a_support_site_sees_no_name(open_as: Opens, crowd: Crowd) -> None:
    register = str(crowd.visitor("camille").http.get("/patients/").headers["Location"])
    for name in ("helene", "nadia", "paul", "julien"):
        assert crowd.visitor(name).http.get(register).status_code == 404, name
    agnes = open_as("agnes")
    agnes.goto(register)
    expect(agnes.get_by_text("Les noms restent chiffrés pour le support")).to_be_visible()
    expect(agnes.get_by_role("complementary", name="Délégation en cours")).to_be_visible()
    expect(agnes.locator("table").get_by_role("link", name=re.compile(r"^#\d+$")).first).to_be_visible()
    expect(agnes.locator("sealed-text").first).to_contain_text("chiffré")
    assert agnes.get_by_role("link", name="Ouvrir ce poste").count() == 0
    for address in ("deverrouiller", "trousseau"):
        answer = agnes.goto(f"/scellement/{register.strip('/').split('/')[-1]}/{address}/")
        assert answer is not None
        assert answer.status == 404


def test_a_value_that_the_server_moved_to_another_patient_is_refused(open_as: Opens, demo_server: Demonstration) -> None:
    page = open_as("camille")
    people = list(identities(2, seed=DEMONSTRATION.seed))
    page.goto("/patients/")
    open_workstation(page)
    with _values_swapped(demo_server):
        page.goto("/patients/")
        page.get_by_role("searchbox", name="Rechercher des patients").fill("#2")
        expect(page.get_by_text("valeur refusée : altérée").first).to_be_visible()
        expect(page.get_by_role("alert").filter(has_text="Prévenez un administrateur")).to_be_visible()
        assert people[0].family_name not in page.locator("[data-rows]").inner_text()


@contextmanager
def _values_swapped(demonstration: Demonstration) -> Iterator[None]:
    """The family names of the first two patients change places in the database."""
    swap: Any = (
        "UPDATE patients_patient p SET family_name = o.family_name FROM patients_patient o"
        " WHERE p.site_id = o.site_id AND p.reference IN (1, 2) AND o.reference = 3 - p.reference"
    )

    def do() -> None:
        with psycopg.connect(demonstration.postgres.url("postgres", "vigie")) as connection:
            assert connection.execute(swap).rowcount == 2

    do()
    yield
    do()
