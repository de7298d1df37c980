"""What people type is neither lost nor doubled: double clicks, ended sessions, closed tabs, cut networks, no JavaScript."""

import re
from collections.abc import Callable
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.harness.demonstration import Demonstration
from tests.harness.people import Crowd

LONG_TEXT = "\n".join(f"Ligne {line} : ce que nous avons fait depuis ce matin, poste par poste." for line in range(1, 120))
Opens = Callable[..., Page]


def unique(words: str) -> str:
    return f"{words} {uuid4().hex[:8]}"


def fill_filing_form(page: Page, *, subject: str, description: str) -> None:
    """Fill what must be filled, for somebody of one site."""
    page.goto("/incidents/nouveau/")
    if page.get_by_role("button", name="Repartir de zéro").count():
        page.get_by_role("button", name="Repartir de zéro").click()
    page.get_by_label("Solution concernée").select_option(label="Ormeval DPI")
    page.get_by_role("radio", name=re.compile("^Important")).check()
    page.get_by_label("Objet").fill(subject)
    page.get_by_label("Description").fill(description)


def file_incident(page: Page, *, subject: str) -> str:
    """File an incident; return its address."""
    fill_filing_form(page, subject=subject, description="Depuis ce matin.")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(subject)
    return page.url


def end_session(page: Page) -> None:
    """Take the session away from this browser, as its expiry does."""
    page.context.clear_cookies(name=re.compile("session"))


def test_double_click_on_send_files_one_incident(open_as: Opens) -> None:
    page = open_as("thierry")
    subject = unique("Double clic")
    fill_filing_form(page, subject=subject, description="Une seule fois.")
    page.get_by_role("button", name="Envoyer").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text(subject)
    page.goto("/incidents/")
    expect(page.get_by_role("link", name=subject)).to_have_count(1)


def test_double_click_without_javascript_files_one_incident(open_as: Opens) -> None:
    page = open_as("thierry", java_script_enabled=False)
    subject = unique("Double clic sans JavaScript")
    fill_without_javascript(page, subject=subject)
    page.get_by_role("button", name="Envoyer").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text(subject)
    page.goto("/incidents/")
    expect(page.get_by_role("link", name=subject)).to_have_count(1)


def test_long_description_comes_back_after_the_session_expired(open_as: Opens, crowd: Crowd) -> None:
    page = open_as("elodie")
    subject = unique("Session expirée")
    page.goto("/incidents/nouveau/")
    page.get_by_label("Site concerné").select_option(label="SAMU de Garance")
    page.get_by_label("Solution concernée").select_option(index=1)
    page.get_by_role("radio", name=re.compile("^Incident")).check()
    page.get_by_role("group", name="Priorité").get_by_role("radio").first.check()
    page.get_by_label("Objet").fill(subject)
    page.get_by_label("Description").fill(LONG_TEXT)
    end_session(page)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("heading", name="Connexion")).to_be_visible()

    crowd.sign_in(page, "elodie")

    expect(page.get_by_label("Objet")).to_have_value(subject)
    expect(page.get_by_label("Description")).to_have_value(LONG_TEXT)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(subject)
    expect(page.get_by_role("region", name="Échanges")).to_contain_text("Ligne 119")


def test_answer_comes_back_after_the_session_expired(open_as: Opens, crowd: Crowd) -> None:
    page = open_as("thierry")
    address = file_incident(page, subject=unique("Session expirée en répondant"))
    page.get_by_role("textbox", name="Votre message").fill(LONG_TEXT)
    end_session(page)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("heading", name="Connexion")).to_be_visible()

    crowd.sign_in(page, "thierry")

    expect(page).to_have_url(re.compile(re.escape(address)))
    expect(page.get_by_role("textbox", name="Votre message")).to_have_value(LONG_TEXT)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("region", name="Échanges")).to_contain_text("Ligne 119")


def test_another_person_on_the_same_computer_does_not_get_the_text(open_as: Opens, crowd: Crowd) -> None:
    page = open_as("camille")
    fill_filing_form(page, subject=unique("Poste partagé"), description="Ce texte est à Camille.")
    end_session(page)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("heading", name="Connexion")).to_be_visible()

    crowd.sign_in(page, "nadia")

    page.goto("/incidents/nouveau/")
    expect(page.get_by_label("Description")).to_have_value("")


def test_draft_comes_back_after_the_tab_was_closed(open_as: Opens) -> None:
    page = open_as("helene")
    subject = unique("Brouillon")
    fill_filing_form(page, subject=subject, description=LONG_TEXT)
    expect(page.get_by_text("Brouillon enregistré")).to_be_visible()
    page.close()

    again = open_as("helene")
    again.goto("/incidents/nouveau/")

    expect(again.get_by_text("Votre brouillon a été repris")).to_be_visible()
    expect(again.get_by_label("Objet")).to_have_value(subject)
    expect(again.get_by_label("Description")).to_have_value(LONG_TEXT)
    expect(again.get_by_role("radio", name=re.compile("^Important"))).to_be_checked()
    again.get_by_role("button", name="Repartir de zéro").click()
    expect(again.get_by_label("Objet")).to_have_value("")


