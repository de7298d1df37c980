"""The life of an account, lived by two people in their browsers (ACC-10 to 14, ACC-20 to 24, ACC-30).

Nadia administers a hospital; Aurore, whom she invites, does not answer at once. Days pass by moving the dates of the
invitation into the past; what the clock would then start is the real job, done by the demonstration's own worker.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import psycopg
import pyotp
from playwright.sync_api import Locator, Page, expect

from tests.e2e.test_accessibility import Look, axe, overflow
from tests.harness.demonstration import Demonstration
from tests.harness.people import Crowd, Letterbox, console_problems

__all__ = ["axe"]
PASSWORD = "violon tempête cagibi 31"
FACTOR = "Téléphone de garde"
SERVICE = "Cardiologie"
PRACTITIONER = "Dr Hélène Lemaire"
GIVEN = {"Intégration au DPI": [SERVICE], "Envoi vers le DMP": [SERVICE, PRACTITIONER], "Redirection vers le PMSI": [PRACTITIONER]}
"""By feature, what gives it in the story of the demonstration."""
_SECONDS = 20


@dataclass(frozen=True)
class Story:
    """Who lives it, each in a browser of her own."""

    nadia: Page
    aurore: Page
    crowd: Crowd
    demonstration: Demonstration
    email: str
    letters: Letterbox
    axe: str

    def can_be_read(self, page: Page) -> None:
        """Check with axe, wide and narrow, a page that no other test comes to."""
        look, size = Look(page, self.axe), page.viewport_size
        assert look.violations("light") + overflow(page) + look.violations("dark") == []
        assert size is not None
        page.set_viewport_size(size)

    def shows_status(self, status: str) -> None:
        """Check the badge at the top of the record that Nadia's own act has brought."""
        expect(self.nadia.locator("main .page-head .badge").first).to_have_text(status)

    def has_status(self, status: str) -> None:
        """Check it on the record read anew."""
        self.nadia.reload()
        self.shows_status(status)


def test_an_account_from_its_invitation_to_its_return(
    open_as: Callable[..., Page], open_page: Callable[..., Page], crowd: Crowd, demo_server: Demonstration, axe: str
) -> None:
    nadia, aurore = open_as("nadia"), open_page()
    problems = {"Nadia": console_problems(nadia), "Aurore": console_problems(aurore)}
    email = f"aurore.{uuid4().hex[:8]}@demonstration.example"
    story = Story(nadia, aurore, crowd, demo_server, email, Letterbox(open_page(), email), axe)

    record = invite(nadia, email)
    link = invitation_is_reminded_then_expires_then_is_sent_again(story, record)
    invitation_is_accepted_then_terms_then_she_is_active(story, link)
    factor_is_added_named_and_removed(story)
    service_and_practitioner_give_features_that_both_can_explain(story, record)
    deactivation_ends_the_open_session_and_reactivation_does_not_bring_it_back(story, record)

    heard = {name: [one for one in told if "404 (Not Found)" not in one] for name, told in problems.items()}
    assert heard == {"Nadia": [], "Aurore": []}


def invitation_is_reminded_then_expires_then_is_sent_again(story: Story, record: str) -> str:
    """Return the link that is alive at the end; each mail kills the link of the former one."""
    nadia, aurore, letters = story.nadia, story.aurore, story.letters
    story.has_status("Invitation envoyée")
    first = link_in(letters.next_mail("Votre invitation"))

    let_days_pass(story, days=3)
    reminder = link_in(letters.next_mail("Rappel"))
    is_dead(aurore, first)
    story.can_be_read(aurore)
    story.has_status("Invitation envoyée")
    expect(nadia.get_by_role("complementary", name="Statut et invitation")).to_contain_text("1 rappel")

    let_days_pass(story, days=11)
    is_dead(aurore, reminder)
    story.has_status("Invitation expirée")
    read_until(nadia, "/administration/0020/journal/", "L’invitation de Aurore Lestienne a expiré")

    nadia.goto(record)
    nadia.get_by_role("button", name="Renvoyer l’invitation").click()
    story.shows_status("Invitation envoyée")
    last = link_in(letters.next_mail("Votre invitation"))
    is_dead(aurore, reminder)
    return last


