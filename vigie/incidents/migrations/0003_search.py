"""Full-text search (INC-25) behind row-level security.

`@@` and the trigram operators are not leakproof: behind a policy PostgreSQL would not use their indexes. The search
is a function that sees every row and applies the scope itself; the caller reads the incidents again under the policy.
"""

from django.db import migrations

from vigie.foundation import rls

WEIGHED = """
    setweight(to_tsvector('public.vigie_french', number || ' ' || subject), 'A')
    || setweight(to_tsvector('public.vigie_french', requester_name || ' ' || contact_name), 'B')
    || setweight(to_tsvector('public.vigie_french', description), 'C')
"""

# A tsvector holds at most 1 MB: a very long exchange stops being indexed rather than refusing a message.
INDEX_INCIDENT = f"""
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO incidents_incidenttext (incident_id, site_id, desk_id, heading, words)
        SELECT NEW.id, NEW.site_id, NEW.desk_id,
               public.plain(NEW.number || ' ' || NEW.subject || ' ' || NEW.requester_name), {{words}};
    ELSE
        UPDATE incidents_incidenttext
           SET heading = public.plain(NEW.number || ' ' || NEW.subject || ' ' || NEW.requester_name),
               words = {{words}} || COALESCE((SELECT to_tsvector('public.vigie_french', left(string_agg(f.body, ' '), 200000))
                   FROM incidents_followup f WHERE f.incident_id = NEW.id AND NOT f.internal), '')
         WHERE incident_id = NEW.id;
    END IF;
    RETURN NULL;
END
""".replace("{words}", WEIGHED.replace("number", "NEW.number").replace("subject", "NEW.subject")
            .replace("requester_name", "NEW.requester_name").replace("contact_name", "NEW.contact_name")
            .replace("description", "NEW.description"))

INDEX_FOLLOWUP = """
BEGIN
    IF TG_OP = 'UPDATE' THEN
        UPDATE incidents_incidenttext t
           SET words = """ + WEIGHED.replace("number", "i.number").replace("subject", "i.subject").replace(
    "requester_name", "i.requester_name").replace("contact_name", "i.contact_name").replace(
    "description", "i.description") + """
               || COALESCE((SELECT to_tsvector('public.vigie_french', left(string_agg(f.body, ' '), 200000))
                   FROM incidents_followup f WHERE f.incident_id = i.id AND NOT f.internal), '')
          FROM incidents_incident i WHERE i.id = NEW.incident_id AND t.incident_id = i.id;
        UPDATE incidents_internaltext t
           SET words = COALESCE((SELECT to_tsvector('public.vigie_french', left(string_agg(f.body, ' '), 200000))
                   FROM incidents_followup f WHERE f.incident_id = NEW.incident_id AND f.internal), '')
         WHERE t.incident_id = NEW.incident_id;
    ELSIF NEW.internal THEN
        INSERT INTO incidents_internaltext AS t (incident_id, desk_id, words)
        VALUES (NEW.incident_id, NEW.desk_id, to_tsvector('public.vigie_french', NEW.body))
        ON CONFLICT (incident_id) DO UPDATE
           SET words = CASE WHEN pg_column_size(t.words) < 500000 THEN t.words || EXCLUDED.words ELSE t.words END;
    ELSE
        UPDATE incidents_incidenttext
           SET words = words || to_tsvector('public.vigie_french', NEW.body)
         WHERE incident_id = NEW.incident_id AND pg_column_size(words) < 500000;
    END IF;
    RETURN NULL;
END
"""

