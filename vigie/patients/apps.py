from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "vigie.patients"
    label = "patients"

    def ready(self) -> None:
        from vigie.patients import acts  # noqa: F401, PLC0415 - declares its acts
        from vigie.patients.resealing import PatientValues  # noqa: PLC0415 - models are loaded by now
        from vigie.sealing import registry  # noqa: PLC0415

        registry.register(PatientValues())
