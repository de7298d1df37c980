"""Search among the members of a site (ACC-20) behind row-level security.

`LIKE` and the trigram operators are not leakproof: behind a policy PostgreSQL would not use the index. The function
reads past the policies, and answers for a site in the scope only.
"""

from django.db import migrations

from vigie.foundation import rls

# The longest word goes through the index; the others are checked on what it finds.
SEARCH = r"""
DECLARE
    words text[] := ARRAY(SELECT word FROM regexp_split_to_table(btrim(public.plain(sought)), '\s+') AS word
                           WHERE word <> '' ORDER BY length(word) DESC LIMIT 10);
    patterns text[] := ARRAY(SELECT '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(words) AS word);
BEGIN
    IF NOT (scope_platform() OR COALESCE(at_site = ANY (scope_ids('sites')), false)) OR cardinality(words) = 0 THEN
        RETURN;
    END IF;
    IF near THEN
        RETURN QUERY
            SELECT m.id FROM directory_membership m
             WHERE m.site_id = at_site AND m.search %> array_to_string(words, ' ')
             ORDER BY m.search <->> array_to_string(words, ' ') LIMIT 50;
    ELSE
        RETURN QUERY
            SELECT m.id FROM directory_membership m
             WHERE m.site_id = at_site AND m.search LIKE patterns[1] AND m.search LIKE ALL (patterns);
    END IF;
END
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0007_people_history")]
    operations = [
        rls.definer("directory_search_members", "sought text, at_site uuid, near boolean", "SETOF uuid", SEARCH),
        migrations.RunSQL(
            "ALTER FUNCTION directory_search_members(text, uuid, boolean) SET pg_trgm.word_similarity_threshold = 0.4",
            migrations.RunSQL.noop,
        ),
    ]
