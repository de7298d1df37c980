"""A connection kept between requests is noticed dead before it is used."""

import psycopg
import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@pytest.fixture
def kept(transactional_db: None) -> BaseDatabaseWrapper:
    connection = connections["side"]
    connection.ensure_connection()
    assert connection.is_usable()
    return connection


def backend_of(connection: BaseDatabaseWrapper) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
    return pid


def test_a_living_connection_is_usable_without_a_statement(kept: BaseDatabaseWrapper) -> None:
    with kept.execute_wrapper(lambda *_: pytest.fail("a statement was made")):
        assert kept.is_usable()


def test_a_connection_cut_by_the_server_is_opened_again(kept: BaseDatabaseWrapper) -> None:
    former = backend_of(kept)
    parameters = {name: kept.get_connection_params().get(name) for name in ("dbname", "user", "password", "host", "port")}
    with psycopg.connect(**{name: value for name, value in parameters.items() if value}, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 2000)", [former])
    assert not kept.is_usable()
    # As at the beginning of a request.
    kept.health_check_enabled, kept.health_check_done = True, False  # type: ignore[attr-defined]
    kept.close_if_health_check_failed()
    assert backend_of(kept) != former
