"""The Chromium of the browser tests: one of the machine's, since none is downloaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge")
_OTHER_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


def find_chromium() -> str | None:
    """Return the program named by VIGIE_CHROMIUM, else one found on the machine."""
    chosen = os.environ.get("VIGIE_CHROMIUM")
    if chosen:
        return chosen
    places = [*(shutil.which(name) for name in _NAMES), *_OTHER_PLACES]
    return next((place for place in places if place and Path(place).exists()), None)


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Start Chromium without window. Its driver keeps an event loop in this thread: Django's ORM refuses to work meanwhile."""
    program = find_chromium()
    if program is None:
        raise RuntimeError("No Chromium was found. `make test` installs one on Debian as root; else set VIGIE_CHROMIUM to its path.")
    arguments = ["--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-dev-shm-usage"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses to run as root.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
