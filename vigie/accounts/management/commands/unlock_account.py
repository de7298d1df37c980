"""`vigie manage unlock_account`: what an administrator does once she has checked who asks (ACC-6)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vigie.accounts import actions
from vigie.accounts.authentication import find_by_email
from vigie.accounts.models import User
from vigie.foundation import scope
from vigie.foundation.scope import Scope


class Command(BaseCommand):
    help = (
        "Let somebody sign in again by e-mail code after she reset her password by e-mail. Check who she is first, by another"
        " way than e-mail. With --remove-factors, also forget her authenticator application, keys and recovery codes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--remove-factors", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        identifier = find_by_email(options["email"])
        if identifier is None:
            raise CommandError("No account has this address.")
        with scope.entered(Scope(user_id=identifier)):
            user = User.objects.get(pk=identifier)
            actions.unlock(user, by="", removing_factors=options["remove_factors"])
        self.stdout.write("Done; she has been told by e-mail.")
