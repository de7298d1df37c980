"""The functions that every policy reads, and how Vigie reads French."""

from django.db import migrations

from vigie.foundation import rls

TEXT = """
CREATE FUNCTION plain(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, value)) $$;
CREATE TEXT SEARCH CONFIGURATION vigie_french (COPY = pg_catalog.french);
ALTER TEXT SEARCH CONFIGURATION vigie_french
    ALTER MAPPING FOR hword, hword_part, word WITH public.unaccent, french_stem;
"""
DROP_TEXT = """
DROP TEXT SEARCH CONFIGURATION vigie_french;
DROP FUNCTION plain(text);
"""


class Migration(migrations.Migration):
    dependencies = [("foundation", "0001_initial")]
    operations = [
        migrations.RunSQL(rls.SCOPE_FUNCTIONS, rls.DROP_SCOPE_FUNCTIONS),
        migrations.RunSQL(TEXT, DROP_TEXT),
    ]
