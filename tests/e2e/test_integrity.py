"""The program that browsers run is the release's, or it does not run (SEA-10)."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route

from tests.harness.demonstration import Demonstration
from tests.harness.people import Crowd
from vigie.config import asset_commands


def test_a_running_server_is_as_released_signed_in_too(demo_server: Demonstration, crowd: Crowd, tmp_path: Path, capsys: Any) -> None:
    session = tmp_path / "cookie"
    session.write_text("; ".join(f"{cookie['name']}={cookie['value']}" for cookie in crowd.cookies("camille")))
    pages = ["--page", "/", "--page", "/incidents/", "--page", "/compte/securite/"]
    assert asset_commands.verify([demo_server.base_url, "--cookie-file", str(session), *pages]) == 0, capsys.readouterr().out


def test_a_script_that_was_altered_on_the_way_does_not_run(page: Page) -> None:
    def alter(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text() + ";window.attacked = true;")

    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if "integrity" in message.text else None)
    page.route("**/static/dist/app-*.js", alter)
    page.goto("/compte/connexion/")
    page.get_by_label("Adresse électronique").wait_for()
    assert page.evaluate("[typeof window.attacked, Boolean(customElements.get('submit-once'))]") == ["undefined", False]
    assert refused
