from django.apps import AppConfig


class AttachmentsConfig(AppConfig):
    name = "vigie.attachments"
    label = "attachments"
