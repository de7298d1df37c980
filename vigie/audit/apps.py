from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class AuditConfig(AppConfig):
    name = "vigie.audit"
    label = "audit"

    def ready(self) -> None:
        from vigie.audit import personal_data  # noqa: PLC0415 - models must be loaded first

        personal_data.register()
        # Each app says its own acts.
        autodiscover_modules("acts")
