"""The operator finds accounts by name and address (ACC-15).

`LIKE` and the trigram operators are not leakproof: behind a policy PostgreSQL would not use the index. The function
reads past the policies, and answers to the scope of the platform only.
"""

from django.db import migrations, models

from vigie.foundation import rls

DOCUMENT = "public.plain(last_name || ' ' || first_name || ' ' || email)"

# The longest word goes through the index; the others are checked on what it finds.
SEARCH = rf"""
DECLARE
    words text[] := ARRAY(SELECT word FROM regexp_split_to_table(btrim(public.plain(sought)), '\s+') AS word
                           WHERE word <> '' ORDER BY length(word) DESC LIMIT 10);
    patterns text[] := ARRAY(SELECT '%' || regexp_replace(word, '([\\%_])', '\\\1', 'g') || '%' FROM unnest(words) AS word);
BEGIN
    IF NOT scope_platform() OR cardinality(words) = 0 THEN
        RETURN;
    END IF;
    IF near THEN
        RETURN QUERY
            SELECT id FROM accounts_user WHERE {DOCUMENT} %> array_to_string(words, ' ')
             ORDER BY {DOCUMENT} <->> array_to_string(words, ' ') LIMIT 50;
    ELSE
        RETURN QUERY SELECT id FROM accounts_user WHERE {DOCUMENT} LIKE patterns[1] AND {DOCUMENT} LIKE ALL (patterns);
    END IF;
END
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_trusted_networks")]
    operations = [
        migrations.AddIndex(
            model_name="user",
            index=models.Index(models.F("last_name"), models.F("first_name"), models.F("id"), name="accounts_user_name"),
        ),
        migrations.RunSQL(
            f"CREATE INDEX accounts_user_search ON accounts_user USING gin (({DOCUMENT}) gin_trgm_ops)",
            "DROP INDEX accounts_user_search",
        ),
        rls.definer("accounts_search", "sought text, near boolean", "SETOF uuid", SEARCH),
        migrations.RunSQL(
            "ALTER FUNCTION accounts_search(text, boolean) SET pg_trgm.word_similarity_threshold = 0.4", migrations.RunSQL.noop
        ),
    ]
