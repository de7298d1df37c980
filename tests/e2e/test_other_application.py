"""A real application of the territory, strict about what it receives, lets people in with their Vigie account (ACC-42, INT-5)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.harness.demonstration import Demonstration
from tests.harness.identity_provider import node_program
from tests.harness.people import Crowd

OPERATOR = "paul"
PLATFORM = "/administration/plateforme/applications/"


@dataclass(frozen=True)
class OtherApplication:
    """The running application, and its page in the operator's console."""

    address: str
    console: str

    def enter(self, person: httpx.Client, **asked: str) -> httpx.Response:
        """Do what her browser does; return what the application says, or what Vigie refuses."""
        begun = httpx.get(f"{self.address}/entrer", params={"scope": "openid profile sites"} | asked)
        return person.get(begun.headers["Location"], follow_redirects=True)


@pytest.fixture(scope="module")
def other_application(demo_server: Demonstration, crowd: Crowd) -> Iterator[OtherApplication]:
    with node_program("relying_party.mjs") as address:
        operator = crowd.visitor(OPERATOR)
        form = operator.form(f"{PLATFORM}declarer/", containing="redirect_addresses")
        stated = {"name": "Planning des gardes", "text": "Qui est de garde, et où.", "address": f"{address}/entrer"}
        more: dict[str, Any] = {"redirect_addresses": f"{address}/retour", "serves_all": "on", "is_trusted": "on"}
        declared = operator.http.post(
            form.action,
            data=form.values | stated | more | {"scopes": ["profile", "sites"]},
            headers={"Referer": form.action, "Origin": demo_server.base_url},
            follow_redirects=True,
        )
        page = declared.text
        secret = re.search(r">([\w-]{43})<", page)
        identifier = re.search(r">([0-9a-f]{32})<", page)
        assert declared.status_code == 200
        assert secret is not None
        assert identifier is not None
        told = {"issuer": demo_server.base_url, "identifier": identifier[1], "secret": secret[1]}
        httpx.post(f"{address}/_register", json=told).raise_for_status()
        yield OtherApplication(address, declared.url.path)


def test_application_lets_in_and_follows_until_it_is_taken_out_of_service(
    other_application: OtherApplication, demo_server: Demonstration, crowd: Crowd
) -> None:
    camille = crowd.visitor("camille")
    assert f'href="{other_application.address}/entrer"' in camille.http.get("/").text
    entered = other_application.enter(camille.http)
    assert entered.status_code == 200, entered.text
    told = entered.json()
    assert told["claims"]["acr"] == "urn:vigie:acr:two-factors"
    assert told["person"]["name"] == crowd.person("camille").name
    assert [site["name"] for site in told["person"]["sites"]] == ["CH de Saint-Aubrin"]
    assert "email" not in told["person"]
    # It follows, by refreshing.
    assert httpx.get(f"{other_application.address}/rafraichir").json()["person"] == told["person"]
    # Without PKCE, and for what it was not granted, it is sent back with an error.
    for asked, error in (({"naive": "1"}, "invalid_request"), ({"scope": "openid email"}, "invalid_scope")):
        refused = other_application.enter(camille.http, **asked)
        assert parse_qs(urlsplit(str(refused.url)).query)["error"] == [error]
        assert refused.json() == {"refused": error}
    # Nothing that opens anything is in what the server wrote down.
    log = "\n".join(path.read_text(encoding="utf-8") for path in (demo_server.data_folder / "logs").iterdir())
    assert "identite/autorisation" in log
    assert not re.search(r"code=|code_challenge|refresh_token|client_secret", log)
    operator = crowd.visitor(OPERATOR)
    form = operator.form(f"{other_application.console}service/", containing="csrfmiddlewaretoken")
    form.action = f"{demo_server.base_url}{other_application.console}service/"
    assert operator.send(form, close="1").is_redirect
    assert httpx.get(f"{other_application.address}/rafraichir").json() == {"refused": "invalid_grant"}
    assert other_application.enter(camille.http).status_code == 400
    assert "Planning des gardes" not in camille.http.get("/").text


def test_demonstration_shows_what_an_application_receives(page: Page, demo_server: Demonstration, crowd: Crowd) -> None:
    # In a browser, from a sign-in: it would not let our forms lead elsewhere than to ourselves.
    page.goto(f"{demo_server.base_url}/demonstration/application/")
    crowd.sign_in(page, "nadia")
    expect(page.get_by_role("heading", name="Annuaire des gardes")).to_be_visible()
    expect(page.get_by_text("urn:vigie:acr:two-factors")).to_be_visible()
    expect(page.get_by_text("CH de Saint-Aubrin").first).to_be_visible()
    page.goto(demo_server.base_url)
    page.get_by_role("link", name="Annuaire des gardes").click()
    expect(page.get_by_role("heading", name="Annuaire des gardes")).to_be_visible()
