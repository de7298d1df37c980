from django.apps import AppConfig


class ErrandsConfig(AppConfig):
    name = "vigie.errands"
    label = "errands"

    def ready(self) -> None:
        from vigie.errands import personal_data  # noqa: PLC0415 - models must be loaded first

        personal_data.register()
