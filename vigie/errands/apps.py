from django.apps import AppConfig


class ErrandsConfig(AppConfig):
    name = "vigie.errands"
    label = "errands"
