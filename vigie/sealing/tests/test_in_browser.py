"""Sealed values in a real browser, under the true policy of pages: opened in place, closed everywhere else."""

import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from vigie.sealing import protocol
from vigie.sealing.protocol import Place, new_revision
from vigie.sealing.tests.sealed_site import ORIGIN, SealedPages, SealedSite, sealed_field, sealed_text, trial

AXE = Path(__file__).resolve().parents[3] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RECORD = f"patient:{new_revision()}"
OTHER = f"patient:{new_revision()}"


@pytest.fixture
def pages() -> SealedPages:
    return SealedPages(SealedSite())


@pytest.fixture
def computer(browser: Any, pages: SealedPages) -> Iterator[Callable[..., Any]]:
    """One person's browser, where tabs share what is kept."""
    contexts = []

    def start(**options: Any) -> Any:
        context = browser.new_context(**({"base_url": ORIGIN, "locale": "fr-FR"} | options))
        contexts.append(context)
        context.set_default_timeout(15_000)
        pages.serve(context)
        return context

    yield start
    for context in contexts:
        context.close()


def open_workstation(tab: Any, pages: SealedPages) -> None:
    tab.evaluate(trial())
    tab.evaluate("(given) => trial.open(given)", pages.site.what_opens())


def text_of(pages: SealedPages, text: str, *, record: str = RECORD, name: str = "family_name") -> str:
    return sealed_text(pages.site, record, name, pages.site.sealed(record, name, text))


def test_names_open_where_the_key_is_and_only_there(pages: SealedPages, computer: Callable[..., Any]) -> None:
    pages.show("/", f"<p id='nom'>{text_of(pages, 'Lefèvre')}</p>")
    here, elsewhere = computer().new_page(), computer().new_page()
    violations: list[str] = []
    here.on("console", lambda message: violations.append(message.text) if message.type in {"error", "warning"} else None)
    here.goto("/")
    here.get_by_text("ne détient pas la clé").wait_for()
    assert here.locator("#nom").inner_text() == "•••• chiffré"
    open_workstation(here, pages)
    here.get_by_text("Lefèvre").wait_for()
    here.reload()
    here.get_by_text("Lefèvre").wait_for()
    elsewhere.goto("/")
    elsewhere.get_by_text("ne détient pas la clé").wait_for()
    assert elsewhere.get_by_text("Lefèvre").count() == 0
    assert "Lefèvre" not in here.content()
    assert here.evaluate(f"() => {{ {trial()}; return trial.exportable() }}") is False
    assert violations == []


def test_the_lock_closes_every_tab(pages: SealedPages, computer: Callable[..., Any]) -> None:
    pages.show("/", text_of(pages, "Lefèvre"))
    context = computer()
    one, other = context.new_page(), context.new_page()
    one.goto("/")
    other.goto("/")
    open_workstation(one, pages)
    for tab in (one, other):
        tab.get_by_text("Lefèvre").wait_for()
    one.get_by_role("button", name="Verrouiller").click()
    for tab in (one, other):
        tab.get_by_text("Ce poste est verrouillé").wait_for()
        assert tab.get_by_text("Lefèvre").count() == 0
    other.evaluate(f"() => {{ {trial()}; return trial.reopen() }}")
    for tab in (one, other):
        tab.get_by_text("Lefèvre").wait_for()


def test_a_partial_update_opens_what_it_brings(pages: SealedPages, computer: Callable[..., Any]) -> None:
    pages.show(
        "/", f"<div id='liste'>{text_of(pages, 'Lefèvre')}</div><button type='button' hx-get='/fragment/' hx-target='#liste'>Suite</button>"
    )
    pages.show("/fragment/", text_of(pages, "Nguyễn", record=OTHER))
    tab = computer().new_page()
    tab.goto("/")
    open_workstation(tab, pages)
    tab.get_by_text("Lefèvre").wait_for()
    tab.get_by_role("button", name="Suite").click()
    tab.get_by_text("Nguyễn").wait_for()
    assert tab.get_by_text("Lefèvre").count() == 0


def test_an_update_that_keeps_a_value_keeps_it_open(pages: SealedPages, computer: Callable[..., Any]) -> None:
    kept = text_of(pages, "Lefèvre")
    pages.show(
        "/",
        f"<div id='liste'>{kept}<i>1</i></div>"
        "<button type='button' hx-get='/fragment/' hx-target='#liste' hx-swap='outerMorph'>Suite</button>",
    )
    pages.show("/fragment/", f"<div id='liste'>{kept}<i>2</i></div>")
    tab = computer().new_page()
    tab.goto("/")
    open_workstation(tab, pages)
    tab.get_by_text("Lefèvre").wait_for()
    tab.get_by_role("button", name="Suite").click()
    tab.locator("i", has_text="2").wait_for()
    assert tab.locator("sealed-text").evaluate("(element) => element.shadowRoot.textContent") == "Lefèvre"