# `desks` and `sites` are those where the caller's role reads everything; each is cut to the scope once more.
SEARCH = """
DECLARE
    wanted tsquery := websearch_to_tsquery('public.vigie_french', sought);
    own_desks uuid[] := ARRAY(SELECT unnest(desks) INTERSECT SELECT unnest(scope_ids('desks')));
    own_sites uuid[] := ARRAY(SELECT unnest(sites) INTERSECT SELECT unnest(scope_ids('sites')));
    own_scope uuid[] := scope_ids('sites');
    me uuid := scope_user();
BEGIN
    IF numnode(wanted) = 0 THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT found.id, false FROM (
            (SELECT i.id, i.updated_at FROM incidents_incidenttext t JOIN incidents_incident i ON i.id = t.incident_id
              WHERE t.words @@ wanted AND i.desk_id = ANY (own_desks) AND cardinality(own_desks) > 0
              ORDER BY i.updated_at DESC LIMIT most)
            UNION
            (SELECT i.id, i.updated_at FROM incidents_internaltext t JOIN incidents_incident i ON i.id = t.incident_id
              WHERE t.words @@ wanted AND i.desk_id = ANY (own_desks) AND cardinality(own_desks) > 0
              ORDER BY i.updated_at DESC LIMIT most)
            UNION
            (SELECT i.id, i.updated_at FROM incidents_incidenttext t JOIN incidents_incident i ON i.id = t.incident_id
              WHERE t.words @@ wanted AND i.site_id = ANY (own_sites) AND cardinality(own_sites) > 0
              ORDER BY i.updated_at DESC LIMIT most)
            UNION
            (SELECT i.id, i.updated_at FROM incidents_incident i JOIN incidents_incidenttext t ON t.incident_id = i.id
              WHERE t.words @@ wanted AND i.requester_id = me AND i.site_id = ANY (own_scope)
              ORDER BY i.updated_at DESC LIMIT most)
            UNION
            (SELECT i.id, i.updated_at FROM incidents_follower f JOIN incidents_incident i ON i.id = f.incident_id
               JOIN incidents_incidenttext t ON t.incident_id = i.id
              WHERE t.words @@ wanted AND f.user_id = me
                AND (i.site_id = ANY (own_scope) OR i.desk_id = ANY (scope_ids('desks')))
              ORDER BY i.updated_at DESC LIMIT most)
        ) AS found ORDER BY found.updated_at DESC LIMIT most;
    IF NOT FOUND AND length(sought) >= 4 THEN
        -- No word matches: look for a near spelling in number, subject and requester.
        RETURN QUERY
        SELECT i.id, true FROM incidents_incidenttext t JOIN incidents_incident i ON i.id = t.incident_id
         WHERE t.heading %> public.plain(sought)
           AND (i.desk_id = ANY (own_desks) OR i.site_id = ANY (own_sites)
                OR ((i.site_id = ANY (own_scope)) AND (i.requester_id = me OR EXISTS (
                    SELECT 1 FROM incidents_follower f WHERE f.incident_id = i.id AND f.user_id = me))))
         ORDER BY t.heading <->> public.plain(sought), i.updated_at DESC LIMIT most;
    END IF;
END
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0002_isolation")]
    operations = [
        rls.definer("incidents_index_incident", "", "trigger", INDEX_INCIDENT),
        rls.definer("incidents_index_followup", "", "trigger", INDEX_FOLLOWUP),
        migrations.RunSQL(
            "CREATE TRIGGER search_insert AFTER INSERT ON incidents_incident FOR EACH ROW"
            " WHEN (current_setting('vigie.bulk', true) IS DISTINCT FROM 'on')"
            " EXECUTE FUNCTION incidents_index_incident();"
            "CREATE TRIGGER search_update AFTER UPDATE OF subject, description, requester_name, contact_name"
            " ON incidents_incident FOR EACH ROW WHEN ((OLD.subject, OLD.description, OLD.requester_name, OLD.contact_name)"
            " IS DISTINCT FROM (NEW.subject, NEW.description, NEW.requester_name, NEW.contact_name))"
            " EXECUTE FUNCTION incidents_index_incident();"
            "CREATE TRIGGER search_insert AFTER INSERT ON incidents_followup FOR EACH ROW"
            " WHEN (NEW.body <> '' AND current_setting('vigie.bulk', true) IS DISTINCT FROM 'on')"
            " EXECUTE FUNCTION incidents_index_followup();"
            "CREATE TRIGGER search_update AFTER UPDATE OF body, internal ON incidents_followup FOR EACH ROW"
            " WHEN ((OLD.body, OLD.internal) IS DISTINCT FROM (NEW.body, NEW.internal))"
            " EXECUTE FUNCTION incidents_index_followup();",
            "DROP TRIGGER search_insert ON incidents_incident; DROP TRIGGER search_update ON incidents_incident;"
            "DROP TRIGGER search_insert ON incidents_followup; DROP TRIGGER search_update ON incidents_followup;",
        ),
        rls.definer(
            "incidents_search",
            "sought text, desks uuid[], sites uuid[], most integer",
            "TABLE (incident_id uuid, approximate boolean)",
            SEARCH,
        ),
        migrations.RunSQL(
            "ALTER FUNCTION incidents_search(text, uuid[], uuid[], integer) SET pg_trgm.word_similarity_threshold = 0.5",
            migrations.RunSQL.noop,
        ),
    ]
