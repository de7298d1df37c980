"""Every page with axe in light and dark, at 360 px and with a keyboard; what the browser complains of; and what a page weighs."""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, Request, ViewportSize, expect

from tests.harness.people import Crowd, console_problems

Opens = Callable[..., Page]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RULES = [*WCAG, "best-practice"]
MOST_REQUESTS = 6
MOST_ASSET_BYTES = 200 * 1024
MOST_LIST_BYTES = 16 * 1024
NARROW: ViewportSize = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 800}

# Name, who looks (nobody: signed out), address.
PAGES = {
    "sign-in": ("", "/compte/connexion/"),
    "password forgotten": ("", "/compte/mot-de-passe/oublie/"),
    "error 404 signed out": ("", "/nulle-part/"),
    "home of a requester": ("camille", "/"),
    "home of a technician": ("julien", "/"),
    "lists": ("camille", "/incidents/"),
    "empty list": ("helene", "/incidents/?liste=miens&statut=closed"),
    "queue": ("julien", "/incidents/guichet/support-ormeval/?liste=ouverts"),
    "record of a requester": ("camille", "{own_record}"),
    "record of a technician": ("julien", "{desk_record}"),
    "closed record": ("camille", "{closed_record}"),
    "history": ("julien", "{desk_record}historique/"),
    "filing": ("camille", "/incidents/nouveau/?solution={solution}"),
    "filing for one of two sites": ("elodie", "/incidents/nouveau/"),
    "search": ("camille", "/recherche/?q=imprimante"),
    "search without words": ("camille", "/recherche/"),
    "profile": ("camille", "/compte/profil/"),
    "own accesses": ("camille", "/compte/acces/"),
    "preferences": ("camille", "/compte/parametres/"),
    "security": ("camille", "/compte/securite/"),
    "sessions": ("camille", "/compte/sessions/"),
    "change of password": ("camille", "/compte/mot-de-passe/"),
    "sign out": ("camille", "/compte/deconnexion/"),
    "practitioners": ("nadia", "/administration/0020/medecins/"),
    "sealing": ("nadia", "/scellement/0020/"),
    "guide of a key": ("nawel", "/scellement/0080/nouvelle-cle/"),
    "workstations": ("nadia", "/scellement/0020/postes/"),
    "ways to unlock": ("nadia", "/scellement/0020/deverrouillage/"),
    "who can read": ("nadia", "/scellement/0020/lecteurs/"),
    "unlocking": ("camille", "/scellement/0020/deverrouiller/"),
    "fingerprints": ("camille", "/scellement/0020/empreintes/"),
    "work of a change of key": ("camille", "/scellement/0020/travaux/"),
    "features of a site": ("nadia", "/administration/0020/fonctionnalites/"),
    "support sites": ("nadia", "/administration/0020/sites-de-support/?q=num"),
    "choice of a support site": ("nadia", "/administration/0020/sites-de-support/ajouter/0140/"),
    "entrusted sites": ("agnes", "/administration/0060/sites-confies/"),
    "a site in somebody's name": ("agnes", "/administration/0020/utilisateurs/"),
    "sites of the platform": ("paul", "/administration/plateforme/sites/"),
    "site of the platform": ("paul", "{site}"),
    "accounts": ("paul", "/administration/plateforme/comptes/"),
    "account": ("paul", "{account}"),
    "mailbox": ("camille", "/courrier/"),
    "kit": ("camille", "/kit/"),
    "error 404": ("camille", "/nulle-part/"),
}


