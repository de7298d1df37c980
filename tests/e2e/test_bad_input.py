"""Bad input of every kind, sent to a whole demonstration: each is refused with a clear message, or shown as plain text."""

import re
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.harness.demonstration import Demonstration
from tests.harness.people import Crowd, console_problems
from tests.harness.visitor import Visitor

Opens = Callable[..., Page]
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>{{ 7|add:7 }}\"'>&lt;b&gt;"
# Right-to-left override and isolates, zero-width space, bell.
DECEIVING = "facture\u202efdp.exe\u2066\u200b\u0007fin"


def declaration(visitor: Visitor, **changes: str) -> httpx.Response:
    """File an incident with Ormeval's desk; the answer is the record's redirection, or the form with its reasons."""
    form = visitor.form("/incidents/nouveau/", containing="solution")
    solution = re.search(r'value="([0-9a-f-]{36})"[^>]*>Ormeval DPI<', visitor.http.get(form.action).text)
    assert solution
    # The first sending draws the priorities of the solution's desk.
    drawn = visitor.send(form, solution=solution.group(1), _refresh="1")
    ready = visitor.form_of(drawn, containing="priority")
    filled = {"priority": ready.choices["priority"][0], "kind": "incident", "subject": "Essai", "description": "Essai."}
    return visitor.send(ready, **(filled | changes))


def test_very_long_texts_are_refused_and_given_back(crowd: Crowd) -> None:
    for field, length, limit in (("subject", 500, "200"), ("description", 1_000_000, "20"), ("contact_name", 5_000, "165")):
        answer = declaration(crowd.visitor("thierry"), **{field: "x" * length})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert limit in answer.text
        assert "Vérifiez votre saisie" in answer.text


def test_deceiving_characters_do_not_reach_the_record(crowd: Crowd) -> None:
    visitor = crowd.visitor("thierry")
    answer = declaration(visitor, subject=DECEIVING, description=DECEIVING)
    assert answer.status_code == 302
    page = visitor.http.get(answer.headers["Location"]).text
    assert "facturefdp.exefin" in page
    assert not set(page) & set("\u202e\u2066\u200b\u0007")


def test_null_character_is_refused(crowd: Crowd) -> None:
    answer = declaration(crowd.visitor("thierry"), subject="Nul\0")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


def _note_and_dismiss(told: list[str], dialog: Dialog) -> None:
    told.append(dialog.message)
    dialog.dismiss()


def test_script_in_every_field_stays_text_for_everybody(open_as: Opens, crowd: Crowd) -> None:
    visitor = crowd.visitor("thierry")
    answer = declaration(visitor, subject=f"{HOSTILE} {uuid4().hex[:6]}", description=HOSTILE, contact_name=HOSTILE)
    address = answer.headers["Location"]
    visitor.send(visitor.form(address, containing="body"), body=HOSTILE)
    for name, addresses in (
        ("thierry", (address, "/", "/incidents/", "/recherche/?q=onerror", f"/recherche/?q={HOSTILE}", f"{address}fil/")),
        ("julien", (address, "/incidents/guichet/support-ormeval/", f"{address}historique/", f"/incidents/?statut={HOSTILE}")),
    ):
        page = open_as(name)
        dialogs: list[str] = []
        problems = console_problems(page)
        page.on("dialog", partial(_note_and_dismiss, dialogs))
        for visited in addresses:
            page.goto(visited)
            assert page.locator("main script, main img[src=x], section img[src=x]").count() == 0, visited
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_contain_text("<script>alert(2)</script>{{ 7|add:7 }}")
        assert dialogs == []
        assert [problem for problem in problems if "404 (Not Found)" not in problem] == []


