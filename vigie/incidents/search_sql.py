"""The search rows of incidents stored in bulk, past the triggers of migration 0003; they must come out the same."""

_WEIGHED = """
    setweight(to_tsvector('public.vigie_french', i.number || ' ' || i.subject), 'A')
    || setweight(to_tsvector('public.vigie_french', i.requester_name || ' ' || i.contact_name), 'B')
    || setweight(to_tsvector('public.vigie_french', i.description), 'C')
"""

# Both take the incidents' identifiers as their only parameter.
INDEX_INCIDENTS = f"""
    INSERT INTO incidents_incidenttext (incident_id, site_id, desk_id, heading, words)
    SELECT i.id, i.site_id, i.desk_id, public.plain(i.number || ' ' || i.subject || ' ' || i.requester_name),
           {_WEIGHED} || COALESCE(to_tsvector('public.vigie_french', said.words), '')
      FROM incidents_incident i
      LEFT JOIN LATERAL (SELECT left(string_agg(f.body, ' ' ORDER BY f.position), 200000) AS words
                           FROM incidents_followup f WHERE f.incident_id = i.id AND NOT f.internal) said ON true
     WHERE i.id = ANY (%s)
"""  # noqa: S608 - constants only
INDEX_NOTES = """
    INSERT INTO incidents_internaltext (incident_id, desk_id, words)
    SELECT f.incident_id, f.desk_id,
           to_tsvector('public.vigie_french', left(string_agg(f.body, ' ' ORDER BY f.position), 200000))
      FROM incidents_followup f WHERE f.incident_id = ANY (%s) AND f.internal
     GROUP BY f.incident_id, f.desk_id
"""
