from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "vigie.incidents"
    label = "incidents"

    def ready(self) -> None:
        # All register with the layers below, once models are ready.
        from vigie.incidents import event_kinds, live_topics, personal_data, unsubscribing  # noqa: F401, PLC0415

        event_kinds.register()
        personal_data.register()
        unsubscribing.register()
