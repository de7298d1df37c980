"""An errand is its owner's alone. Those whose time has passed are found by one function, for the job that deletes them."""

from django.db import migrations

from vigie.foundation import rls


class Migration(migrations.Migration):
    dependencies = [("errands", "0001_initial"), ("foundation", "0002_scope")]
    operations = [
        rls.protect("errands_errand", using=rls.is_user("owner_id")),
        rls.definer(
            "errands_expired",
            "at timestamptz",
            "TABLE (errand_id uuid, owner_id uuid)",
            "SELECT e.id, e.owner_id FROM errands_errand e WHERE e.expires_at <= at ORDER BY e.expires_at LIMIT 1000",
            language="sql",
        ),
    ]
