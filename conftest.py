"""Ground of all tests: their database, a network that ends at this machine, a browser, a whole demonstration.

Tests run as role `vigie_app`, under row-level security. `side` shares `default`'s connection inside ordinary tests, whose
transaction is rolled back; in `django_db(transaction=True)` tests it is a connection of its own, as in real life.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django
import pytest

from tests.harness import databases

databases.point_environment_at_test_database()
# Files of tests go away with them.
os.environ["VIGIE_DATA"] = tempfile.mkdtemp(prefix="vigie-tests-")
atexit.register(shutil.rmtree, os.environ["VIGIE_DATA"], ignore_errors=True)
for _name in ("VIGIE_PORT", "VIGIE_BASE_URL", "VIGIE_SMTP_URL", "VIGIE_SECRET_KEY", "VIGIE_INSTANCE", "VIGIE_TRUSTED_PROXIES"):
    os.environ.pop(_name, None)

# Here and not in a hook: the conftest of an app, read next, may import its models.
django.setup()
# Processes of xdist inherit our variables: with this one, they would load the settings before they named their own database.
os.environ.pop("DJANGO_SETTINGS_MODULE", None)

_DEMONSTRATION_FIXTURES = frozenset({"demo_server", "open_page", "page"})


def pytest_configure(config: pytest.Config) -> None:
    """Let every database test use `default` and `side`, and clean real transactions with a role that may."""
    from django.core import signals
    from django.test import TransactionTestCase

    TransactionTestCase.databases = {"default", "side"}
    # Flushing would TRUNCATE, which the application may not: `_cleaner` does it.
    TransactionTestCase._fixture_teardown = _leave_tables_alone  # type: ignore[attr-defined]  # noqa: SLF001
    signals.request_finished.connect(_forget_request_scope)


def _leave_tables_alone(_test: Any) -> None:
    pass


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all tests that share a demonstration in one process of xdist, and mark them."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & _DEMONSTRATION_FIXTURES:
            item.add_marker(pytest.mark.xdist_group("demonstration"))
        if fixtures & {"open_page", "page"}:
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.database)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Replace pytest-django's set-up: our roles make the databases, not the application's."""
    from django.db import connections

    with databases.prepared_database():
        with django_db_blocker.unblock():
            for alias in ("default", "side"):
                with connections[alias].cursor() as cursor:
                    cursor.execute("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
                    assert cursor.fetchone() == ("vigie_app", False, False)
        yield
        with django_db_blocker.unblock():
            connections.close_all()


@pytest.fixture(scope="session")
def _cleaner(django_db_setup: None) -> databases.Cleaner:
    return databases.Cleaner()


@pytest.fixture(autouse=True)
def _django_db_marker(request: pytest.FixtureRequest) -> None:
    """Replace pytest-django's fixture of this name: ours must set up before its transaction begins, and end after it."""
    if request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(request.fixturenames):
        request.getfixturevalue("_database_connections")
        request.getfixturevalue("_django_db_helper")


@pytest.fixture
def _database_connections(request: pytest.FixtureRequest, _cleaner: databases.Cleaner) -> Iterator[None]:
    """Join `side` to `default` in tests that are rolled back; empty the tables after those that are not."""
    from django.db import connections

    marker = request.node.get_closest_marker("django_db")
    if (marker and marker.kwargs.get("transaction")) or "transactional_db" in request.fixturenames:
        yield
        _cleaner.clean()
        return
    real_side = connections["side"]
    connections["side"] = connections["default"]
    yield
    connections["side"] = real_side


@pytest.fixture(autouse=True, scope="session")
def _only_this_machine() -> Iterator[None]:
    from tests.harness.network import block_outside_network

    with pytest.MonkeyPatch.context() as monkeypatch:
        block_outside_network(monkeypatch)
        yield


def _forget_request_scope(**_: Any) -> None:
    """End the scope of a request made inside a test's own transaction: `set_config` would outlive its savepoint."""
    from django.db import connection

    if connection.in_atomic_block and not connection.needs_rollback:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config(name, '', true) FROM unnest("
                "ARRAY['vigie.user', 'vigie.sites', 'vigie.desks', 'vigie.reach', 'vigie.platform',"
                " 'vigie.granted', 'vigie.granted_members', 'vigie.granted_features']) AS name"
            )


@pytest.fixture(scope="session")
def demo_server() -> Iterator[Any]:
    """A real demonstration with little data; see `tests.harness.demonstration.Demonstration`."""
    from tests.harness.demonstration import running_demonstration

    with running_demonstration(seed_arguments="--small") as demonstration:
        yield demonstration


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for one module: while it runs, Django's ORM is not to be used in this thread."""
    from tests.harness.browser import running_browser

    with running_browser() as running:
        yield running


@pytest.fixture
def open_page(browser: Any, demo_server: Any) -> Iterator[Callable[..., Any]]:
    """Open pages, each in a browser context of its own: one person's computer. Takes the options of Playwright's `new_context`."""
    contexts = []

    def open_one(**options: Any) -> Any:
        defaults = {"base_url": demo_server.base_url, "locale": "fr-FR", "timezone_id": "Europe/Paris"}
        context = browser.new_context(**(defaults | options))
        contexts.append(context)
        context.set_default_timeout(15_000)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: Callable[..., Any]) -> Any:
    """One page of one person's browser."""
    return open_page()


@pytest.fixture(scope="session")
def root() -> Path:
    """Folder of the checkout."""
    return databases.ROOT


@pytest.fixture
def steady_matrix(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The matrix of rights is read now, and not again: its minute must not end among statements that are counted."""
    from vigie.directory import rights

    monkeypatch.setattr(rights, "_SECONDS_KEPT", 3600)
    rights.forget()
    rights.matrix()
