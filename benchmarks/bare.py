"""The bare application every measure is divided by: granian and asyncpg, the same indexed SQL, rows as plain HTML.

No session, no rights, no template, no row-level security: what the database and the server cost on this machine, and nothing else.
Its writes go to the same tables, so that it pays their triggers (history, search) too.
"""

import html
import os
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import asyncpg

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

LIST = """
SELECT number, subject, status, priority_rank, requester_name, assignee_name, created_at, updated_at
  FROM incidents_incident WHERE assignee_id = $1 AND is_open ORDER BY updated_at DESC, id DESC LIMIT 25
"""
RECORD = "SELECT * FROM incidents_incident WHERE number = $1"
ENTRIES = "SELECT position, kind, author_name, body, created_at FROM incidents_followup WHERE incident_id = $1 ORDER BY position"
SEARCH = """
SELECT i.number, i.subject, i.status, i.priority_rank, i.requester_name, i.assignee_name, i.created_at, i.updated_at
  FROM incidents_incidenttext t JOIN incidents_incident i ON i.id = t.incident_id
 WHERE t.words @@ websearch_to_tsquery('public.vigie_french', $1) AND i.desk_id = $2
 ORDER BY i.updated_at DESC LIMIT 25
"""
FILE = """
INSERT INTO incidents_incident (id, number, site_id, desk_id, solution_id, kind, status, priority_id, priority_rank, category_id, subject,
    description, source, requester_id, requester_name, contact_name, contact_phone, notify_requester, notify_address, assignee_name,
    created_at, updated_at, minutes_spent, nudge_count, is_nudged, entry_count, revision, submission)
SELECT $2, 'BARE-' || nextval('incidents_number'), site_id, desk_id, solution_id, kind, 'new', priority_id, priority_rank, category_id, $3,
    $4, source, requester_id, requester_name, contact_name, contact_phone, notify_requester, notify_address, '',
    $5, $5, 0, 0, false, 0, 1, $2
  FROM incidents_incident WHERE id = $1 RETURNING number
"""
COUNT_ENTRY = (
    "UPDATE incidents_incident SET entry_count = entry_count + 1, updated_at = $2 WHERE id = $1 RETURNING entry_count, site_id, desk_id"
)
COMMENT = """
INSERT INTO incidents_followup (id, incident_id, site_id, desk_id, position, kind, internal, is_nudge, author_id, author_name, side, body,
    changes, minutes_spent, created_at, submission)
VALUES ($1, $2, $3, $4, $5, 'message', false, false, $6, 'Bare', 'desk', $7, '[]', 0, $8, $1)
"""

_pool: asyncpg.Pool | None = None


async def application(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    global _pool  # noqa: PLW0603 - one pool a process
    if scope["type"] == "lifespan":
        await receive()
        _pool = await asyncpg.create_pool(os.environ["BARE_DATABASE_URL"], min_size=8, max_size=8)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await _pool.close()
        await send({"type": "lifespan.shutdown.complete"})
        return
    assert _pool is not None
    arguments = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
    if scope["method"] == "POST":
        arguments |= {name: values[0] for name, values in parse_qs((await _body(receive)).decode()).items()}
    page = await PAGES[scope["path"]](_pool, arguments)
    body = page.encode()
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


async def _list(pool: asyncpg.Pool, arguments: dict[str, str]) -> str:
    return _table(await pool.fetch(LIST, uuid.UUID(arguments["user"])))


async def _record(pool: asyncpg.Pool, arguments: dict[str, str]) -> str:
    async with pool.acquire() as connection:
        incident = await connection.fetchrow(RECORD, arguments["number"])
        entries = await connection.fetch(ENTRIES, incident["id"])
    facts = "".join(f"<dt>{name}<dd>{html.escape(str(value))}" for name, value in incident.items())
    return f"<!doctype html><title>{incident['number']}</title><dl>{facts}</dl>{_table(entries)}"


async def _search(pool: asyncpg.Pool, arguments: dict[str, str]) -> str:
    return _table(await pool.fetch(SEARCH, arguments["q"], uuid.UUID(arguments["desk"])))


async def _file(pool: asyncpg.Pool, arguments: dict[str, str]) -> str:
    like, now = uuid.UUID(arguments["like"]), datetime.now(UTC)
    return str(await pool.fetchval(FILE, like, uuid.uuid4(), arguments["subject"], arguments["description"], now))


async def _comment(pool: asyncpg.Pool, arguments: dict[str, str]) -> str:
    incident, now = uuid.UUID(arguments["incident"]), datetime.now(UTC)
    async with pool.acquire() as connection, connection.transaction():
        position, site, desk = await connection.fetchrow(COUNT_ENTRY, incident, now)
        author = uuid.UUID(arguments["user"])
        await connection.execute(COMMENT, uuid.uuid4(), incident, site, desk, position, author, arguments["body"], now)
    return str(position)


def _table(rows: list[asyncpg.Record]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{html.escape(str(value))}</td>" for value in row) + "</tr>" for row in rows)
    return f"<!doctype html><title>Incidents</title><table>{lines}</table>"


async def _ready(pool: asyncpg.Pool, _arguments: dict[str, str]) -> str:
    return str(await pool.fetchval("SELECT 1"))


PAGES = {"/ready": _ready, "/list": _list, "/record": _record, "/search": _search, "/file": _file, "/comment": _comment}
