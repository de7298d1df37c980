from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "vigie.web"
    label = "web"

    def ready(self) -> None:
        from vigie.web import personal_data  # noqa: PLC0415 - models must be loaded first

        personal_data.register()
