"""`vigie seed`."""

import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from vigie.web.seed import loading
from vigie.web.seed.patients import DEMONSTRATION


class Command(BaseCommand):
    help = "Load the demonstration territory, or large volumes of it; the same --seed gives the same territory."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--incidents", type=int, default=None, help="how many (800; 60 with --small)")
        parser.add_argument("--users", type=int, default=60, help="how many accounts, 60 at least")
        parser.add_argument("--one-site", action="store_true", help="put those on top of the planned ones in one hospital")
        parser.add_argument(
            "--patients", type=int, default=None, help="how many in the register of the one hospital (240; 40 with --small)"
        )
        parser.add_argument("--seed", type=int, default=2026, help="of chance")
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is something already")
        parser.add_argument("--small", action="store_true", help="a territory for tests: every kind of case, few of each")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.VIGIE_DEVELOPMENT_PAGES:
            raise CommandError("Comptes de démonstration : à ne jamais charger en production (VIGIE_MODE).")
        started = time.monotonic()
        incidents = options["incidents"] if options["incidents"] is not None else 60 if options["small"] else 800
        patients = (
            options["patients"] if options["patients"] is not None else DEMONSTRATION.small if options["small"] else DEMONSTRATION.full
        )
        if incidents < 0 or patients < 0 or options["users"] < 0:
            raise CommandError("--incidents, --users et --patients sont des nombres positifs.")
        try:
            loaded = loading.load(
                incidents=incidents,
                users=options["users"],
                patients=patients,
                seed=options["seed"],
                progress=_progress(incidents),
                one_site=options["one_site"],
            )
        except loading.NotEmpty:
            if options["if_empty"]:
                return
            raise CommandError("La base contient déjà des données : rien n’a été chargé.") from None
        self.stdout.write(
            f"Territoire de démonstration : {loaded.users} comptes, {loaded.incidents} incidents,"
            f" {loaded.entries} suivis ({time.monotonic() - started:.0f} s)."
        )


def _progress(total: int) -> loading.Progress | None:
    """Return what shows the progress, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        return None
    started = time.monotonic()

    def show(done: int) -> None:
        seconds = time.monotonic() - started
        left = seconds / done * (total - done)
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r{done:>9} / {total} incidents, encore {left:.0f} s environ   {end}")
        sys.stderr.flush()

    return show