def test_what_is_typed_leaves_as_ciphertext_alone(pages: SealedPages, computer: Callable[..., Any]) -> None:
    site = pages.site
    stored = site.sealed(RECORD, "family_name", "Lefèvre")
    field = sealed_field(site, RECORD, "family_name", stored)
    pages.show(
        "/",
        "<keep-draft data-draft-url='/brouillon/'><submit-once><form method='post' action='/enregistrer/'>"
        f"{field}<button>Enregistrer</button></form></submit-once></keep-draft>",
    )
    tab = computer().new_page()
    tab.goto("/")
    assert tab.get_by_label("family_name").is_disabled()
    open_workstation(tab, pages)
    control = tab.get_by_label("family_name")
    expect(control).to_have_value("Lefèvre")
    with tab.expect_request("**/brouillon/"):
        control.fill("Lefebvre")
    with tab.expect_navigation():
        control.type("-Martin")
        tab.keyboard.press("Enter")
    sent = [dict(urllib.parse.parse_qsl(body)) for body in pages.received]
    assert [set(one) for one in sent] == [{"family_name"}, {"family_name"}]
    texts = [protocol.open_field(site.key, Place(**site.place(RECORD, "family_name")), one["family_name"]) for one in sent]
    assert texts == ["Lefebvre", "Lefebvre-Martin"]
    assert "Lefebvre" not in "".join([*pages.received, *pages.asked])


# The control removed, the tests of the session fail (frontend/sealing/session.test.ts): here the whole way to the reader.
def test_values_swapped_by_the_server_are_refused_and_told(pages: SealedPages, computer: Callable[..., Any]) -> None:
    site = pages.site
    one, other = (site.sealed(record, "family_name", text) for record, text in ((RECORD, "Lefèvre"), (OTHER, "Nguyễn")))
    swapped = sealed_text(site, RECORD, "family_name", other) + sealed_text(site, OTHER, "family_name", one)
    pages.show("/", swapped)
    tab = computer().new_page()
    tab.goto("/")
    open_workstation(tab, pages)
    tab.get_by_text("valeur refusée : altérée").first.wait_for()
    assert tab.get_by_role("alert").get_by_text("vient d’une autre fiche").is_visible()
    assert tab.get_by_text("Lefèvre").count() + tab.get_by_text("Nguyễn").count() == 0


def test_an_older_value_is_refused_on_a_workstation_that_saw_the_newer(pages: SealedPages, computer: Callable[..., Any]) -> None:
    site = pages.site
    older = site.sealed(RECORD, "family_name", "Lefèvre")
    newer = protocol.seal_field(site.key, Place(**site.place(RECORD, "family_name")), "Lefebvre", after=older.split(".")[2])
    pages.show("/", sealed_text(site, RECORD, "family_name", newer))
    tab = computer().new_page()
    tab.goto("/")
    open_workstation(tab, pages)
    tab.get_by_text("Lefebvre").wait_for()
    tab.evaluate("trial.remembered(1)")
    pages.show("/", sealed_text(site, RECORD, "family_name", older))
    tab.reload()
    tab.get_by_text("valeur refusée : ancienne").wait_for()
    assert tab.get_by_text("Lefèvre").count() == 0


def test_nothing_stays_readable_in_a_page_put_away(pages: SealedPages, computer: Callable[..., Any]) -> None:
    pages.show("/", text_of(pages, "Lefèvre"))
    tab = computer().new_page()
    tab.goto("/")
    open_workstation(tab, pages)
    tab.get_by_text("Lefèvre").wait_for()
    tab.evaluate("window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")
    assert tab.locator("sealed-text").evaluate("(element) => element.shadowRoot.textContent") == ""
    tab.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    tab.get_by_text("Lefèvre").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_open_and_closed_pages_are_accessible(pages: SealedPages, computer: Callable[..., Any], theme: str) -> None:
    site = pages.site
    stored = site.sealed(RECORD, "family_name", "Lefèvre")
    pages.show(
        "/",
        f"<p>{text_of(pages, '1980-12-31', name='birth_date')} {sealed_text(site, OTHER, 'family_name', stored)}</p>"
        f"<form method='post'>{sealed_field(site, RECORD, 'family_name', stored)}<button class='btn'>Enregistrer</button></form>",
    )
    tab = computer(color_scheme=theme, viewport={"width": 360, "height": 800}, reduced_motion="reduce").new_page()
    tab.goto("/")
    check = AXE.read_text(encoding="utf-8") + "; axe.run(document, { resultTypes: ['violations'] })"
    for is_open in (False, True):
        if is_open:
            open_workstation(tab, pages)
            tab.get_by_role("alert").first.wait_for()
        found = [(violation["id"], violation["nodes"][0]["html"]) for violation in tab.evaluate(check)["violations"]]
        assert found == []
        assert tab.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
