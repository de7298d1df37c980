"""Reading the forms of a page, as a browser would send them back."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode


@dataclass(slots=True)
class PageForm:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    """Values offered by selects and radio buttons, the empty one left out."""
    identifier: str = ""

    def encoded(self, **values: str) -> bytes:
        """The body of the request, with some values replaced."""
        return urlencode(self.fields | values).encode()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self._open: PageForm | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = PageForm(given.get("action", ""), given.get("method", "get").lower(), identifier=given.get("id", ""))
            self.forms.append(self._open)
            return
        form = self._open
        name = given.get("name", "")
        if form is None or (not name and tag != "option"):
            return
        if tag == "input":
            self._input(form, name, given)
        elif tag == "textarea":
            form.fields.setdefault(name, "")
        elif tag == "select":
            self._select = name
            form.choices.setdefault(name, [])
        elif tag == "option" and self._select:
            value = given.get("value", "")
            if value:
                form.choices[self._select].append(value)
            if "selected" in given:
                form.fields[self._select] = value

    @staticmethod
    def _input(form: PageForm, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in {"radio", "checkbox"}:
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                form.fields[name] = given.get("value", "on")
        elif kind not in {"file", "submit", "button"}:
            form.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""


def forms_of(page: bytes) -> list[PageForm]:
    reader = _Reader()
    reader.feed(page.decode())
    return reader.forms


def form_with(page: bytes, *names: str) -> PageForm:
    """The first form of the page that has all these fields.

    Raises:
        LookupError: no form has them.

    """
    for form in forms_of(page):
        if set(names) <= form.fields.keys() | form.choices.keys():
            return form
    raise LookupError(f"no form with {', '.join(names)} in: {page[:600]!r}")
