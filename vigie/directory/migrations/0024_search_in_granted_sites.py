"""Whoever helps a site under a grant searches its members too (SEA-4): the functions made since forgot the granted sites."""

from django.db import migrations

ANSWER_FOR_GRANTED = """
DO $body$
DECLARE
    signature text;
    source text;
BEGIN
    FOREACH signature IN ARRAY ARRAY['directory_search_members(text, uuid, boolean)',
                                     'directory_search_page(text, uuid, text, text, uuid, boolean, integer)',
                                     'directory_search_count(text, uuid, integer)']
    LOOP
        SELECT pg_get_functiondef(signature::regprocedure) INTO source;
        IF strpos(source, 'at_site = ANY (scope_ids(''sites''))') = 0 THEN
            RAISE EXCEPTION '% does not ask for the scope as expected', signature;
        END IF;
        source := replace(source, 'at_site = ANY (scope_ids(''sites''))',
                                  'at_site = ANY (scope_ids(''sites'') || scope_ids(''granted''))');
        SET LOCAL ROLE vigie_maintenance;
        EXECUTE source;
        RESET ROLE;
    END LOOP;
END $body$;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0023_search_by_page")]
    operations = [migrations.RunSQL(ANSWER_FOR_GRANTED, migrations.RunSQL.noop)]
