"""Desks are the platform's to open and to take away: the people of their site set them, and no more."""

from django.db import migrations

from vigie.foundation import rls


class Migration(migrations.Migration):
    dependencies = [("directory", "0025_habilitations_at_entry")]
    operations = [
        migrations.RunSQL(
            f"CREATE POLICY opening ON directory_desk AS RESTRICTIVE FOR INSERT WITH CHECK ({rls.PLATFORM});"
            f"CREATE POLICY removal ON directory_desk AS RESTRICTIVE FOR DELETE USING ({rls.PLATFORM});",
            "DROP POLICY opening ON directory_desk; DROP POLICY removal ON directory_desk;",
        )
    ]
