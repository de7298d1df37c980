from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "vigie.incidents"
    label = "incidents"

    def ready(self) -> None:
        from vigie.incidents import live_topics  # noqa: F401, PLC0415 - registers the guards once models are ready
        from vigie.incidents import unsubscribing  # noqa: PLC0415 - the same

        unsubscribing.register()
