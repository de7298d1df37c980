"""Every page of administration, of one's own account and of the key, with axe: one browser a person, which goes from page to page.

Each page is looked at twice: light and wide, with all the rules; then dark and as narrow as a telephone, where nothing may be
wider than the screen, with the rules that depend on it. What needs a gesture first (a file, people ticked, a form sent empty)
is reached by it.
"""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.test_accessibility import Look, axe, first_link, first_object, overflow
from tests.harness.people import Crowd, console_problems

__all__ = ["axe"]
Step = str | Callable[[Page], None]
"""An address, or the gestures that lead to a page."""
OF_COLOURS_AND_WIDTH = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size"]
"""Rules whose answer may change with the theme or with the width; the others are asked once a page."""
WIDE: ViewportSize = {"width": 1440, "height": 900}
SITE = "/administration/0020"
PLATFORM = "/administration/plateforme"
DESK = "/administration/guichets/support-ormeval"
KEY = "/scellement/0020"
FILE = """email;nom;prenom;roles
lea.{0}@demonstration.example;Aubin;Léa;
pas une adresse;Bruneau;Paul;Chef
LEA.{0}@demonstration.example;Aubin;Léa;
"""


@pytest.fixture(scope="session")
def objects(crowd: Crowd) -> dict[str, str]:
    """Addresses of the records that the walks open."""
    nadia, paul = crowd.visitor("nadia").http, crowd.visitor("paul").http

    def of_site(words: str) -> str:
        return first_link(nadia.get(f"{SITE}/utilisateurs/", params={"q": words}).text, "/administration/utilisateurs/0")

    desk = paul.get(f"{DESK}/").text
    return {
        "member": of_site("camille renaud"),
        "expired": of_site("castelnau"),
        "disabled": of_site("lestringant"),
        "administrator": of_site("royer"),
        "herself": of_site("benali"),
        "service": first_link(nadia.get(f"{SITE}/services/").text, "/administration/services/0"),
        "practitioner": first_link(nadia.get(f"{SITE}/medecins/").text, "/administration/medecins/0"),
        "grant": first_link(nadia.get(f"{SITE}/sites-de-support/").text, "/administration/delegations/0"),
        "space": first_object(paul.get(f"{PLATFORM}/espaces/").text, f"{PLATFORM}/espaces/"),
        "site": first_object(paul.get(f"{PLATFORM}/sites/").text, f"{PLATFORM}/sites/"),
        "account": first_object(paul.get(f"{PLATFORM}/comptes/?q=camille").text, f"{PLATFORM}/comptes/"),
        **{part: first_link(desk, f"{DESK}/{part}/0") for part in ("categorie", "priorite")},
    }


def confirmed(page: Page, address: str, password: str) -> None:
    """Open a page that may ask first who is there."""
    page.goto(address)
    if "/compte/confirmer/" in page.url:
        page.get_by_label("Mot de passe").fill(password)
        page.get_by_role("button", name="Confirmer").click()
        page.wait_for_url(lambda url: "/compte/confirmer/" not in url)


def walk(page: Page, axe: str, steps: dict[str, Step], *, expected: str = "") -> None:
    """Take each step and look at the page it leads to; `expected` is what the browser may say of answers that refuse."""
    told: list[str] = []
    heard = console_problems(page)
    for name, step in steps.items():
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        if callable(step):
            step(page)
        else:
            answer = page.goto(step)
            assert answer is not None
            assert answer.ok, f"{name}: {answer.status}"
        look = Look(page, axe)
        found = look.violations("light")
        found += overflow(page)
        found += look.violations("dark", OF_COLOURS_AND_WIDTH)
        told += [f"{name}: {one}" for one in found]
        told += [f"{name}: {one}" for one in heard if not expected or expected not in one]
        heard.clear()
    assert told == []


