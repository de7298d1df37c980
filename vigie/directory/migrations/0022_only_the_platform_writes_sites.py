"""Spaces and sites are the platform's to write: their members read them, and may lock them while they write what is theirs."""

from django.db import migrations

from vigie.foundation import rls

TABLES = ("directory_space", "directory_site")


class Migration(migrations.Migration):
    dependencies = [("directory", "0021_desk_administration")]
    operations = [
        migrations.RunSQL(
            f"ALTER POLICY tenancy ON {table} WITH CHECK ({rls.PLATFORM});"
            f"CREATE POLICY removal ON {table} AS RESTRICTIVE FOR DELETE USING ({rls.PLATFORM});",
            f"DROP POLICY removal ON {table};",
        )
        for table in TABLES
    ]
