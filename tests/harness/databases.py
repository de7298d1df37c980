"""The databases of the tests: a template migrated once, and a copy of it for each process that runs tests.

Without `VIGIE_TEST_DATABASE_URL` (address of a superuser, on a server of version 15 or later), the bundled server is used.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from vigie.foundation import database_roles
from vigie.foundation.bundled_postgres import BundledPostgres

ROOT = Path(__file__).resolve().parents[2]
BUNDLED = BundledPostgres(ROOT / ".data" / "test-postgres", app_may_become_maintenance=True)
DATABASE = f"vigie_test_{os.getpid()}"


def superuser_url() -> str:
    """Address of a superuser of the server under the tests."""
    return os.environ.get("VIGIE_TEST_DATABASE_URL") or BUNDLED.superuser_url


def role_url(role: str, database: str = DATABASE) -> str:
    """Address of one of Vigie's roles in a test database."""
    external = os.environ.get("VIGIE_TEST_DATABASE_URL")
    if not external:
        return BUNDLED.url(role, database)
    parameters = {key: value for key, value in conninfo_to_dict(external).items() if value is not None}
    return make_conninfo("", **{**parameters, "user": role, "password": _passwords()[role], "dbname": database})


def point_environment_at_test_database() -> None:
    """Make `vigie.config.settings` use this process's database. Must run before Django is set up."""
    given = os.environ.get("DATABASE_URL", "").strip()
    # A process of xdist inherits its controller's variables, VIGIE_TEST_RUN among them.
    if given and not os.environ.get("VIGIE_TEST_DATABASE_URL") and "VIGIE_TEST_RUN" not in os.environ:
        os.environ["VIGIE_TEST_DATABASE_URL"] = given
    os.environ.update(_variables(DATABASE))


@contextmanager
def prepared_database() -> Iterator[None]:
    """Give this process its own migrated database, and drop it at the end."""
    with ExitStack() as stack:
        if not os.environ.get("VIGIE_TEST_DATABASE_URL"):
            stack.enter_context(BUNDLED.running())
        with _one_at_a_time(), psycopg.connect(superuser_url(), autocommit=True) as connection:
            _assert_suitable(connection)
            _drop_leftovers(connection)
            template = _template(connection)
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER vigie_owner TEMPLATE {}").format(sql.Identifier(DATABASE), sql.Identifier(template))
            )
        # Settings and privileges of a database are not copied with it.
        _prepare_roles(DATABASE)
        with psycopg.connect(superuser_url(), autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit TO off").format(sql.Identifier(DATABASE)))
        try:
            yield
        finally:
            with psycopg.connect(superuser_url(), autocommit=True) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(DATABASE)))


class Cleaner:
    """Empties, after a test with real transactions, the tables that the migrations left empty."""

    def __init__(self) -> None:
        self._url = database_roles.url_of_database(superuser_url(), DATABASE)
        with psycopg.connect(self._url, autocommit=True) as connection:
            tables = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
            self._tables = [table for table in tables if table not in _filled(connection, tables)]

    def clean(self) -> None:
        """Delete as superuser with triggers off: the history tables refuse deletion, and nobody may truncate around a foreign key."""
        with psycopg.connect(self._url, autocommit=True) as connection:
            # A forgotten thread that still holds a transaction must fail the run, not hang it.
            connection.execute("SET lock_timeout = '10s'; SET session_replication_role = replica")
            for table in _filled(connection, self._tables):
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


def _filled(connection: psycopg.Connection, tables: list[str]) -> set[str]:
    if not tables:
        return set()
    question = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table), sql.Identifier(table)) for table in tables
    )
    return {row[0] for row in connection.execute(question)}


def _template(connection: psycopg.Connection) -> str:
    """Return the name of a database migrated by its owner, made if the migrations changed since the last run."""
    name = f"vigie_template_{_migrations_digest()}"
    existing = {row[0] for row in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'vigie\\_template\\_%'")}
    if name in existing:
        return name
    for outdated in existing:
        _drop(connection, outdated)
    building = f"{name}_building"
    _prepare_roles(building)
    migrated = subprocess.run(
        [sys.executable, "-m", "vigie", "migrate", "--skip-checks", "--verbosity", "0"],
        env=os.environ | _variables(building),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if migrated.returncode != 0:
        message = f"The migrations fail on an empty database:\n{migrated.stdout}"
        raise RuntimeError(message)
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(name)))
    return name


def _prepare_roles(database: str) -> None:
    external = bool(os.environ.get("VIGIE_TEST_DATABASE_URL"))
    database_roles.prepare_roles(superuser_url(), database, passwords=_passwords() if external else None, app_may_become_maintenance=True)


def _variables(database: str) -> dict[str, str]:
    return {
        "VIGIE_MODE": "test",
        "VIGIE_TEST_RUN": "1",
        "DJANGO_SETTINGS_MODULE": "vigie.config.settings",
        "DATABASE_URL": role_url("vigie_app", database),
        "VIGIE_DIRECT_DATABASE_URL": role_url("vigie_app", database),
        "VIGIE_OWNER_DATABASE_URL": role_url("vigie_owner", database),
        "VIGIE_MAINTENANCE_DATABASE_URL": role_url("vigie_maintenance", database),
    }


def _passwords() -> dict[str, str]:
    """Same for all processes that test on one external server, unknown to others."""
    seed = os.environ.get("VIGIE_TEST_DATABASE_URL", "")
    return {
        role: hashlib.sha256(f"{role} {seed}".encode()).hexdigest()
        for role in (database_roles.OWNER, database_roles.APP, database_roles.MAINTENANCE)
    }


def _migrations_digest() -> str:
    """Changes when anything that makes the schema does: migrations, SQL, roles, versions of the libraries."""
    package = ROOT / "vigie"
    sources = [
        *package.glob("*/migrations/*.py"),
        *package.glob("*/isolation.py"),
        *package.rglob("*.sql"),
        package / "directory" / "rights.toml",
        package / "foundation" / "rls.py",
        package / "foundation" / "database_roles.py",
        ROOT / "uv.lock",
    ]
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.relative_to(ROOT).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _assert_suitable(connection: psycopg.Connection) -> None:
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row is None or not row[0] or connection.info.server_version < 150000:
        message = "VIGIE_TEST_DATABASE_URL must be a superuser's address on PostgreSQL 15 or later: the tests make roles and databases."
        raise RuntimeError(message)


def _drop_leftovers(connection: psycopg.Connection) -> None:
    """Drop databases of test processes that were killed, and a template that was never finished."""
    for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'vigie\\_t%'").fetchall():
        owner = re.fullmatch(r"vigie_test_(\d+)", name)
        if name.endswith("_building") or (owner and not Path(f"/proc/{owner[1]}").exists() and Path("/proc").exists()):
            _drop(connection, name)


def _drop(connection: psycopg.Connection, database: str) -> None:
    # One that is in use stays.
    with suppress(psycopg.errors.ObjectInUse):
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(database)))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """The first of several test processes makes the template, the others wait."""
    folder = ROOT / ".data"
    folder.mkdir(exist_ok=True)
    with (folder / "test-template.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