def test_draft_of_an_answer_leaves_when_it_is_sent(open_as: Opens) -> None:
    page = open_as("helene")
    address = file_incident(page, subject=unique("Brouillon de réponse"))
    page.get_by_role("textbox", name="Votre message").fill("Voici la suite.")
    expect(page.get_by_text("Brouillon enregistré")).to_be_visible()
    page.goto("/")
    page.goto(address)
    expect(page.get_by_role("textbox", name="Votre message")).to_have_value("Voici la suite.")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("region", name="Échanges")).to_contain_text("Voici la suite.")
    page.reload()
    expect(page.get_by_role("textbox", name="Votre message")).to_have_value("")


def test_second_of_two_technicians_is_told_and_keeps_her_text(open_as: Opens) -> None:
    address = file_incident(open_as("helene"), subject=unique("Deux réponses"))
    julien, sophie = open_as("julien"), open_as("sophie")
    for page, text in ((julien, "Je regarde."), (sophie, "Pouvez-vous redémarrer le poste ?")):
        page.goto(address)
        page.get_by_role("textbox", name="Votre message").fill(text)
    timeline = sophie.get_by_role("region", name="Échanges")

    julien.get_by_role("button", name="Envoyer", exact=True).click()
    expect(timeline).to_contain_text("Je regarde.")
    sophie.get_by_role("button", name="Envoyer", exact=True).click()

    expect(sophie.get_by_text("Une réponse est arrivée pendant que vous écriviez")).to_be_visible()
    expect(sophie.get_by_role("textbox", name="Votre message")).to_have_value("Pouvez-vous redémarrer le poste ?")
    expect(timeline).not_to_contain_text("redémarrer")
    sophie.get_by_role("button", name="Envoyer", exact=True).click()
    expect(timeline).to_contain_text("redémarrer")
    expect(julien.get_by_role("region", name="Échanges")).to_contain_text("redémarrer")


def test_cut_network_is_told_and_the_text_stays(open_as: Opens) -> None:
    page = open_as("helene")
    fill_filing_form(page, subject=unique("Hors connexion"), description="Le réseau tombe.")
    banner = page.get_by_text("Vous êtes hors connexion")
    expect(banner).to_be_hidden()
    page.context.set_offline(True)
    expect(banner).to_be_visible()
    expect(page.get_by_label("Description")).to_have_value("Le réseau tombe.")
    page.context.set_offline(False)
    expect(banner).to_be_hidden()


def test_screen_says_when_its_data_are_old_and_catches_up(open_as: Opens) -> None:
    page, other = open_as("helene"), open_as("helene")
    address = file_incident(page, subject=unique("Coupure"))
    state = page.locator("live-topics")
    expect(state).to_have_text("En direct")
    page.context.set_offline(True)
    other.goto(address)
    other.get_by_role("textbox", name="Votre message").fill("Écrit pendant la coupure.")
    other.get_by_role("button", name="Envoyer").click()
    page.context.set_offline(False)
    expect(page.get_by_role("region", name="Échanges")).to_contain_text("Écrit pendant la coupure.")
    expect(state).to_have_text("En direct")


def test_stream_of_a_revoked_session_ends(open_page: Opens, open_as: Opens, crowd: Crowd) -> None:
    watcher, owner = open_page(), open_as("sophie")
    watcher.goto("/")
    crowd.sign_in(watcher, "sophie")
    watcher.get_by_role("link", name="Support Ormeval").first.click()
    expect(watcher.locator("live-topics")).to_have_text("En direct")

    owner.goto("/compte/sessions/")
    owner.get_by_role("button", name="Fermer toutes les autres").click()

    expect(watcher.locator("live-topics")).to_have_text("Session terminée")
    watcher.reload()
    expect(watcher.get_by_role("heading", name="Connexion")).to_be_visible()


def fill_without_javascript(page: Page, *, subject: str) -> None:
    """Fill the form in two steps: without JavaScript, its priorities come with a button."""
    page.goto("/incidents/nouveau/")
    page.get_by_label("Solution concernée").select_option(label="Ormeval DPI")
    page.get_by_role("button", name="Afficher les priorités de cette solution").click()
    page.get_by_role("radio", name=re.compile("^Urgent")).check()
    page.get_by_label("Objet").fill(subject)
    page.get_by_label("Description").fill("Sans JavaScript.")


def test_filing_listing_and_answering_work_without_javascript(open_as: Opens, demo_server: Demonstration) -> None:
    page = open_as("thierry", java_script_enabled=False)
    subject = unique("Sans JavaScript")
    fill_without_javascript(page, subject=subject)
    page.get_by_label("Objet").fill("")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_label("Description")).to_have_value("Sans JavaScript.")
    page.get_by_label("Objet").fill(subject)
    page.get_by_label(re.compile("^Fichiers")).set_input_files(
        {"name": "note.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\nthis is not a picture"}
    )
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_label("Objet")).to_have_value(subject)
    expect(page.get_by_role("alert").first).to_be_visible()
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(subject)

    page.goto("/incidents/")
    page.get_by_role("link", name=subject).click()
    page.get_by_role("textbox", name="Votre message").fill("Réponse sans JavaScript.")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("region", name="Échanges")).to_contain_text("Réponse sans JavaScript.")
    page.get_by_role("search").or_(page.locator("search")).get_by_role("searchbox").first.fill(subject)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=subject)).to_be_visible()
    page.goto("/incidents/")
    page.get_by_label("Statut").select_option("new")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.get_by_role("link", name=subject)).to_be_visible()
