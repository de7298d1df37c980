"""A person without a browser: reads pages, fills their forms and sends them over HTTP, with the cookies of one session."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx
import pyotp

_VOID_BUTTONS = frozenset({"button", "submit", "reset", "image"})


@dataclass
class Form:
    """A form as the page offers it: where it goes, and the values it would send untouched."""

    action: str
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """Values of each select and each group of radio buttons, without the empty ones."""


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""
        self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        name, value = attributes.get("name", ""), attributes.get("value", "")
        if tag == "form":
            self._form = Form(attributes.get("action", ""))
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "input" and name:
            self._read_input(self._form, attributes.get("type", "text"), name, value, checked="checked" in attributes)
        elif tag == "select" and name:
            self._select = name
            self._form.choices[name] = []
        elif tag == "option" and self._select:
            if value:
                self._form.choices[self._select].append(value)
            if "selected" in attributes or self._select not in self._form.values:
                self._form.values[self._select] = value
        elif tag == "textarea" and name:
            self._textarea = name
            self._form.values[name] = ""

    @staticmethod
    def _read_input(form: Form, kind: str, name: str, value: str, *, checked: bool) -> None:
        if kind in _VOID_BUTTONS or kind == "file":
            return
        if kind == "radio":
            form.choices.setdefault(name, []).append(value)
        if kind not in {"radio", "checkbox"}:
            form.values[name] = value
        elif checked:
            form.values[name] = value or "on"

    def handle_data(self, data: str) -> None:
        if self._textarea and self._form is not None:
            self._form.values[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""


class Visitor:
    """One session with the portal."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.Client(base_url=base_url, follow_redirects=False, timeout=30, trust_env=False)

    def close(self) -> None:
        """Hang up; the session stays open on the portal."""
        self.http.close()

    def form(self, address: str, *, containing: str) -> Form:
        """Return the first form of a page that has a field of this name."""
        response = self.http.get(address, follow_redirects=True)
        response.raise_for_status()
        return self.form_of(response, containing=containing)

    @staticmethod
    def form_of(response: httpx.Response, *, containing: str) -> Form:
        """Return the first form of a page already read that has a field of this name; it goes back to that page by default."""
        reader = _FormReader()
        reader.feed(response.text)
        for form in reader.forms:
            if containing in form.values or containing in form.choices:
                form.action = str(response.url.join(form.action)) if form.action else str(response.url)
                return form
        message = f"No form with a field {containing!r} on {response.url}"
        raise AssertionError(message)

    def send(self, form: Form, **values: str) -> httpx.Response:
        """Send a form with some values changed; redirections are for the caller to follow."""
        # The portal checks where forms come from.
        origin = str(httpx.URL(form.action).copy_with(raw_path=b"/")).rstrip("/")
        return self.http.post(form.action, data=form.values | values, headers={"Referer": form.action, "Origin": origin})

    def sign_in(self, account: dict[str, Any], *, code: str = "") -> None:
        """Sign in with password and one-time code, as `vigie demo-accounts --json` gives them; or with this code."""
        answer = self.send(self.form("/compte/connexion/", containing="password"), login=account["email"], password=account["password"])
        assert answer.is_redirect, f"The password was refused: {answer.status_code}"
        factor = self.form(answer.headers["Location"], containing="code")
        answer = self.send(factor, code=code or pyotp.TOTP(account["totp_secret"]).now())
        assert answer.is_redirect, f"The one-time code was refused: {answer.status_code}"
