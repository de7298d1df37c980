"""The ground the other tests stand on does what it promises."""

import socket
import warnings

import pytest
from django.db import ProgrammingError, connection, connections
from django.template import engines

from tests.harness.network import OutsideNetworkError
from vigie.foundation.models import CacheEntry
from vigie.foundation.testing import as_maintenance


def _role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db
@pytest.mark.parametrize("alias", ["default", "side"])
def test_tests_connect_as_the_application(alias: str) -> None:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("vigie_app", False, False)


@pytest.mark.django_db
@pytest.mark.parametrize("attempt", [1, 2])
def test_what_side_writes_is_seen_by_default_and_rolled_back(attempt: int) -> None:
    assert not CacheEntry.objects.using("default").filter(key="ground").exists(), attempt
    CacheEntry.objects.using("side").create(key="ground", value=b"")
    assert CacheEntry.objects.using("default").filter(key="ground").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", [1, 2])
def test_side_is_a_connection_of_its_own_in_real_transactions_which_are_cleaned(attempt: int) -> None:
    assert connections["side"] is not connections["default"]
    assert not CacheEntry.objects.filter(key="ground").exists(), attempt
    CacheEntry.objects.using("side").create(key="ground", value=b"")


@pytest.mark.django_db
def test_maintenance_ends_with_its_block_even_nested_or_after_an_error() -> None:
    with as_maintenance():
        with as_maintenance():
            assert _role() == "vigie_maintenance"
        assert _role() == "vigie_maintenance"
    assert _role() == "vigie_app"
    with pytest.raises(ProgrammingError), as_maintenance(), connection.cursor() as cursor:
        cursor.execute("SELECT nonsense")
    assert _role() == "vigie_app"


def test_another_machine_cannot_be_reached() -> None:
    with socket.socket() as outside, pytest.raises(OutsideNetworkError):
        outside.connect(("192.0.2.1", 80))


def test_variable_that_a_template_was_not_given_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="Undefined template variable 'forgotten'"):
        engines["django"].from_string("{{ forgotten }}").render({})


def test_warning_fails() -> None:
    with pytest.raises(DeprecationWarning):
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
