from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "vigie.applications"
    label = "applications"

    def ready(self) -> None:
        from vigie.applications import acts  # noqa: F401, PLC0415 - declares its acts
