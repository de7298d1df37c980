from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "vigie.accounts"
    label = "accounts"

    def ready(self) -> None:
        from vigie.accounts import personal_data, signals  # noqa: F401, PLC0415 - models must be loaded first.

        personal_data.register()
