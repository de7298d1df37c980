from django.apps import AppConfig


class SealingConfig(AppConfig):
    name = "vigie.sealing"
    label = "sealing"
