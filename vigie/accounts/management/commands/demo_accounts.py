"""`vigie demo-accounts`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from vigie.accounts.demonstration import DEMO_PASSWORD, demonstration_accounts


class Command(BaseCommand):
    help = "Print the demonstration's accounts: address, password, secret of the authenticator application, site, role."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        accounts = demonstration_accounts()
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    [
                        {
                            "email": account.email,
                            "password": DEMO_PASSWORD,
                            "totp_secret": account.totp_secret,
                            "name": account.name,
                            "site": account.site,
                            "role": account.role,
                            "passphrase": account.passphrase,
                        }
                        for account in accounts
                    ],
                    ensure_ascii=False,
                    indent=1,
                )
            )
            return
        if not accounts:
            raise CommandError("Aucun compte de démonstration : lancez d'abord `vigie seed`.")
        self.stdout.write(f"Comptes de démonstration (mot de passe : {DEMO_PASSWORD})\n")
        for account in accounts:
            self.stdout.write(f"  {account.email:<42} {account.totp_secret}  {account.role}, {account.site}")
        for site, passphrase in {account.site: account.passphrase for account in accounts if account.passphrase}.items():
            self.stdout.write(f"\nPhrase secrète de {site} : {passphrase}")
