"""A site with its key and sealed values, and pages that show them in a real browser: true assets, true policy, no server."""

import json
import os
import random
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from csp.constants import NONCE
from django.template import Context, Template
from django.template.loader import render_to_string

from vigie.sealing import protocol
from vigie.sealing.protocol import DataKey, Pins, Place, PrivateKeys, new_revision
from vigie.ui import assets, csp
from vigie.ui.sealing import SealedField, SealedPage

ORIGIN: Final = "https://vigie.test"
_FRONTEND: Final = Path(__file__).resolve().parents[3] / "frontend"
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_FAMILY: Final = ("Lefèvre", "Nguyễn", "Martin", "Œrsted", "Dupont-Moreau", "Ben Saïd", "Le Goff", "Haddad", "Ndiaye", "Petit")
_GIVEN: Final = ("Léa", "Zoé", "Éloi", "Noël", "Fatou", "Anaïs", "Maël", "Inès", "Jean-Baptiste", "Chloé")


@dataclass
class SealedSite:
    """Everything that the server would hold of a site, and the secrets that it would not."""

    instance: str = field(default_factory=new_revision)
    site: str = field(default_factory=new_revision)

    def __post_init__(self) -> None:
        self.record, self.held = protocol.make_keys(f"site:{self.site}#1")
        self.pins = Pins()
        self.pins.see(self.held.keys, own=True)
        self.scope = f"dat:{self.site}"
        self.kit = os.urandom(32)
        wrapping_key = protocol.kit_key(self.kit, self.held.keys.kid)
        self.wrap = protocol.make_wrap(self.held, method="kit", kdf={"alg": "hkdf-sha256"}, wrapping_key=wrapping_key)
        self.data_key_record = self.make_data_key(1)
        self.key = self.opened(self.data_key_record)
        self.ring: dict[str, Any] = {
            "v": 1,
            "instance": self.instance,
            "site": self.site,
            "keys": [self.record],
            "dataKeys": [self.data_key_record],
            "confirmations": [],
            "withdrawn": [],
        }

    def make_data_key(self, number: int, *, signer: PrivateKeys | None = None) -> str:
        return protocol.make_data_key(
            scope=self.scope, number=number, recipients=[self.held.keys.kid], signer=signer or self.held, pins=self.pins
        )

    def opened(self, record: str) -> DataKey:
        return protocol.open_data_key(record, held=[self.held], pins=self.pins)

    def place(self, record: str, name: str) -> dict[str, str]:
        return {"instance": self.instance, "scope": self.scope, "record": record, "field": name}

    def sealed(self, record: str, name: str, text: str) -> str:
        return protocol.seal_field(self.key, Place(**self.place(record, name)), text)

    def what_opens(self) -> dict[str, Any]:
        """What a person has in hand at the page of keys."""
        return {"record": self.record, "wrap": self.wrap, "kit": protocol.kit_text(self.kit), "workstation": new_revision()}


def patients(site: SealedSite, count: int) -> list[dict[str, str]]:
    """Return records with two names, a birth date and a telephone number, in clear; the same at each run, but their identifiers."""
    chance = random.Random(20)
    return [
        {
            "record": f"patient:{new_revision()}",
            "family_name": chance.choice(_FAMILY),
            "given_name": chance.choice(_GIVEN),
            "birth_date": f"{chance.randint(1930, 2025)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
            "telephone": f"06 00 {chance.randint(0, 99):02} {chance.randint(0, 99):02} {chance.randint(0, 99):02}",
        }
        for _ in range(count)
    ]


@dataclass
class SealedPages:
    """Answers a browser as the server would, for addresses of one origin."""

    site: SealedSite
    bodies: dict[str, str] = field(default_factory=dict)
    """Content of pages by path; a fragment when its path begins with /fragment."""
    received: list[str] = field(default_factory=list)
    """Bodies of what forms and drafts sent."""
    asked: list[str] = field(default_factory=list)

    def serve(self, context: Any) -> None:
        context.route(f"{ORIGIN}/**", self._answer)

    def show(self, path: str, content: str) -> None:
        self.bodies[path] = content

    def _answer(self, route: Any) -> None:
        request = route.request
        path = request.url.removeprefix(ORIGIN).partition("?")[0]
        self.asked.append(request.url.removeprefix(ORIGIN))
        if request.method == "POST":
            self.received.append(request.post_data or "")
        if path.startswith("/static/dist/"):
            file = assets.FOLDER / path.removeprefix("/static/dist/")
            route.fulfill(body=file.read_bytes(), content_type=_TYPES[file.suffix])
        elif path == "/anneau/":
            route.fulfill(body=json.dumps(self.site.ring), content_type="application/json")
        elif path.startswith("/fragment"):
            route.fulfill(body=self.bodies[path], content_type="text/html; charset=utf-8")
        else:
            nonce = os.urandom(8).hex()
            page = whole_page(self.site, self.bodies.get(path, ""), nonce)
            headers = {"content-type": "text/html; charset=utf-8", "content-security-policy": policy(nonce), "cache-control": "no-store"}
            route.fulfill(body=page, headers=headers)


def policy(nonce: str) -> str:
    directives: dict[str, list[object]] = csp.POLICY["DIRECTIVES"]
    said = {name: " ".join(f"'nonce-{nonce}'" if value is NONCE else str(value) for value in values) for name, values in directives.items()}
    return "; ".join(f"{name} {values}" for name, values in said.items())


def whole_page(site: SealedSite, content: str, nonce: str) -> str:
    state = render_to_string(
        "ui/sealing_state.html", {"sealed_page": SealedPage(site.instance, site.site, "/anneau/", "/cles/", "/alarme/", idle_minutes=15)}
    )
    frame = Template(
        '<!doctype html><html lang="fr" data-bs-theme="auto"><head>{% include "ui/_head.html" %}<title>Patients</title>'
        '{% include "ui/_scripts.html" %}{% include "ui/_sealing_scripts.html" %}</head><body data-sign-in="/compte/">'
        '<main class="content" id="contenu"><h1>Patients</h1>{{ state|safe }}{{ content|safe }}</main>'
        '{% include "ui/_toasts.html" %}<div id="page-entiere" hidden></div></body></html>'
    )
    return frame.render(Context({"state": state, "content": content, "CSP_NONCE": nonce, "csrf_token": "jeton"}))


def sealed_text(site: SealedSite, record: str, name: str, token: str, form: str = "") -> str:
    drawing = Template("{% sealed_text scope record field token form %}")
    return drawing.render(Context({"scope": site.scope, "record": record, "field": name, "token": token, "form": form}))


def sealed_field(site: SealedSite, record: str, name: str, token: str, **more: Any) -> str:
    given = SealedField(name=name, label=name, scope=site.scope, record=record, field=name, token=token, **more)
    return render_to_string("ui/sealed_field.html", {"sealed_field": given})


@cache
def trial() -> str:
    """Return the program that opens a workstation in a page, as the page of keys does (frontend/sealing/trial.ts)."""
    folder = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    command = [str(folder / "node"), "bundle.mjs", "sealing/trial.ts"]
    bundled = subprocess.run(command, cwd=_FRONTEND, env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=True)
    return bundled.stdout
