"""Whoever takes the server's database, files, logs and mail away holds no name of a patient (SEA-10).

Seen to fail: with `seal_field` in the seed replaced by its text (the database itself refuses that, once its constraints are
dropped), and with a name put in a comment of an incident.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import psycopg
import pytest

from tests.harness.demonstration import Demonstration
from vigie.web.seed.patients import DEMONSTRATION, identities

# Too short or too common to say who somebody is: they are in other texts of the territory.
SHORTEST = 6


@pytest.fixture(scope="module")
def secrets() -> set[bytes]:
    """What is sealed about the invented patients: names, dates as they are stored, telephones, addresses, remarks."""
    told = {text for identity in identities(DEMONSTRATION.small, seed=DEMONSTRATION.seed) for text in astuple(identity)}
    words = {line for text in told for line in text.split("\n") if len(line) >= SHORTEST}
    given = {identity.given_name for identity in identities(DEMONSTRATION.small, seed=DEMONSTRATION.seed)}
    assert len(words) > 100
    return {word.encode() for word in words - given}


def test_the_demonstration_has_patients(demo_server: Demonstration) -> None:
    with _database(demo_server) as connection:
        assert connection.execute("SELECT count(*) FROM patients_patient").fetchone() == (DEMONSTRATION.small,)


def test_a_dump_of_the_database_holds_no_name(demo_server: Demonstration, secrets: set[bytes]) -> None:
    dump = _dump(demo_server)
    assert b"COPY public.patients_patient" in dump
    assert {name for name in secrets if name in dump} == set()


def test_files_logs_and_mail_hold_no_name(demo_server: Demonstration, secrets: set[bytes]) -> None:
    # The database's own files, its journal included, are among them.
    found: dict[str, set[bytes]] = {}
    read = 0
    for path in _files(demo_server.data_folder):
        content = path.read_bytes()
        read += 1
        if names := {name for name in secrets if name in content}:
            found[str(path)] = names
    assert read > 50
    assert found == {}


def _database(demonstration: Demonstration) -> psycopg.Connection:
    return psycopg.connect(demonstration.postgres.url("vigie_maintenance"))


def _dump(demonstration: Demonstration) -> bytes:
    [program] = (demonstration.data_folder / "postgres").glob("server-*/**/bin/pg_dump")
    return subprocess.run(
        [program, "--dbname", demonstration.postgres.url("postgres", "vigie")],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        # Sockets are no files; binaries of the server are copies of a package.
        if path.is_file() and not any(part.startswith("server-") for part in path.relative_to(folder).parts):
            yield path
