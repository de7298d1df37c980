from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "vigie.incidents"
    label = "incidents"

    def ready(self) -> None:
        # Both register with the layers below, once models are ready.
        from vigie.incidents import live_topics, unsubscribing  # noqa: F401, PLC0415

        unsubscribing.register()
