"""`vigie createuser`: an account and its memberships, made by whoever runs the server."""

import getpass
import secrets
import sys
from typing import Any, Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from vigie.accounts.actions import create_account
from vigie.accounts.addresses import check_email, normal_email
from vigie.accounts.authentication import find_by_email
from vigie.accounts.models import User
from vigie.directory.models import Membership, Role, Site
from vigie.foundation import scope
from vigie.foundation.ids import uuid7
from vigie.foundation.scope import Scope

_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


class Command(BaseCommand):
    help = (
        "Make an account. Without an option about the password it is asked for twice. At the first sign-in a code by e-mail is"
        " the second factor; better ones are added on the page « Sécurité »."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--first-name", required=True)
        parser.add_argument("--last-name", required=True)
        parser.add_argument("--site", metavar="NUMBER", help="number of the site she belongs to")
        parser.add_argument("--function", default="", help="what she does there, e.g. « Cadre de santé »")
        parser.add_argument(
            "--role",
            action="append",
            choices=Role.values,
            default=[],
            help="what she may do there; may be repeated (default: user)",
        )
        parser.add_argument("--language", choices=["fr", "en"], default="fr")
        password = parser.add_mutually_exclusive_group()
        password.add_argument("--generate-password", action="store_true", help="make a password and print it, once")
        password.add_argument("--password-stdin", action="store_true", help="read the password from the standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        email = normal_email(options["email"])
        try:
            check_email(email)
        except ValidationError as error:
            raise CommandError("This is not an e-mail address.") from error
        if options["role"] and not options["site"]:
            raise CommandError("A role is held in a site: give --site too.")
        if find_by_email(email) is not None:
            raise CommandError("Somebody has this address already.")
        names = {"first_name": options["first_name"], "last_name": options["last_name"]}
        password = _password(options, User(email=email, **names))
        identifier = uuid7()
        # The scope of a platform operator who would be this person: row-level security holds here too.
        with scope.entered(Scope(user_id=identifier, platform=True)):
            site = _site(options["site"])
            user = create_account(email=email, password=password, id=identifier, language=options["language"], **names)
            if site is not None:
                roles = options["role"] or [Role.USER]
                Membership.of_account(user, at=timezone.now(), site=site, roles=roles, function=options["function"]).save()
        self.stdout.write(f"{user.full_name} <{user.email}>" + (f", {site.name}" if site else ""))
        if options["generate_password"]:
            self.stdout.write(f"Password: {password}")


def _site(number: str | None) -> Site | None:
    if number is None:
        return None
    site = Site.objects.filter(number=number).first()
    if site is None:
        raise CommandError("No site has this number.")
    return site


def _password(options: dict[str, Any], user: User) -> str:
    if options["generate_password"]:
        return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    if options["password_stdin"]:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise CommandError("The two passwords differ.")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error
    return password
