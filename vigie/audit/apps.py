from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AuditConfig(AppConfig):
    name = "vigie.audit"
    label = "audit"

    def ready(self) -> None:
        # Each app says its own acts.
        autodiscover_modules("acts")