def invitation_is_accepted_then_terms_then_she_is_active(story: Story, link: str) -> None:
    aurore = story.aurore
    aurore.goto(link)
    expect(aurore.get_by_text("Nadia Benali vous invite à rejoindre CH de Saint-Aubrin")).to_be_visible()
    story.can_be_read(aurore)
    aurore.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    aurore.get_by_label("Mot de passe, encore une fois").fill(PASSWORD)
    aurore.get_by_role("button", name="Accepter l’invitation").click()
    expect(aurore.get_by_text("Votre compte est prêt")).to_be_visible()
    story.has_status("Invitation acceptée")
    is_dead(aurore, link)

    show_password_and_mailed_code(story)
    expect(aurore.get_by_role("heading", name="Conditions d’utilisation")).to_be_visible()
    story.can_be_read(aurore)
    aurore.get_by_label("J’ai lu les conditions d’utilisation").check()
    aurore.get_by_role("button", name="Continuer").click()
    expect(aurore.get_by_role("heading", level=1)).to_contain_text("Aurore Lestienne")
    story.has_status("Actif")


def factor_is_added_named_and_removed(story: Story) -> None:
    """The administrator reads its name and never its secret; she removes it, and its owner is told by mail."""
    nadia, aurore = story.nadia, story.aurore
    secret = add_application(story, name=FACTOR)
    nadia.reload()
    factors = nadia.get_by_role("region", name="Authentification forte")
    expect(factors).to_contain_text(FACTOR)
    assert secret not in nadia.content()
    factors.get_by_role("link", name="Retirer : Application").click()
    confirm_if_asked(nadia, story.crowd.person("nadia").password)
    nadia.get_by_role("main").get_by_role("button", name="Retirer").click()
    expect(factors).not_to_contain_text(FACTOR)

    mail = story.letters.next_mail("Un facteur de votre compte a été retiré")
    assert FACTOR in mail
    assert "Nadia Benali" in mail
    is_signed_out(aurore)
    show_password_and_mailed_code(story)


def service_and_practitioner_give_features_that_both_can_explain(story: Story, record: str) -> None:
    nadia, aurore = story.nadia, story.aurore
    nadia.goto(record)
    nadia.get_by_role("group", name="Services").get_by_label(SERVICE).check()
    nadia.get_by_role("button", name="Enregistrer les accès").click()
    features = nadia.get_by_role("region", name="Fonctionnalités effectives")
    expect(features).to_contain_text(f"via {SERVICE}")
    identities = nadia.get_by_role("region", name="Identités médicales")
    identities.get_by_role("link", name="Ajouter").click()
    nadia.get_by_label(f"Sélectionner {PRACTITIONER}").check()
    nadia.get_by_role("button", name="Ajouter les médecins cochés").click()
    expect(identities).to_contain_text(PRACTITIONER)
    explains(features)

    aurore.goto("/compte/acces/")
    expect(aurore.get_by_role("heading", name="Pourquoi ai-je accès ?")).to_be_visible()
    access = aurore.get_by_role("region", name="CH de Saint-Aubrin")
    access.locator("summary").filter(has_text="Fonctionnalités").click()
    explains(access)


def deactivation_ends_the_open_session_and_reactivation_does_not_bring_it_back(story: Story, record: str) -> None:
    nadia, aurore = story.nadia, story.aurore
    nadia.goto(record)
    nadia.get_by_role("button", name="Désactiver").click()
    story.shows_status("Désactivé")
    aurore.get_by_role("link", name="Accueil").first.click()
    expect(aurore.get_by_role("heading", name="Connexion")).to_be_visible()
    nadia.get_by_role("button", name="Réactiver").click()
    story.shows_status("Actif")
    is_signed_out(aurore)
    show_password_and_mailed_code(story)
    expect(aurore.get_by_role("heading", level=1)).to_contain_text("Aurore Lestienne")


