"""A file is seen by its site and its desk, an internal one by its desk alone."""

from django.db import migrations

from vigie.foundation import rls


class Migration(migrations.Migration):
    dependencies = [("attachments", "0001_initial"), ("foundation", "0002_scope")]
    operations = [
        rls.protect(
            "attachments_attachment",
            using=rls.either(f"(NOT internal AND {rls.within('site_id', 'sites')})", rls.within("desk_id", "desks")),
        ),
    ]
