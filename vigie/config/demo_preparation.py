"""What `vigie demo` does before serving: schema, demonstration data; and prints the accounts. Skips what is done already."""

import sys

import django


def main(seed_arguments: list[str]) -> None:
    """Migrate if migrations are missing, seed if nobody has an account yet."""
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections["owner"])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Préparation de la base de données…", flush=True)
        call_command("migrate", database="owner", interactive=False, verbosity=0)
    if not get_user_model().objects.using("maintenance").exists():
        print("Chargement du territoire de démonstration…", flush=True)
        call_command("seed", *seed_arguments)
    from vigie.applications.demonstration import follow_address

    follow_address(using="maintenance")
    connections.close_all()


if __name__ == "__main__":
    main(sys.argv[1:])
