"""Compare what a running server gives to browsers with what a release holds (SEA-10).

An operator who serves another program to a browser could read what it opens. This cannot be made impossible; it is made
visible, from a machine that the operator does not hold: every asset is fetched in every encoding and compared with the
release, and every page named must load those assets and nothing else, under a policy that runs nothing else.

It needs no configuration, no Django and no account: with a cookie it also reads pages behind the sign-in. A server that
singles somebody out can still show the checker another face: check from the very workstation, with its cookie.
"""

import re
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

from vigie.config.release import ENCODINGS, Statement, integrity

ASSETS: Final = "/static/dist/"
SIGN_IN: Final = "/compte/connexion/"
_SECONDS: Final = 30
_LARGEST: Final = 64 * 1024 * 1024
_NONCE: Final = re.compile(r"'nonce-[\w+/=-]{16,}'")

POLICY: Final[Mapping[str, frozenset[str]]] = {
    "default-src": frozenset({"'none'"}),
    "script-src": frozenset({"'strict-dynamic'"}),
    "worker-src": frozenset({"'self'"}),
    "style-src": frozenset({"'self'"}),
    "img-src": frozenset({"'self'", "data:", "blob:"}),
    "font-src": frozenset({"'self'"}),
    "connect-src": frozenset({"'self'"}),
    "manifest-src": frozenset({"'self'"}),
    "form-action": frozenset({"'self'"}),
    "frame-ancestors": frozenset({"'none'"}),
    "base-uri": frozenset({"'none'"}),
    "object-src": frozenset({"'none'"}),
    "require-trusted-types-for": frozenset({"'script'"}),
    "trusted-types": frozenset({"vigie", "vigie-worker", "dompurify"}),
}
"""What a page may allow at the most; a nonce besides. `vigie.ui.csp` is what it does allow: a test compares the two."""
WITH_WASM: Final = "'wasm-unsafe-eval'"
"""The page that opens a site's key compiles Argon2id; the program itself is still one of the release's assets."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Findings:
    """What was looked at, and what is not as released."""

    files: int = 0
    pages: int = 0
    differences: list[str] = field(default_factory=list)


def verify(base_url: str, statement: Statement, *, pages: Sequence[str] = (), cookie: str = "") -> Findings:
    """Check all assets of a server, its sign-in page, then these pages with this cookie."""
    findings = Findings()
    for name, digests in statement.files.items():
        findings.files += 1
        findings.differences += [f"{name}: {why}" for why in _compare(urljoin(base_url, ASSETS + name), digests)]
    for page, sent in [(SIGN_IN, ""), *((page, cookie) for page in pages)]:
        findings.pages += 1
        findings.differences += [f"{page}: {why}" for why in _read_page(urljoin(base_url, page), statement, sent)]
    return findings


def _compare(url: str, digests: Mapping[str, str]) -> Iterator[str]:
    for encoding in ENCODINGS:
        if encoding not in digests and encoding != "identity":
            continue
        answer = _get(url, {"Accept-Encoding": encoding})
        if answer.status != 200:
            yield f"the server answers {answer.status} (asked as {encoding})"
            continue
        sent_as = answer.headers.get("content-encoding", "identity")
        # A proxy may compress again, or not at all: what counts is what a browser reads.
        if integrity(answer.body) == digests.get(sent_as):
            continue
        if sent_as == "gzip" and (plain := _inflated(answer.body)) is not None and integrity(plain) == digests["identity"]:
            continue
        yield f"not the file of the release (asked as {encoding}, sent as {sent_as}: {integrity(answer.body)})"


def _read_page(url: str, statement: Statement, cookie: str) -> Iterator[str]:
    answer = _get(url, {"Cookie": cookie} if cookie else {})
    if answer.status != 200:
        yield f"the server answers {answer.status}: the page could not be read"
        return
    yield from _judge_policy(answer.headers.get("content-security-policy", ""))
    page = _Page(url)
    page.feed(answer.body.decode("utf-8", errors="replace"))
    page.close()
    yield from page.faults
    known = {urljoin(url, ASSETS + name): digests["identity"] for name, digests in statement.files.items()}
    for address, stated in page.programs:
        if address not in known:
            yield f"loads {address}, which is not an asset of the release"
        elif stated != known[address]:
            yield f"loads {address} without the integrity of the release (it says {stated or 'nothing'})"
    for address in page.others:
        if address not in known:
            yield f"names {address}, which is not an asset of the release"


def _judge_policy(header: str) -> Iterator[str]:
    given = {name: set(values) for name, *values in (part.split() for part in header.split(";") if part.strip())}
    for name, most in POLICY.items():
        if name not in given:
            yield f"the policy says nothing of {name}"
            continue
        extra = {value for value in given[name] - most if not (name == "script-src" and (value == WITH_WASM or _NONCE.fullmatch(value)))}
        if extra:
            yield f"the policy allows {' '.join(sorted(extra))} in {name}"
    for name in given.keys() - POLICY.keys() - {"upgrade-insecure-requests", "report-uri", "report-to"}:
        yield f"the policy has a directive {name} that the release does not have"


class _Page(HTMLParser):
    """Collects what a page loads, and what it should not hold."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.programs: list[tuple[str, str]] = []
        """Scripts and style sheets, with the integrity that the page states."""
        self.others: list[str] = []
        """Other files of ours that scripts start from: the worker, preloaded modules, icons."""
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            if name.startswith("on"):
                self.faults.append(f"holds code in an attribute ({name} of <{tag}>)")
            if re.match(r"\s*javascript:", value, re.IGNORECASE):
                self.faults.append(f"holds code in an address ({name} of <{tag}>)")
        if tag == "script":
            self._script(given)
        elif tag == "link":
            self._link(given)
        elif tag == "meta":
            if given.get("http-equiv"):
                self.faults.append(f"holds <meta http-equiv={given['http-equiv']}>")
            if given.get("content", "").startswith(ASSETS):
                self.others.append(self._absolute(given["content"]))
        elif tag in {"base", "iframe", "frame", "object", "embed", "applet"}:
            self.faults.append(f"holds <{tag}>")

    def _script(self, given: Mapping[str, str]) -> None:
        if given.get("src"):
            self.programs.append((self._absolute(given["src"]), given.get("integrity", "")))
        elif given.get("type") != "application/json":
            self.faults.append("holds an inline script")

    def _link(self, given: Mapping[str, str]) -> None:
        relations = set(given.get("rel", "").lower().split())
        if "stylesheet" in relations:
            self.programs.append((self._absolute(given.get("href", "")), given.get("integrity", "")))
        elif relations & {"modulepreload", "preload", "serviceworker"}:
            self.others.append(self._absolute(given.get("href", "")))

    def _absolute(self, address: str) -> str:
        return urljoin(self.url, address)


class _SameHostOnly(urllib.request.HTTPRedirectHandler):
    """A redirection is an answer to look at, never a way to another server."""

    def redirect_request(self, *_arguments: object, **_keywords: object) -> None:
        return None


_opener = urllib.request.build_opener(_SameHostOnly)


def _get(url: str, headers: Mapping[str, str]) -> Answer:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(f"{url} is not an address of the web.")
    request = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0", **headers})  # noqa: S310 - the scheme was checked
    try:
        with _opener.open(request, timeout=_SECONDS) as response:
            return _answer(response)
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error)


def _answer(response: "urllib.error.HTTPError") -> Answer:
    return Answer(response.status or 0, {name.lower(): value for name, value in response.headers.items()}, response.read(_LARGEST))


def _inflated(body: bytes) -> bytes | None:
    reader = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        plain = reader.decompress(body, _LARGEST)
    except zlib.error:
        return None
    return plain if reader.eof else None
