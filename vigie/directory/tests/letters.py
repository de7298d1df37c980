"""What was written to people, as the outbox keeps it. It stands above `directory`, so it is found by name."""

from django.apps import apps

from vigie.foundation.testing import as_maintenance


def mails() -> list[tuple[str, str]]:
    """Return the address and subject of each mail, the oldest first."""
    with as_maintenance():
        return list(apps.get_model("notifications", "OutgoingMail").objects.order_by("id").values_list("address", "subject"))
