"""A site takes itself back while the support has its pages open (SEA-1)."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect


def test_an_open_page_of_the_support_closes_when_the_site_withdraws(open_as: Callable[..., Page]) -> None:
    nadia, agnes = open_as("nadia"), open_as("agnes")
    agnes.goto("/administration/")
    agnes.get_by_role("link", name="Sites confiés").click()
    agnes.get_by_role("link", name="Aider ce site").click()
    expect(agnes.get_by_role("complementary", name="Délégation en cours")).to_contain_text("Vous agissez pour")
    expect(agnes.get_by_role("status").filter(has_text="En direct").first).to_be_visible()
    left = agnes.url

    nadia.goto("/administration/")
    nadia.get_by_role("link", name="Sites de support").click()
    nadia.get_by_role("button", name=re.compile("Retirer la délégation à Appui numérique")).click()
    expect(nadia.get_by_text("n’accède plus à votre site")).to_be_visible()

    agnes.wait_for_url("**/sites-confies/")
    expect(agnes.get_by_text("la page que vous aviez ouverte est fermée")).to_be_visible()
    answer = agnes.goto(left)
    assert answer is not None
    assert answer.status == 404

    # And lends itself again, as the story of the demonstration has it.
    nadia.get_by_role("searchbox", name="Nom ou numéro du site de support").fill("appui")
    nadia.get_by_role("button", name="Chercher", exact=True).click()
    nadia.get_by_role("link", name="Choisir").click()
    expect(nadia.get_by_text("Organisation de support", exact=True)).to_be_visible()
    nadia.get_by_label("Configuration initiale").check()
    nadia.get_by_label("Durée").select_option(label="7 jours")
    nadia.get_by_role("button", name="Ajouter le site de support").click()
    expect(nadia.get_by_text("peut administrer votre site")).to_be_visible()