@pytest.fixture(scope="session")
def axe(root: Path) -> str:
    return (root / "frontend/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def places(crowd: Crowd) -> dict[str, str]:
    """Addresses that depend on the data."""
    camille, julien, paul = crowd.visitor("camille"), crowd.visitor("julien"), crowd.visitor("paul")
    filing = camille.form("/incidents/nouveau/", containing="solution")
    return {
        "own_record": first_record(camille.http.get("/incidents/").text),
        "closed_record": first_record(camille.http.get("/incidents/?liste=fermes").text),
        "desk_record": first_record(julien.http.get("/incidents/guichet/support-ormeval/?liste=ouverts").text),
        "solution": filing.choices["solution"][0],
        "site": first_object(paul.http.get("/administration/plateforme/sites/").text, "/administration/plateforme/sites/"),
        "account": first_object(paul.http.get("/administration/plateforme/comptes/").text, "/administration/plateforme/comptes/"),
    }


def first_record(html: str) -> str:
    start = html.index('href="/incidents/INC-') + len('href="')
    return html[start : html.index('"', start)]


def first_object(html: str, parent: str) -> str:
    """Return the first address of a page that names an object under `parent`."""
    found = re.search(rf'href="({re.escape(parent)}[0-9a-f-]{{36}}/)"', html)
    assert found is not None, parent
    return found[1]


def first_link(html: str, beginning: str) -> str:
    """Return the first address of a page that begins so; identifiers begin by 0 for as long as UUIDv7 dates before 2527."""
    start = html.index(f'href="{beginning}') + len('href="')
    return html[start : html.index('"', start)]


@dataclass(frozen=True)
class Look:
    """A page under one theme."""

    page: Page
    axe: str

    def violations(self, theme: Literal["light", "dark"], rules: list[str] = RULES) -> list[str]:
        """Return what axe reproaches, one line for each element."""
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(self.axe)
        found = self.page.evaluate(
            "async (tags) => (await axe.run(document, {runOnly: tags, resultTypes: ['violations']})).violations", rules
        )
        return [f"{theme}: {rule['id']}: {node['html'][:160]} {node['failureSummary'][:300]}" for rule in found for node in rule["nodes"]]


def overflow(page: Page) -> list[str]:
    """Return what makes the page wider than a telephone, nothing when it fits."""
    page.set_viewport_size(NARROW)
    found: list[str] = page.evaluate(
        """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
            [...document.querySelectorAll('body *')]
                .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1)
                .map((element) => element.outerHTML.slice(0, 120))"""
    )
    return found


@pytest.mark.parametrize("name", PAGES)
def test_page_is_accessible_narrow_and_quiet(name: str, open_as: Opens, open_page: Opens, places: dict[str, str], axe: str) -> None:
    who, address = PAGES[name]
    page = open_as(who, viewport=WIDE) if who else open_page(viewport=WIDE)
    problems = console_problems(page)
    answer = page.goto(address.format_map(places))
    assert answer
    assert answer.status == (404 if "404" in name else 200)
    look = Look(page, axe)
    assert look.violations("light") + look.violations("dark") == []
    assert overflow(page) == []
    assert [problem for problem in problems if "404 (Not Found)" not in problem or "404" not in name] == []


@pytest.mark.parametrize("name", ["lists", "queue"])
def test_no_column_of_a_list_is_cut_on_an_ordinary_screen(name: str, open_as: Opens, places: dict[str, str]) -> None:
    who, address = PAGES[name]
    page = open_as(who, viewport={"width": 1366, "height": 768})
    page.goto(address.format_map(places))
    assert page.locator(".table-scroll").evaluate("(box) => box.scrollWidth - box.clientWidth") == 0


def test_second_factor_is_accessible(page: Page, crowd: Crowd, axe: str) -> None:
    person = crowd.person("agnes")
    page.goto("/compte/connexion/")
    page.get_by_label("Adresse électronique").fill(person.email)
    page.get_by_label("Mot de passe", exact=True).fill(person.password)
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", name="Second facteur")).to_be_visible()
    look = Look(page, axe)
    assert look.violations("light") + look.violations("dark") == []
    assert overflow(page) == []
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_role("button", name="Se connecter", exact=True).click()
    expect(page.get_by_label("Code", exact=True)).to_have_attribute("aria-invalid", "true")
    assert look.violations("light") == []


def test_form_with_errors_is_accessible_and_says_first_what_is_wrong(open_as: Opens, places: dict[str, str], axe: str) -> None:
    page = open_as("camille")
    page.goto(f"/incidents/nouveau/?solution={places['solution']}")
    page.get_by_role("button", name="Envoyer").click()
    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    look = Look(page, axe)
    assert look.violations("light") + look.violations("dark") == []
    assert overflow(page) == []
    summary.get_by_role("link").first.press("Enter")
    expect(page.locator("[aria-invalid=true]").first).to_be_focused()


def test_open_menus_and_folds_are_accessible(open_as: Opens, places: dict[str, str], axe: str) -> None:
    page = open_as("julien")
    page.goto(places["desk_record"])
    for fold in page.locator("main details > summary").all():
        fold.evaluate("(summary) => { summary.parentElement.open = true; }")
    page.locator(".head-user summary").click()
    look = Look(page, axe)
    assert look.violations("light") + look.violations("dark") == []
    page.set_viewport_size(NARROW)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Ouvrir le menu").click()
    # What is behind an open drawer is inert, its headings and landmarks too: good practice, which speaks of whole pages, waits.
    assert look.violations("light", WCAG) + look.violations("dark", WCAG) == []


def test_keyboard_reaches_content_search_and_menu(open_as: Opens) -> None:
    page = open_as("camille")
    page.goto("/incidents/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()

    page.keyboard.press("Control+k")
    search = page.get_by_label("Rechercher dans Vigie")
    expect(search).to_be_focused()
    page.keyboard.type("imprimante")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche/?q=imprimante")

    menu = page.locator(".head-user summary")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Mon profil")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Mon profil")).to_be_hidden()
    expect(menu).to_be_focused()


