"""An operator is more than a user wherever she is one, even in a site that the reader administers."""

from django.db import migrations

MORE_ELSEWHERE = """
SET LOCAL ROLE vigie_maintenance;
CREATE OR REPLACE FUNCTION directory_is_more_elsewhere(person uuid, sites uuid[]) RETURNS boolean LANGUAGE sql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $body$
    SELECT NOT (scope_platform() OR EXISTS (SELECT FROM directory_membership m
                                             WHERE m.user_id = person AND m.site_id = ANY (scope_ids('sites'))))
        OR EXISTS (SELECT FROM directory_membership m
                    WHERE m.user_id = person AND m.is_active AND m.accepted_at IS NOT NULL
                      AND ('operator' = ANY (m.roles) OR NOT m.site_id = ANY (sites)
                           AND (NOT m.roles <@ ARRAY['user']::varchar[]
                                OR EXISTS (SELECT FROM directory_habilitation h WHERE h.membership_id = m.id))))
$body$;
RESET ROLE;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0013_registers")]
    operations = [migrations.RunSQL(MORE_ELSEWHERE, migrations.RunSQL.noop)]
