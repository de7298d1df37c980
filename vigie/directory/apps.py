from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


def _load_rights(using: str, **_: Any) -> None:
    from vigie.directory import rights  # noqa: PLC0415 - models are not ready when this file is read
    from vigie.directory.models import RightsVersion  # noqa: PLC0415

    # Going back to an older schema leaves no table to load into.
    if RightsVersion._meta.db_table in connections[using].introspection.table_names():
        rights.load(alias=using)


class DirectoryConfig(AppConfig):
    name = "vigie.directory"
    label = "directory"

    def ready(self) -> None:
        from vigie.directory import (  # noqa: PLC0415 - models must be loaded first
            activation,  # noqa: F401
            journal_actions,
            live_topics,  # noqa: F401
            member_errands,
            people_import,
            personal_data,
        )

        member_errands.register()
        people_import.register()
        personal_data.register()
        journal_actions.register()
        post_migrate.connect(_load_rights, sender=self)
