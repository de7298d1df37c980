from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "vigie.ui"
    label = "ui"
