"""`vigie manage audit_verify`: read the chains of the journal again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection


class Command(BaseCommand):
    help = "Recompute the chains of the journal; fail at a link that was altered, removed or moved."

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT chain, place FROM audit_broken_links()")
            broken = cursor.fetchall()
        if broken:
            raise CommandError("Broken: " + ", ".join(f"{chain} #{place}" for chain, place in broken[:20]))
        self.stdout.write("Every chain holds.")
