"""The data measured: a demonstration territory with as many incidents as asked, kept between runs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from vigie.config.environment import Environment, read_environment

USERS: Final = 500
SUBJECTS: Final = 200
"""Different records, comments and searches a measure goes through."""


@dataclass(frozen=True)
class Account:
    """A demonstration account, as `vigie demo-accounts --json` tells it."""

    email: str
    password: str
    totp_secret: str


@dataclass(frozen=True)
class World:
    """A seeded database, and what the measures ask of it."""

    incidents: int
    followups: int
    environment: Environment
    variables: dict[str, str]
    technician: Account
    technician_id: str
    desk_id: str
    desk_slug: str
    requester: Account
    records: list[tuple[str, str]]
    """Numbers and identifiers of incidents assigned to the technician, each with a few entries."""
    open_records: list[tuple[str, str]]
    searches: list[str]

    @property
    def bare_variables(self) -> dict[str, str]:
        return {"BARE_DATABASE_URL": self.environment.maintenance_database_url or ""}


def variables_of(folder: Path, port: int) -> dict[str, str]:
    """The environment of a demonstration in `folder`, whatever surrounds us."""
    cleared = {name: "" for name in os.environ if name == "DATABASE_URL" or name.startswith("VIGIE_")}
    return cleared | {"VIGIE_MODE": "demo", "VIGIE_DATA": str(folder), "VIGIE_PORT": str(port)}


def vigie(variables: dict[str, str], *arguments: str) -> str:
    """Run a command of ours and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "vigie", *arguments],
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return done.stdout


def prepare(folder: Path, variables: dict[str, str], incidents: int) -> float:
    """Migrate and seed, unless a former run did; return the seconds it took."""
    done = folder / "seeded"
    begun = time.perf_counter()
    vigie(variables, "migrate", "--verbosity", "0")
    if not done.exists():
        vigie(variables, "seed", "--incidents", str(incidents), "--users", str(USERS))
        environment = read_environment(variables)
        assert environment.bundled_postgres is not None
        with psycopg.connect(environment.owner_database_url or "", autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
        with psycopg.connect(environment.bundled_postgres.superuser_url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        done.touch()
    return time.perf_counter() - begun


def world(variables: dict[str, str]) -> World:
    """Choose who asks and what for: the busiest technician and requester among the demonstration's accounts."""
    environment = read_environment(variables)
    accounts = {
        line["email"]: Account(line["email"], line["password"], line["totp_secret"])
        for line in json.loads(vigie(variables, "demo-accounts", "--json"))
    }
    with psycopg.connect(environment.maintenance_database_url or "", row_factory=dict_row) as connection:
        technician = _one(connection, _BUSIEST_TECHNICIAN, [list(accounts)])
        requester = _one(connection, _BUSIEST_REQUESTER, [list(accounts)])
        chosen = [technician["user_id"], technician["desk_id"]]
        records = connection.execute(_RECORDS, [*chosen, SUBJECTS]).fetchall()
        open_records = connection.execute(_OPEN_RECORDS, [*chosen, SUBJECTS]).fetchall()
        searches = connection.execute(_SEARCHES, [technician["desk_id"], SUBJECTS]).fetchall()
        counted = _one(connection, _COUNTS, [])
    return World(
        incidents=counted["incidents"],
        followups=counted["followups"],
        environment=environment,
        variables=variables,
        technician=accounts[technician["email"]],
        technician_id=str(technician["user_id"]),
        desk_id=str(technician["desk_id"]),
        desk_slug=technician["slug"],
        requester=accounts[requester["email"]],
        records=[(row["number"], str(row["id"])) for row in records],
        open_records=[(row["number"], str(row["id"])) for row in open_records],
        searches=[row["words"] for row in searches],
    )


def _one(connection: psycopg.Connection[dict[str, Any]], statement: str, values: Sequence[Any]) -> dict[str, Any]:
    row = connection.execute(statement, values).fetchone()
    if row is None:
        raise LookupError("the seed gave nobody to measure with")
    return dict(row)


_COUNTS = "SELECT (SELECT count(*) FROM incidents_incident) AS incidents, (SELECT count(*) FROM incidents_followup) AS followups"
_BUSIEST_TECHNICIAN = """
SELECT u.id AS user_id, u.email, d.id AS desk_id, d.slug, count(*)
  FROM incidents_incident i JOIN accounts_user u ON u.id = i.assignee_id JOIN directory_desk d ON d.id = i.desk_id
 WHERE i.is_open AND u.email = ANY (%s) GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC LIMIT 1
"""
_BUSIEST_REQUESTER = """
SELECT u.email, count(*) FROM incidents_incident i JOIN accounts_user u ON u.id = i.requester_id
 WHERE u.email = ANY (%s) GROUP BY 1 ORDER BY 2 DESC LIMIT 1
"""
_RECORDS = """
SELECT number, id FROM incidents_incident WHERE assignee_id = %s AND desk_id = %s AND entry_count BETWEEN 3 AND 8
 ORDER BY md5(id::text) LIMIT %s
"""
_OPEN_RECORDS = """
SELECT number, id FROM incidents_incident WHERE assignee_id = %s AND desk_id = %s AND is_open ORDER BY md5(id::text) LIMIT %s
"""
# A requester's name and a word of one of her incidents: a few results, as many in a large base as in a small one.
_SEARCHES = """
SELECT split_part(requester_name, ' ', 2)
       || ' ' || (SELECT w FROM regexp_split_to_table(subject, '[^[:alpha:]]+') w ORDER BY length(w) DESC LIMIT 1)
       AS words
  FROM (SELECT requester_name, subject FROM incidents_incident WHERE desk_id = %s ORDER BY md5(id::text) LIMIT %s) AS chosen
"""
