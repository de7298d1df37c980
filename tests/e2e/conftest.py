"""People before their browsers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.harness.demonstration import Demonstration
from tests.harness.people import Crowd

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def crowd(demo_server: Demonstration) -> Iterator[Crowd]:
    """Everybody in the demonstration, each with a session that opens once a run."""
    everybody = Crowd(demo_server)
    yield everybody
    everybody.leave()


@pytest.fixture
def open_as(open_page: Callable[..., Page], crowd: Crowd) -> Callable[..., Page]:
    """Open a page in the browser of somebody who has signed in. Takes the options of Playwright's `new_context`."""

    def open_one(name: str, **options: Any) -> Page:
        page = open_page(**options)
        page.context.add_cookies(crowd.cookies(name))
        return page

    return open_one
