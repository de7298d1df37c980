from django.apps import AppConfig


class FoundationConfig(AppConfig):
    name = "vigie.foundation"
    label = "foundation"