def send_file(page: Page) -> None:
    page.goto(f"{SITE}/utilisateurs/importer/")
    content = FILE.format(uuid4().hex[:6]).encode()
    page.get_by_label("Fichier CSV").set_input_files({"name": "personnes.csv", "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Voir l’aperçu").click()
    expect(page.get_by_role("button", name=re.compile("Inviter"))).to_be_visible()


def confirm_file(page: Page) -> None:
    send_file(page)
    page.get_by_role("button", name=re.compile("Inviter")).click()
    page.wait_for_url("**/travaux/*/")
    expect(page.get_by_text("1 invitation envoyée")).to_be_visible()


def sent_empty(address: str, button: str) -> Callable[[Page], None]:
    """Send a form as it is, past what the browser itself would ask."""

    def step(page: Page) -> None:
        page.goto(address)
        page.locator("main form.form").first.evaluate("(form) => { form.noValidate = true; }")
        page.get_by_role("main").get_by_role("button", name=button).click()
        expect(page.locator("[aria-invalid=true]").first).to_be_visible()

    return step


def ticked(button: str) -> Callable[[Page], None]:
    """Tick the first two people of the list, and ask something of them."""

    def step(page: Page) -> None:
        page.goto(f"{SITE}/utilisateurs/")
        for box in page.get_by_role("checkbox", name=re.compile("^Sélectionner")).all()[:2]:
            box.check()
        page.get_by_role("button", name=button).click()
        page.wait_for_load_state()

    return step


def test_pages_of_a_site_are_accessible(open_as: Callable[..., Page], crowd: Crowd, objects: dict[str, str], axe: str) -> None:
    password = crowd.person("nadia").password
    member, service, practitioner = objects["member"], objects["service"], objects["practitioner"]
    steps: dict[str, Step] = {
        "members": f"{SITE}/utilisateurs/",
        "nobody found": f"{SITE}/utilisateurs/?q=zzzzzz",
        "one to invite": f"{SITE}/utilisateurs/ajouter/",
        "member": member,
        "expired": objects["expired"],
        "disabled": objects["disabled"],
        "administrator": objects["administrator"],
        "herself": objects["herself"],
        "factors": lambda page: confirmed(page, f"{member}facteurs/reinitialiser/", password),
        "unlocking": f"{member}debloquer/",
        "identities": f"{member}medecins/ajouter/",
        "card to lend": f"{member}carte/",
        "cards": f"{SITE}/cartes/",
        "borrowers": f"{SITE}/cartes/preter/",
        "file": f"{SITE}/utilisateurs/importer/",
        "plan of a file": send_file,
        "progress": confirm_file,
        "errands": "/travaux/",
        "some to deactivate": ticked("Désactiver…"),
        "some to attach": ticked("Services…"),
        "services": f"{SITE}/services/",
        "no service found": f"{SITE}/services/?q=zzzzzz",
        "service": service,
        "service to delete": f"{service}supprimer/",
        "people of a service": f"{service}personnes/ajouter/",
        "practitioner to add": f"{SITE}/medecins/ajouter/",
        "practitioner": practitioner,
        "services of a feature": f"{SITE}/fonctionnalites/dmp/services/",
        "journal": f"{SITE}/journal/",
        "empty journal": f"{SITE}/journal/?du=2031-01-01",
        "rights": f"{SITE}/droits/",
        "versions of rights": "/administration/droits/versions/",
        "desks": f"{SITE}/guichets/",
        "grant to renew": f"{objects['grant'].split('/retirer')[0].split('/renouveler')[0].rstrip('/')}/renouveler/",
    }
    walk(open_as("nadia"), axe, steps)


def test_forms_of_a_site_that_were_refused_are_accessible(open_as: Callable[..., Page], axe: str) -> None:
    steps: dict[str, Step] = {
        "one to invite": sent_empty(f"{SITE}/utilisateurs/ajouter/", "Envoyer l’invitation"),
        "practitioner": sent_empty(f"{SITE}/medecins/ajouter/", "Ajouter le médecin"),
    }
    walk(open_as("nadia"), axe, steps, expected="422 (Unprocessable")


def test_pages_of_the_platform_are_accessible(open_as: Callable[..., Page], crowd: Crowd, objects: dict[str, str], axe: str) -> None:
    password = crowd.person("paul").password
    account, site = objects["account"], objects["site"]
    steps: dict[str, Step] = {
        "spaces": f"{PLATFORM}/espaces/",
        "space to make": f"{PLATFORM}/espaces/creer/",
        "space": objects["space"],
        "site to make": f"{PLATFORM}/sites/creer/",
        "site out of service": f"{site}service/",
        "administrators": f"{site}administrateurs/",
        "account to close": f"{account}activite/",
        "account to unlock": f"{account}deblocage/",
        "rights": "/administration/droits/",
        "rights to change": lambda page: confirmed(page, f"{PLATFORM}/droits/modifier/", password),
        "preview of rights": f"{PLATFORM}/droits/apercu/?e=non:incident.file:user:own&personnes=incident.file:user:own",
        "versions of rights": "/administration/droits/versions/",
        "journal": f"{PLATFORM}/journal/",
        "terms": f"{PLATFORM}/conditions/",
        "text of terms": f"{PLATFORM}/conditions/texte/?version=1",
        "terms to write": f"{PLATFORM}/conditions/brouillon/",
        "preview of terms": f"{PLATFORM}/conditions/apercu/",
        "who accepted": f"{PLATFORM}/conditions/acceptations/",
        "desks": f"{PLATFORM}/guichets/",
        "desk": f"{DESK}/",
        **{f"{part} of a desk": f"{DESK}/{part}/" for part in ("reglages", "horaires")},
        **{f"{part} to add": f"{DESK}/{part}/" for part in ("groupe", "solution")},
        **{f"{part} to change": objects[part] for part in ("categorie", "priorite")},
        "catalogue": f"{PLATFORM}/fonctionnalites/",
        "feature to define": f"{PLATFORM}/fonctionnalites/definir/",
        "feature": f"{PLATFORM}/fonctionnalites/dmp/modifier/",
        "features of a practitioner": objects["practitioner"],
        "range of addresses": lambda page: confirmed(page, f"{objects['member']}plages/ajouter/", password),
    }
    walk(open_as("paul"), axe, steps)


def test_pages_of_oneself_are_accessible(open_as: Callable[..., Page], crowd: Crowd, axe: str) -> None:
    steps: dict[str, Step] = {
        "own data": lambda page: confirmed(page, "/compte/mes-donnees/", crowd.person("camille").password),
        "mails": "/compte/courriels/",
        "own journal": "/journal/",
        "help": "/aide/",
        "patients": "/patients/0020/",
        "patient to add": "/patients/0020/ajouter/",
        "patients to import": "/patients/0020/importer/",
        "key": f"{KEY}/",
        "workstation": f"{KEY}/deverrouiller/",
        "workstations": f"{KEY}/postes/",
        "readers": f"{KEY}/lecteurs/",
        "fingerprints": f"{KEY}/empreintes/",
        "work on the key": f"{KEY}/travaux/",
    }
    walk(open_as("camille"), axe, steps)


def test_pages_of_who_manages_a_key_are_accessible(open_as: Callable[..., Page], axe: str) -> None:
    steps: dict[str, Step] = {
        "key": f"{KEY}/",
        "workstation": f"{KEY}/deverrouiller/",
        "ways to unlock": f"{KEY}/deverrouillage/",
        "readers": f"{KEY}/lecteurs/",
    }
    walk(open_as("benoit"), axe, steps)


def test_pages_of_who_acts_for_another_site_are_accessible(open_as: Callable[..., Page], objects: dict[str, str], axe: str) -> None:
    steps: dict[str, Step] = {
        "member": objects["member"],
        "administrator, whom she leaves alone": objects["administrator"],
        "one to invite": f"{SITE}/utilisateurs/ajouter/",
        "services": f"{SITE}/services/",
        "services of a feature": f"{SITE}/fonctionnalites/dmp/services/",
    }
    walk(open_as("agnes"), axe, steps)
