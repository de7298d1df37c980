"""`vigie check`: what is missing before real use, each with what to do about it."""

import smtplib
import tempfile
from collections.abc import Iterator

import django
import psycopg

from vigie.config.environment import Environment
from vigie.foundation import database_roles

_OLDEST_POSTGRESQL = 150000


def main(environment: Environment) -> int:
    """Print every problem; return 1 if there is one."""
    problems = [*_database_problems(environment), *_mail_problems(environment), *_folder_problems(environment)]
    for problem in problems:
        print(f"✗ {problem}")
    django.setup()
    from django.core.management import CommandError, call_command

    try:
        call_command("check", deploy=environment.is_production)
        if not problems:
            call_command("migrate", database="owner" if environment.owner_database_url else "default", check_unapplied=True)
    except CommandError as error:
        print(f"✗ {error}")
        return 1
    except SystemExit:
        print("✗ Migrations are missing: run vigie migrate.")
        return 1
    print("✗ Not ready." if problems else "✓ Ready.")
    return 1 if problems else 0


def _database_problems(environment: Environment) -> Iterator[str]:
    addresses = {
        "DATABASE_URL": (environment.database_url, False),
        "VIGIE_DIRECT_DATABASE_URL": (environment.direct_database_url, False),
        "VIGIE_OWNER_DATABASE_URL": (environment.owner_database_url, False),
        "VIGIE_MAINTENANCE_DATABASE_URL": (environment.maintenance_database_url, True),
    }
    for name, (url, may_bypass) in addresses.items():
        if url:
            yield from _connection_problems(name, url, may_bypass=may_bypass)


def _connection_problems(name: str, url: str, *, may_bypass: bool) -> Iterator[str]:
    try:
        connection = psycopg.connect(url, connect_timeout=10)
    except psycopg.OperationalError as error:
        yield f"{name}: the database does not answer ({error})".strip()
        return
    with connection:
        if connection.info.server_version < _OLDEST_POSTGRESQL:
            yield f"{name}: PostgreSQL 15 or later is needed, this one is {connection.info.server_version // 10000}."
        row = connection.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
        if row is None or row[0]:
            yield f"{name}: a superuser escapes row-level security; use the roles of vigie check --sql."
        elif row[1] is not may_bypass:
            yield f"{name}: this role must {'' if may_bypass else 'not '}have BYPASSRLS; see vigie check --sql."
        installed = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
        missing = sorted(set(database_roles.EXTENSIONS) - installed)
        if missing:
            yield f"{name}: extensions are missing ({', '.join(missing)}); see vigie check --sql."


def _mail_problems(environment: Environment) -> Iterator[str]:
    if not environment.is_production:
        return  # The demonstration's sink runs only with it.
    server = environment.mail_server
    kind = smtplib.SMTP_SSL if server.implicit_tls else smtplib.SMTP
    try:
        with kind(server.host, server.port, timeout=10) as client:
            client.ehlo()
            if server.starttls:
                client.starttls()
            if server.username:
                client.login(server.username, server.password)
    except (OSError, smtplib.SMTPException) as error:
        yield f"VIGIE_SMTP_URL: the mail server does not accept us ({type(error).__name__}: {error})"


def _folder_problems(environment: Environment) -> Iterator[str]:
    try:
        environment.files_folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=environment.files_folder):
            pass
    except OSError as error:
        yield f"VIGIE_DATA: files cannot be written ({error})"
