"""Vigie under measure: people who signed in with two factors, and the five things they do."""

import uuid
from dataclasses import dataclass, field
from itertools import count
from typing import Final
from urllib.parse import quote, urlencode

import pyotp

from benchmarks.forms import form_with
from benchmarks.http_client import Answer, Connection, UnexpectedAnswer
from benchmarks.world import Account, World

LOGIN: Final = "/compte/connexion/"
FILING: Final = "/incidents/nouveau/"
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
TEXT: Final = (
    "Depuis ce matin, l'application se ferme quand j'ouvre le planning du service. Le message parle d'une erreur réseau. "
    "J'ai redémarré le poste, sans effet ; trois collègues ont la même chose au deuxième étage. "
)


async def sign_in(port: int, account: Account) -> Connection:
    """A connection that holds the cookies of somebody who showed two factors."""
    connection = Connection(port)
    page = await connection.ask("GET", LOGIN)
    form = form_with(page.body_text, "login", "password")
    answer = await _post(connection, form.action or LOGIN, form.encoded(login=account.email, password=account.password))
    page = await connection.ask("GET", answer.header("location"))
    form = form_with(page.body_text, "code")
    code = pyotp.TOTP(account.totp_secret).now()
    answer = await _post(connection, form.action or answer.header("location"), form.encoded(code=code))
    home = await connection.ask("GET", "/")
    if home.status != 200:
        raise UnexpectedAnswer(f"not signed in: {answer.status} then {home.status} {home.header('location')}")
    return connection


async def _post(connection: Connection, path: str, body: bytes) -> Answer:
    answer = await connection.ask("POST", path, body, FORM | {"Referer": f"http://localhost:{connection.port}{path}"})
    if answer.status != 302:
        raise UnexpectedAnswer(f"POST {path}: {answer.status} {answer.body_text[:2000]!r}")
    return answer


@dataclass
class Portal:
    """The five measured requests, of one technician and one requester."""

    world: World
    filing: bytes = b""
    csrf_token: str = ""
    _serial: "count[int]" = field(default_factory=count)

    async def list_page(self, connection: Connection, _number: int) -> Answer:
        """Mine and open, by last change."""
        return await connection.ask("GET", f"/incidents/guichet/{self.world.desk_slug}/?liste=a-traiter")

    async def record(self, connection: Connection, number: int) -> Answer:
        incident, _ = self.world.records[number % len(self.world.records)]
        return await connection.ask("GET", f"/incidents/{incident}/")

    async def search(self, connection: Connection, number: int) -> Answer:
        words = self.world.searches[number % len(self.world.searches)]
        return await connection.ask("GET", f"/incidents/recherche/?q={quote(words)}")

    async def file(self, connection: Connection, _number: int) -> Answer:
        own = {"submission": str(uuid.uuid4()), "subject": f"Le planning se ferme ({next(self._serial)})"}
        return await connection.ask("POST", FILING, self.filing + b"&" + urlencode(own).encode(), FORM)

    async def comment(self, connection: Connection, number: int) -> Answer:
        incident, _ = self.world.open_records[number % len(self.world.open_records)]
        body = {"csrfmiddlewaretoken": self.csrf_token, "submission": str(uuid.uuid4()), "body": TEXT}
        return await connection.ask("POST", f"/incidents/{incident}/repondre/", urlencode(body).encode(), FORM)

    async def prepare_filing(self, requester: Connection) -> None:
        """Fill the form once, as a person does: the desk's priorities come with the choice of the solution."""
        form = form_with((await requester.ask("GET", FILING)).body_text, "solution", "subject")
        chosen = {name: form.fields.get(name) or form.choices[name][0] for name in ("site", "solution")}
        form = form_with((await requester.ask("GET", f"{FILING}?{urlencode(chosen)}")).body_text, "solution", "subject")
        values = chosen | {"priority": form.choices["priority"][-1], "kind": "incident", "description": TEXT * 2}
        # These two are drawn anew for each filing.
        for name in ("submission", "subject"):
            form.fields.pop(name, None)
        self.filing = form.encoded(**values)

    async def prepare_comments(self, technician: Connection) -> None:
        incident, _ = self.world.open_records[0]
        page = await technician.ask("GET", f"/incidents/{incident}/")
        self.csrf_token = form_with(page.body_text, "body", "csrfmiddlewaretoken").fields["csrfmiddlewaretoken"]


@dataclass
class Bare:
    """The same five, asked of the bare application."""

    world: World
    like: str

    async def list_page(self, connection: Connection, _number: int) -> Answer:
        return await connection.ask("GET", f"/list?user={self.world.technician_id}")

    async def record(self, connection: Connection, number: int) -> Answer:
        incident, _ = self.world.records[number % len(self.world.records)]
        return await connection.ask("GET", f"/record?number={incident}")

    async def search(self, connection: Connection, number: int) -> Answer:
        words = self.world.searches[number % len(self.world.searches)]
        return await connection.ask("GET", f"/search?q={quote(words)}&desk={self.world.desk_id}")

    async def file(self, connection: Connection, number: int) -> Answer:
        body = {"like": self.like, "subject": f"Le planning se ferme ({number})", "description": TEXT * 2}
        return await connection.ask("POST", "/file", urlencode(body).encode(), FORM)

    async def comment(self, connection: Connection, number: int) -> Answer:
        _, incident = self.world.open_records[number % len(self.world.open_records)]
        body = {"incident": incident, "user": self.world.technician_id, "body": TEXT}
        return await connection.ask("POST", "/comment", urlencode(body).encode(), FORM)
