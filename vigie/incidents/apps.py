from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "vigie.incidents"
    label = "incidents"
