"""The documentation's pictures, taken from the demonstration so that they show what is really there.

Kept in `tests/e2e/screenshots`, where they can be looked at; `make pictures` puts them in `docs/images`.
"""

import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.conventions.project import ROOT

FOLDER = ROOT / "docs" / "images" if os.environ.get("VIGIE_PICTURES") else Path(__file__).parent / "screenshots"
SIZE = {"width": 1440, "height": 900}


@pytest.mark.parametrize(
    ("picture", "name", "address"),
    [
        ("accueil", "camille", "/"),
        ("declaration", "camille", "/incidents/nouveau/"),
        ("file", "julien", "/incidents/"),
    ],
)
def test_page_stands_in_a_picture(open_as: Callable[..., Page], picture: str, name: str, address: str) -> None:
    page = open_as(name, viewport=SIZE)
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    take(page, picture, is_live=picture == "file")


def test_record_stands_in_a_picture(open_as: Callable[..., Page]) -> None:
    page = open_as("julien", viewport=SIZE)
    page.goto("/incidents/guichet/support-ormeval/?liste=en-attente")
    address = page.locator("main tbody a[href*='/INC-']").first.get_attribute("href")
    assert address is not None
    page.goto(urlsplit(address).path)
    expect(page.get_by_text("Informations")).to_be_visible()
    take(page, "fiche", is_live=True)


def take(page: Page, picture: str, *, is_live: bool = False) -> None:
    """Keep the page as it stands on a screen of this size, in 256 colours: a repository carries every version of it."""
    expect(page.locator("body")).not_to_have_class(re.compile("loading"))
    page.evaluate("() => document.fonts.ready")
    if is_live:
        expect(page.get_by_role("status").filter(has_text="En direct").first).to_be_visible()
    # Nothing is cut off at the right.
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    FOLDER.mkdir(parents=True, exist_ok=True)
    image = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    image.quantize(256, dither=Image.Dither.NONE).save(FOLDER / f"{picture}.png", optimize=True)
