"""The three PostgreSQL roles Vigie works with, the database and its extensions; for the bundled server and for any other.

`vigie_owner` owns the tables and migrates. `vigie_app` serves people: row-level security always holds for it.
`vigie_maintenance` passes row-level security by, for seeding and backups.
"""

import re
from collections.abc import Mapping

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

OWNER = "vigie_owner"
APP = "vigie_app"
MAINTENANCE = "vigie_maintenance"
EXTENSIONS = ("unaccent", "pg_trgm", "citext", "btree_gist")

_SERVER_STEPS = """
CREATE ROLE vigie_owner;
CREATE ROLE vigie_app;
CREATE ROLE vigie_maintenance;
ALTER ROLE vigie_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE vigie_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT;
ALTER ROLE vigie_maintenance LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS;
GRANT vigie_maintenance TO vigie_owner;
CREATE DATABASE {database} WITH OWNER vigie_owner TEMPLATE template0 ENCODING 'UTF8';
"""

_DATABASE_STEPS = """
ALTER DATABASE {database} OWNER TO vigie_owner;
ALTER DATABASE {database} SET timezone TO 'UTC';
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO vigie_app;
GRANT CONNECT, TEMPORARY ON DATABASE {database} TO vigie_maintenance;
ALTER SCHEMA public OWNER TO vigie_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO vigie_app;
GRANT USAGE, CREATE ON SCHEMA public TO vigie_maintenance;
CREATE EXTENSION IF NOT EXISTS unaccent WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
ALTER DEFAULT PRIVILEGES FOR ROLE vigie_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO vigie_app;
ALTER DEFAULT PRIVILEGES FOR ROLE vigie_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO vigie_app;
ALTER DEFAULT PRIVILEGES FOR ROLE vigie_owner IN SCHEMA public GRANT ALL ON TABLES TO vigie_maintenance;
ALTER DEFAULT PRIVILEGES FOR ROLE vigie_owner IN SCHEMA public GRANT ALL ON SEQUENCES TO vigie_maintenance;
"""


def server_statements(database: str) -> list[str]:
    """SQL to run once on the server, connected to any database, as a superuser. Roles get no password here."""
    return _statements(_SERVER_STEPS, database)


def database_statements(database: str) -> list[str]:
    """SQL to run once inside Vigie's database, as a superuser. Running it again changes nothing."""
    return _statements(_DATABASE_STEPS, database)


def prepare_roles(
    superuser_url: str,
    database: str = "vigie",
    *,
    passwords: Mapping[str, str] | None = None,
    app_may_become_maintenance: bool = False,
) -> None:
    """Make the roles, the database, its extensions and privileges on a server; what is there already stays.

    `passwords` are set by role name; without them the server must trust its callers (a socket in a private folder).
    `app_may_become_maintenance` is for test servers only: factories then step round row-level security with SET ROLE.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for statement in server_statements(database):
            _run_unless_done(connection, statement)
        for role, password in (passwords or {}).items():
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password)))
        if app_may_become_maintenance:
            connection.execute("GRANT vigie_maintenance TO vigie_app")
    with psycopg.connect(url_of_database(superuser_url, database), autocommit=True) as connection:
        for statement in database_statements(database):
            connection.execute(statement.encode())


def url_of_database(url: str, database: str) -> str:
    """Return the same server and role as `url`, another database."""
    parameters = {key: value for key, value in conninfo_to_dict(url).items() if value is not None}
    return make_conninfo("", **{**parameters, "dbname": database})


def _run_unless_done(connection: psycopg.Connection, statement: str) -> None:
    """CREATE ROLE and CREATE DATABASE know no IF NOT EXISTS, and two starters may race."""
    try:
        connection.execute(statement.encode())
    except (psycopg.errors.DuplicateObject, psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
        return


def _statements(text: str, database: str) -> list[str]:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", database):
        message = f"Not a plain database name: {database!r}"
        raise ValueError(message)
    return [statement.strip() for statement in text.format(database=database).split(";") if statement.strip()]