def test_menu_of_a_telephone_opens_and_closes_with_the_keyboard(open_as: Opens) -> None:
    page = open_as("camille", viewport=NARROW)
    page.goto("/")
    opener = page.get_by_role("link", name="Ouvrir le menu")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Mes incidents").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_incident_is_filed_with_the_keyboard_alone(open_as: Opens) -> None:
    page = open_as("helene")
    page.goto("/incidents/nouveau/")
    subject = "Fait au clavier seulement"
    solution = page.get_by_label("Solution concernée")
    solution.focus()
    page.keyboard.type("Ormeval DPI")
    page.keyboard.press("Tab")
    priorities = page.get_by_role("group", name="Priorité").get_by_role("radio")
    expect(priorities.first).to_be_visible()
    priorities.first.focus()
    page.keyboard.press("Space")
    page.get_by_label("Objet").focus()
    page.keyboard.type(subject)
    page.get_by_label("Description").focus()
    page.keyboard.type("Sans souris.")
    page.get_by_role("button", name="Envoyer").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(subject)


@pytest.mark.parametrize("name", ["home of a requester", "lists", "queue", "record of a technician", "filing", "search", "sign-in"])
def test_page_is_light(name: str, open_as: Opens, open_page: Opens, places: dict[str, str]) -> None:
    """What a first visit loads; live messages come after, on a connection of their own."""
    who, address = PAGES[name]
    page = open_as(who) if who else open_page()
    loaded: list[Request] = []
    page.on("requestfinished", lambda request: loaded.append(request))  # noqa: PLW0108 - Playwright refuses a method of a list.
    page.goto(address.format_map(places), wait_until="networkidle" if not who else "load")
    page.evaluate("document.fonts.ready")
    files = [request for request in loaded if "/live/" not in request.url and "/fichiers/" not in request.url]
    assert len(files) <= MOST_REQUESTS, [request.url for request in files]
    assets = [request for request in files if "/static/" in request.url]
    assert sum(request.sizes()["responseBodySize"] for request in assets) <= MOST_ASSET_BYTES
    for request in assets:
        response = request.response()
        assert response
        assert "immutable" in response.headers["cache-control"], request.url


@pytest.mark.parametrize(
    ("who", "address", "rows"),
    [("camille", "/incidents/?liste=tous", 10), ("julien", "/incidents/guichet/support-ormeval/?liste=tous", 25)],
)
def test_list_is_light(who: str, address: str, rows: int, crowd: Crowd) -> None:
    page = crowd.visitor(who).http.get(address)
    assert page.text.count('<td class="cell-main">') >= rows
    assert len(zlib.compress(page.content)) <= MOST_LIST_BYTES
