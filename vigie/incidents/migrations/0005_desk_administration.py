"""Administrators of a desk's site write its scale and its categories, without being its technicians."""

from django.db import migrations

from vigie.foundation import rls

OF_ITS_SITE = f"desk_id IN (SELECT d.id FROM directory_desk d WHERE {rls.within('d.site_id', 'sites')})"
CATALOGUE = rls.either(rls.within("desk_id", "desks"), rls.within("desk_id", "reach"), rls.PLATFORM, OF_ITS_SITE)
# Incidents of all tenants count, and nothing else of them is told.
USED = """
    SELECT EXISTS (SELECT FROM incidents_incident i WHERE i.priority_id = of_priority)
"""


def changed(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"DROP POLICY tenancy ON {table}; CREATE POLICY tenancy ON {table} USING ({CATALOGUE}) WITH CHECK ({CATALOGUE});",
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0004_fewer_indexes"), ("directory", "0021_desk_administration")]
    operations = [
        changed("incidents_priority"),
        changed("incidents_category"),
        rls.definer("incidents_priority_is_used", "of_priority uuid", "boolean", USED, language="sql"),
    ]
