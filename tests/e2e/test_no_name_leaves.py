"""Whoever takes the server's database, files, logs and mail away holds no name of a patient (SEA-10).

The same search finds what is not sealed: names of colleagues, identifiers of the patient record.
"""

from dataclasses import astuple

import psycopg

from tests.harness.demonstration import Demonstration
from tests.harness.taken import found_in
from vigie.web.seed.patients import DEMONSTRATION, identities

# Too short or too common to say who somebody is: they are in other texts of the territory.
SHORTEST = 6


def test_a_dump_files_logs_and_mail_hold_no_name(demo_server: Demonstration) -> None:
    people = list(identities(DEMONSTRATION.small, seed=DEMONSTRATION.seed))
    told = {line for person in people for text in astuple(person) for line in text.split("\n") if len(line) >= SHORTEST}
    secrets = {text.encode() for text in told - {person.given_name for person in people}}
    assert len(secrets) > 100
    assert found_in(demo_server, secrets) == {}


def test_the_same_search_finds_what_is_not_sealed(demo_server: Demonstration) -> None:
    with psycopg.connect(demo_server.postgres.url("vigie_maintenance")) as connection:
        [(count, identifier)] = connection.execute("SELECT count(*), max(emr_identifier) FROM patients_patient").fetchall()
    assert count >= DEMONSTRATION.small
    for text in (identifier, "camille.renaud@"):
        places = found_in(demo_server, [text.encode()])
        assert "the dump" in places
        assert any("/postgres/" in place for place in places)
