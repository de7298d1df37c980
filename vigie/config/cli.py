"""The `vigie` command: one function a sub-command. Django is imported only once the environment was found good."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from vigie.config.environment import ConfigurationError, Environment, Mode, read_environment
from vigie.foundation.bundled_postgres import BundledPostgresError

Command = Callable[[Environment, list[str]], int]
_DEMONSTRATION = frozenset({"demo", "demo-accounts"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one sub-command and return its exit code: 2 for a configuration that cannot be used."""
    name, rest = _parse(sys.argv[1:] if arguments is None else list(arguments))
    if name in _STANDALONE:
        return _STANDALONE[name](rest)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigie.config.settings")
    is_demonstration = name in _DEMONSTRATION or (name == "seed" and not os.environ.get("DATABASE_URL"))
    if is_demonstration and not os.environ.get("VIGIE_MODE"):
        os.environ["VIGIE_MODE"] = Mode.DEMO
    try:
        environment = read_environment(os.environ)
        return COMMANDS[name][0](environment, rest)
    except (ConfigurationError, BundledPostgresError) as error:
        print(error, file=sys.stderr)
        return 2


def serve(environment: Environment, rest: list[str]) -> int:
    """Web pages and live streams, until SIGTERM."""
    _no_arguments("serve", rest)
    from vigie.config import server

    with _database(environment):
        server.main()
    return 0


def worker(environment: Environment, rest: list[str]) -> int:
    """Background jobs (mail, files…), until SIGTERM."""
    _no_arguments("worker", rest)
    from vigie.config import worker as jobs_worker

    with _database(environment):
        jobs_worker.main()
    return 0


def demo(environment: Environment, rest: list[str]) -> int:
    """Database, mail sink, web and worker together on this machine, with demonstration data."""
    parser = argparse.ArgumentParser(prog="vigie demo", description=demo.__doc__)
    parser.add_argument("--seed-arguments", default="", help="passed to `vigie seed` on the first start, e.g. '--incidents 50'")
    options = parser.parse_args(rest)
    from vigie.config import demo as demonstration

    return demonstration.main(environment, seed_arguments=options.seed_arguments.split())


def check(environment: Environment, rest: list[str]) -> int:
    """Say what is missing: settings, database roles and versions, migrations, mail server, files."""
    parser = argparse.ArgumentParser(prog="vigie check", description=check.__doc__)
    parser.add_argument("--sql", action="store_true", help="print the SQL that prepares roles and database on a server, and stop")
    if parser.parse_args(rest).sql:
        return 0  # Printed by `_parse` already: it needs no configuration.
    from vigie.config import readiness

    with _database(environment):
        return readiness.main(environment)


def migrate(environment: Environment, rest: list[str]) -> int:
    """Bring the database's schema up to date, as its owner."""
    with _database(environment):
        return _django("migrate", "--database", "owner", *rest)


def seed(environment: Environment, rest: list[str]) -> int:
    """Load the demonstration territory, or large volumes of it: `vigie seed --help`."""
    with _database(environment):
        return _django("seed", *rest)


def createuser(environment: Environment, rest: list[str]) -> int:
    """Make an account: `vigie createuser --help`."""
    with _database(environment):
        return _django("createuser", *rest)


def demo_accounts(environment: Environment, rest: list[str]) -> int:
    """Print the demonstration's accounts: `vigie demo-accounts --json`."""
    with _database(environment):
        return _django("demo_accounts", *rest)


def sign_assets(rest: list[str]) -> int:
    """The list of this release's assets, signed."""
    from vigie.config import asset_commands

    return asset_commands.sign(rest)


def verify_assets(rest: list[str]) -> int:
    """A running server against a release."""
    from vigie.config import asset_commands

    return asset_commands.verify(rest)


def manage(environment: Environment, rest: list[str]) -> int:
    """Any command of Django's: `vigie manage makemigrations`."""
    with _database(environment):
        return _django(*rest)


COMMANDS: dict[str, tuple[Command, str]] = {
    "serve": (serve, "serve web pages and live streams"),
    "worker": (worker, "run background jobs"),
    "demo": (demo, "run everything on this machine, with demonstration data"),
    "check": (check, "say what is missing before real use"),
    "migrate": (migrate, "bring the database's schema up to date"),
    "seed": (seed, "load demonstration data"),
    "createuser": (createuser, "make an account"),
    "demo-accounts": (demo_accounts, "print the demonstration's accounts"),
    "manage": (manage, "run a command of Django's"),
}
SUMMARIES = {name: summary for name, (_command, summary) in COMMANDS.items()} | {
    "sign-assets": "sign the list of this release's assets",
    "verify-assets": "compare the assets and pages of a running server with a release",
}
_STANDALONE: dict[str, Callable[[list[str]], int]] = {"sign-assets": sign_assets, "verify-assets": verify_assets}
"""They need no configuration: the machine that checks a server is not the server."""


def _parse(arguments: list[str]) -> tuple[str, list[str]]:
    """Return the sub-command and what follows it, which the sub-command reads itself."""
    parser = argparse.ArgumentParser(
        prog="vigie",
        description="Vigie, one portal for the digital services of a health territory.",
        epilog="Configuration is by environment variables: docs/reference/configuration.md.",
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, summary in SUMMARIES.items():
        subparsers.add_parser(name, help=summary, add_help=False)
    known, rest = parser.parse_known_args(arguments[:1])
    rest = arguments[1:]
    if known.command == "check" and "--sql" in rest:
        _print_roles_sql()
        raise SystemExit(0)
    return known.command, rest


def _print_roles_sql() -> None:
    """SQL for an administrator's psql; passwords are set by hand afterwards."""
    from vigie.foundation import database_roles

    print("-- Once on the server, as a superuser:")
    print("".join(f"{statement};\n" for statement in database_roles.server_statements("vigie")))
    print("\\password vigie_owner\n\\password vigie_app\n\\password vigie_maintenance\n")
    print("-- Then inside the database:\n\\connect vigie")
    print("".join(f"{statement};\n" for statement in database_roles.database_statements("vigie")), end="")


def _no_arguments(name: str, rest: list[str]) -> None:
    argparse.ArgumentParser(prog=f"vigie {name}", description=COMMANDS[name][0].__doc__).parse_args(rest)


def _database(environment: Environment) -> AbstractContextManager[None]:
    """The bundled server, started or shared, when that is what this environment uses."""
    return environment.bundled_postgres.running() if environment.bundled_postgres else nullcontext()


def _django(*arguments: str) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["vigie", *arguments])
    return 0


if __name__ == "__main__":
    sys.exit(main())
