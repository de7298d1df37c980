"""A search asks for its page and its count, not for all that it finds (ACC-20).

Behind row-level security the planner cannot look into what `LIKE` finds, so the page is made past the policies, in a
function that answers for a site in the scope only. Statements are written with the words themselves: the planner then knows
whether they are rare, and looks in the index, or common, and walks the names in order.
"""

from django.db import migrations

from vigie.foundation import rls

WORDS = r"""
    words text[] := ARRAY(SELECT word FROM regexp_split_to_table(btrim(public.plain(sought)), '\s+') AS word
                           WHERE word <> '' ORDER BY length(word) DESC LIMIT 10);
    patterns text[] := ARRAY(SELECT '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(words) AS word);
"""
IN_SCOPE = """
    IF NOT (scope_platform() OR COALESCE(at_site = ANY (scope_ids('sites')), false)) OR cardinality(words) = 0 THEN
        RETURN{nothing};
    END IF;
"""
FOUND = "directory_membership m WHERE m.site_id = %L AND m.search LIKE %L AND m.search LIKE ALL (%L::text[])"

PAGE = f"""
DECLARE {WORDS}
    way text := CASE WHEN descends THEN 'DESC' ELSE 'ASC' END;
    beyond text := '';
BEGIN
    {IN_SCOPE.format(nothing="")}
    IF from_id IS NOT NULL THEN
        beyond := format(' AND (m.last_name, m.first_name, m.id) %s (%L, %L, %L::uuid)',
                         CASE WHEN descends THEN '<' ELSE '>' END, from_last, from_first, from_id);
    END IF;
    RETURN QUERY EXECUTE format('SELECT m.id FROM {FOUND} %s ORDER BY m.last_name %s, m.first_name %s, m.id %s LIMIT %s',
                                at_site, patterns[1], patterns, beyond, way, way, way, most);
END
"""
COUNT = f"""
DECLARE {WORDS}
    found integer;
BEGIN
    {IN_SCOPE.format(nothing=" 0")}
    EXECUTE format('SELECT count(*) FROM (SELECT FROM {FOUND} LIMIT %s) AS one', at_site, patterns[1], patterns, most) INTO found;
    RETURN found;
END
"""
# As before, but for the words put together once, not once a row.
SEARCH = f"""
DECLARE {WORDS}
    whole text := array_to_string(words, ' ');
BEGIN
    {IN_SCOPE.format(nothing="")}
    IF near THEN
        RETURN QUERY EXECUTE format('SELECT m.id FROM directory_membership m WHERE m.site_id = %L AND m.search %%> %L'
                                    ' ORDER BY m.search <->> %L LIMIT 50', at_site, whole, whole);
    ELSE
        RETURN QUERY EXECUTE format('SELECT m.id FROM {FOUND}', at_site, patterns[1], patterns);
    END IF;
END
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0022_only_the_platform_writes_sites")]
    operations = [
        rls.definer(
            "directory_search_page",
            "sought text, at_site uuid, from_last text, from_first text, from_id uuid, descends boolean, most integer",
            "SETOF uuid",
            PAGE,
        ),
        rls.definer("directory_search_count", "sought text, at_site uuid, most integer", "integer", COUNT),
        migrations.RunSQL("DROP FUNCTION directory_search_members(text, uuid, boolean)", migrations.RunSQL.noop),
        rls.definer("directory_search_members", "sought text, at_site uuid, near boolean", "SETOF uuid", SEARCH),
        migrations.RunSQL(
            "ALTER FUNCTION directory_search_members(text, uuid, boolean) SET pg_trgm.word_similarity_threshold = 0.4",
            migrations.RunSQL.noop,
        ),
    ]
