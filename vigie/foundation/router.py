"""Which database alias a model uses."""

from typing import Any

from django.db.models import Model

_OUTSIDE_THE_TRANSACTION = frozenset({("sessions", "session"), ("foundation", "cacheentry"), ("usersessions", "usersession")})


class SideRouter:
    """Sessions and the cache are written in autocommit: a page that reads, or fails, keeps its transaction clean."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return "side" if (model._meta.app_label, model._meta.model_name) in _OUTSIDE_THE_TRANSACTION else None

    db_for_write = db_for_read

    def allow_relation(self, first: Model, second: Model, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == "owner"
