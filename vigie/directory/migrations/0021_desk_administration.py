"""Administrators of a desk's site read and write its teams and its catalogue, without being its technicians.

The sites that use its solutions belong to other tenants: their names come from a function that gives nothing else.
"""

from django.db import migrations

from vigie.foundation import rls

OF_ITS_SITE = f"desk_id IN (SELECT d.id FROM directory_desk d WHERE {rls.within('d.site_id', 'sites')})"
OF_DESK = rls.either(rls.within("desk_id", "desks"), rls.PLATFORM, OF_ITS_SITE)
CATALOGUE = rls.either(rls.within("desk_id", "desks"), rls.within("desk_id", "reach"), rls.PLATFORM, OF_ITS_SITE)
SITES = """
    SELECT l.solution_id, l.site_id, s.name, l.is_active
      FROM directory_sitesolution l
      JOIN directory_site s ON s.id = l.site_id
      JOIN directory_desk d ON d.id = l.desk_id
     WHERE l.desk_id = of_desk AND (scope_platform() OR d.site_id = ANY (scope_ids('sites')))
     ORDER BY s.name, l.site_id
"""


def changed(table: str, using: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"DROP POLICY tenancy ON {table}; CREATE POLICY tenancy ON {table} USING ({using}) WITH CHECK ({using});",
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("directory", "0020_desk_revision")]
    operations = [
        changed("directory_team", OF_DESK),
        changed("directory_teammember", OF_DESK),
        changed("directory_solution", CATALOGUE),
        rls.definer(
            "directory_desk_sites",
            "of_desk uuid",
            "TABLE (solution uuid, site uuid, name varchar, is_active boolean)",
            SITES,
            language="sql",
        ),
    ]