def let_days_pass(story: Story, *, days: int) -> None:
    """Make the invitation under way that much older, and have the worker look at invitations."""
    ago, email = timedelta(days=days), story.email
    with psycopg.connect(story.demonstration.postgres.url("vigie_maintenance")) as connection:
        moved = connection.execute(
            "UPDATE directory_invitation SET sent_at = sent_at - %(ago)s, expires_at = expires_at - %(ago)s WHERE ended_at IS NULL"
            " AND membership_id = (SELECT id FROM directory_membership WHERE email = %(email)s)",
            {"ago": ago, "email": email},
        )
        assert moved.rowcount == 1
        connection.execute(
            "UPDATE directory_membership SET invitation_sent_at = invitation_sent_at - %(ago)s,"
            " invitation_expires_at = invitation_expires_at - %(ago)s WHERE email = %(email)s",
            {"ago": ago, "email": email},
        )
    story.demonstration.run("manage", "procrastinate", "defer", "directory.follow_invitations", '{"timestamp": 0}')


def invite(page: Page, email: str) -> str:
    """Invite Aurore; return the address of her record."""
    page.goto("/administration/0020/utilisateurs/")
    page.get_by_role("link", name="Ajouter une personne").click()
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_label("Prénom").fill("Aurore")
    page.get_by_label("Nom", exact=True).fill("Lestienne")
    page.get_by_label("Fonction").fill("Infirmière de nuit")
    page.get_by_role("button", name="Envoyer l’invitation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Aurore Lestienne")
    return page.url


def link_in(mail: str) -> str:
    found = re.search(r"http\S+/invitation/\S+/", mail)
    assert found, mail
    return found.group()


def is_dead(page: Page, link: str) -> None:
    answer = page.goto(link)
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", name="Ce lien n’est plus valable")).to_be_visible()


def read_until(page: Page, address: str, text: str) -> None:
    """Read a page again until it says this: what a worker does takes a moment."""
    deadline = time.monotonic() + _SECONDS
    main = page.locator("main")
    while time.monotonic() < deadline:
        page.goto(address)
        if text in main.inner_text():
            return
    raise AssertionError(main.inner_text())


def show_password_and_mailed_code(story: Story) -> None:
    page = story.aurore
    page.goto("/compte/connexion/")
    page.get_by_label("Adresse électronique").fill(story.email)
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", name="Code reçu par courriel")).to_be_visible()
    code = re.search(r"^\s*([\d-]{8,})\s*$", story.letters.next_mail("Votre code de connexion"), re.MULTILINE)
    assert code
    page.get_by_label(re.compile("^Code")).fill(code[1])
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.wait_for_url(lambda url: "/compte/connexion" not in url)


def confirm_if_asked(page: Page, password: str) -> None:
    if "/compte/confirmer/" in page.url:
        page.get_by_label("Mot de passe").fill(password)
        page.get_by_role("button", name="Confirmer").click()
        page.wait_for_url(lambda url: "/compte/confirmer/" not in url)


def add_application(story: Story, *, name: str) -> str:
    """Add an application of authentication and name it; return its secret."""
    page = story.aurore
    page.goto("/compte/securite/application/")
    confirm_if_asked(page, PASSWORD)
    secret = page.locator(".steps .code").inner_text()
    story.can_be_read(page)
    page.get_by_label("Code affiché par l’application").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Ajouter").click()
    page.wait_for_url(lambda url: "/application/" not in url)
    page.goto("/compte/securite/")
    page.get_by_role("link", name="Nommer").first.click()
    story.can_be_read(page)
    page.get_by_label("Nom du facteur").fill(name)
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text(name)).to_be_visible()
    return secret


def is_signed_out(page: Page) -> None:
    page.goto("/compte/profil/")
    expect(page.get_by_role("heading", name="Connexion")).to_be_visible()


def explains(features: Locator) -> None:
    """Check that each feature is there with all that gives it, and nothing else."""
    for name, sources in GIVEN.items():
        told = features.get_by_role("listitem").filter(has_text=name)
        for source in sources:
            expect(told).to_contain_text(f"via {source}")
    expect(features.get_by_text(re.compile("^via "))).to_have_count(sum(map(len, GIVEN.values())))
