"""What opens a request also says the habilitations of each membership: pages of health data ask at each one."""

from django.db import migrations

ADD = """
DO $body$
DECLARE source text;
BEGIN
    SELECT pg_get_functiondef('directory_enter(uuid, boolean)'::regprocedure) INTO source;
    IF position('''function'', m.function)' IN source) = 0 THEN
        RAISE EXCEPTION 'directory_enter is not as expected';
    END IF;
    source := replace(source, '''function'', m.function)', '''function'', m.function, ''habilitations'', COALESCE('
        || '(SELECT array_agg(h.code) FROM directory_habilitation h WHERE h.membership_id = m.id), ''{}''))');
    SET LOCAL ROLE vigie_maintenance;
    EXECUTE source;
    RESET ROLE;
END $body$;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0024_search_in_granted_sites")]
    operations = [migrations.RunSQL(ADD, migrations.RunSQL.noop)]