def test_live_update_shows_a_script_as_text(open_as: Opens, crowd: Crowd) -> None:
    visitor = crowd.visitor("thierry")
    address = declaration(visitor).headers["Location"]
    page = open_as("julien")
    problems = console_problems(page)
    page.goto(address)
    expect(page.locator("live-topics")).to_have_text("En direct")
    visitor.send(visitor.form(address, containing="body"), body=HOSTILE)
    timeline = page.get_by_role("region", name="Échanges")
    expect(timeline).to_contain_text("<script>alert(2)</script>")
    assert timeline.locator("script, img").count() == 0
    assert problems == []


@pytest.mark.parametrize(
    "address",
    [
        "/incidents/INC-2026-999999/",
        "/incidents/INC-2026-000000001/",
        "/incidents/..%2F..%2Fetc%2Fpasswd/",
        "/incidents/%00/",
        "/incidents/INC-2026-%D9%A1%D9%A2%D9%A3/",
        "/incidents/guichet/tout/",
        "/incidents/guichet/support-ormeval/",
        "/incidents/?liste=inconnue",
        "/incidents/INC-2026-000001/fichiers/00000000-0000-0000-0000-000000000000/",
        "/courrier/..%2F..%2Fsecret/",
        "/static/..%2F..%2Fsettings.py",
    ],
)
def test_guessed_address_is_not_found(address: str, crowd: Crowd) -> None:
    assert crowd.visitor("thierry").http.get(address).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "apres=x",
        "apres=%00",
        "avant=eyJhIjoxfQ==",
        f"apres={'A' * 5000}",
        "page=-1",
        "page=9999999999",
        "tri=pk;drop",
        "taille=99999",
        "fin",
    ],
)
def test_forged_position_in_a_list_gives_a_list(query: str, crowd: Crowd) -> None:
    answer = crowd.visitor("thierry").http.get(f"/incidents/?{query}")
    assert answer.status_code in {200, 400, 404}
    assert "Traceback" not in answer.text


def test_post_without_its_token_is_refused_and_explained(crowd: Crowd) -> None:
    visitor = crowd.visitor("thierry")
    answer = visitor.http.post("/incidents/nouveau/", data={"subject": "Sans jeton"})
    assert answer.status_code == 403
    assert "<h1>" in answer.text
    elsewhere = visitor.form("/incidents/nouveau/", containing="solution")
    answer = visitor.http.post(elsewhere.action, data=elsewhere.values, headers={"Origin": "https://ailleurs.example"})
    assert answer.status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_unknown_method_changes_nothing(method: str, crowd: Crowd) -> None:
    visitor = crowd.visitor("thierry")
    form = visitor.form("/incidents/nouveau/", containing="solution")
    headers = {"X-CSRFToken": form.values["csrfmiddlewaretoken"], "Origin": str(visitor.http.base_url).rstrip("/")}
    assert visitor.http.request(method, "/incidents/nouveau/", headers=headers).status_code in {400, 405, 501}


def test_live_token_of_one_person_does_not_open_the_topics_of_another(crowd: Crowd, demo_server: Demonstration) -> None:
    julien, helene = crowd.visitor("julien"), crowd.visitor("helene")
    queue = julien.http.get("/incidents/guichet/support-ormeval/").text
    found = re.search(r'data-live-topic="(desk:[0-9a-f-]{36})', queue)
    assert found
    topic = {"topic": found.group(1)}
    assert found.group(1) in julien.http.get("/live/jeton/", params=topic).json()["topics"]
    assert found.group(1) not in helene.http.get("/live/jeton/", params=topic).json()["topics"]
    # Browsers do not tell a page the status of a stream: it says itself that it ends.
    stream = httpx.get(f"{demo_server.base_url}/live/", params={"token": "forged"}, trust_env=False)
    assert stream.text.startswith("event: expired")


def test_search_takes_any_words(crowd: Crowd) -> None:
    visitor = crowd.visitor("thierry")
    for words in ("'", '"', "a & | ! ( )", "\\", "%", "_" * 300, "\x00", "é" * 1000, "🦊", "<->", ":*", "INC-", "select 1; --"):
        assert visitor.http.get("/recherche/", params={"q": words}).status_code in {200, 400}, words
