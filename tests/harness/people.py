"""The people of a demonstration, and the sessions that tests open for them."""

import re
import time
import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pyotp
from playwright.sync_api import Page

from tests.harness.demonstration import Demonstration
from tests.harness.visitor import Visitor

# A code is accepted half a minute early or late, and once.
_CLOCK_DRIFTS = (0, 30, -30)
_MAIL_SECONDS = 30


@dataclass(frozen=True)
class Person:
    """One account of the demonstration."""

    email: str
    name: str
    password: str
    totp_secret: str


class Crowd:
    """Everybody, by first name in small letters without accents."""

    def __init__(self, demonstration: Demonstration) -> None:
        self._base_url = demonstration.base_url
        self._accounts = {_plain(account["name"]).split()[0]: account for account in demonstration.accounts}
        self._used_codes: dict[str, set[str]] = {}
        self._visitors: dict[str, Visitor] = {}

    def person(self, name: str) -> Person:
        account = self._accounts[name]
        return Person(email=account["email"], name=account["name"], password=account["password"], totp_secret=account["totp_secret"])

    def visitor(self, name: str) -> Visitor:
        """Return this person's session without browser: signed in the first time it is asked for, then always the same."""
        if name not in self._visitors:
            visitor = Visitor(self._base_url)
            visitor.sign_in(self._accounts[name], code=self.unused_code(name))
            self._visitors[name] = visitor
        return self._visitors[name]

    def leave(self) -> None:
        """Close the connections of the sessions without browser."""
        for visitor in self._visitors.values():
            visitor.http.close()

    def cookies(self, name: str) -> list[Any]:
        """Return the cookies of that same session, for a browser."""
        return [{"name": cookie.name, "value": cookie.value or "", "url": self._base_url} for cookie in self.visitor(name).http.cookies.jar]

    def unused_code(self, name: str) -> str:
        """Return a one-time code that the portal accepts now, and that no test has used."""
        person = self.person(name)
        used = self._used_codes.setdefault(name, set())
        codes = (pyotp.TOTP(person.totp_secret).at(int(time.time()) + drift) for drift in _CLOCK_DRIFTS)
        code = next(code for code in codes if code not in used)
        used.add(code)
        return code

    def sign_in(self, page: Page, name: str) -> None:
        """Sign in on the page that this browser shows, with password and one-time code, as a person does."""
        person = self.person(name)
        page.get_by_label("Adresse électronique").fill(person.email)
        page.get_by_label("Mot de passe", exact=True).fill(person.password)
        page.get_by_role("button", name="Continuer").click()
        page.get_by_label("Code", exact=True).fill(self.unused_code(name))
        page.get_by_role("button", name="Se connecter", exact=True).click()
        page.wait_for_url(lambda url: "/compte/connexion" not in url)


def _plain(text: str) -> str:
    """« Hélène » → « helene »."""
    return "".join(letter for letter in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(letter))


def console_problems(page: Page) -> list[str]:
    """Return a list that grows with what the browser complains of: errors, refusals by the security policy, uncaught exceptions."""
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    return problems


def open_mail(page: Page, recipient: str, subject: str) -> str:
    """Open, in the demonstration's mailbox, the newest mail to this address whose subject contains this; return its text.

    The mail may not have left yet: the mailbox is read again until it is there.
    """
    deadline = time.monotonic() + _MAIL_SECONDS
    link = page.get_by_role("link", name=re.compile(re.escape(subject))).first
    while time.monotonic() < deadline:
        page.goto(f"/courrier/?{urlencode({'a': recipient})}")
        if link.count():
            link.click()
            return page.locator("[data-mail-text]").inner_text()
    message = f"No mail to {recipient} about {subject!r}; there are: {page.locator('main').inner_text()}"
    raise AssertionError(message)


class Letterbox:
    """The mails to one address, as its owner reads them in the demonstration's mailbox: each is opened once."""

    def __init__(self, page: Page, address: str) -> None:
        self._page = page
        self._address = address
        self._opened: set[str | None] = set()

    def next_mail(self, subject: str) -> str:
        """Open the newest mail that was not opened yet and whose subject contains this; return its text. It may have to come first."""
        deadline = time.monotonic() + _MAIL_SECONDS
        while time.monotonic() < deadline:
            self._page.goto(f"/courrier/?{urlencode({'a': self._address})}")
            for link in self._page.get_by_role("link", name=re.compile(re.escape(subject))).all():
                address = link.get_attribute("href")
                if address not in self._opened:
                    self._opened.add(address)
                    link.click()
                    return self._page.locator("[data-mail-text]").inner_text()
        message = f"No new mail to {self._address} about {subject!r}; there are: {self._page.locator('main').inner_text()}"
        raise AssertionError(message)


def mail_subjects(page: Page, recipient: str) -> list[str]:
    """Return the subjects of the mails to this address, the newest first."""
    page.goto(f"/courrier/?{urlencode({'a': recipient})}")
    return page.locator("main tbody tr td:last-child").all_inner_texts()
