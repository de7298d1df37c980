"""The two tenants of an incident, in the database: what each may see, and rows that cannot cross from one to another."""

from django.db import migrations

from vigie.foundation import rls

BOTH = rls.either(rls.within("site_id", "sites"), rls.within("desk_id", "desks"))
PUBLIC_TO_SITE = rls.either(f"(NOT internal AND {rls.within('site_id', 'sites')})", rls.within("desk_id", "desks"))
CATALOGUE = rls.either(rls.within("desk_id", "desks"), rls.within("desk_id", "reach"), rls.PLATFORM)

SAME_TENANTS = """
ALTER TABLE incidents_priority ADD CONSTRAINT incidents_priority_and_desk UNIQUE (id, desk_id);
ALTER TABLE incidents_category ADD CONSTRAINT incidents_category_and_desk UNIQUE (id, desk_id);
ALTER TABLE incidents_incident ADD CONSTRAINT incidents_incident_tenants UNIQUE (id, site_id, desk_id);
ALTER TABLE incidents_incident
    ADD CONSTRAINT incidents_incident_priority_of_desk
        FOREIGN KEY (priority_id, desk_id) REFERENCES incidents_priority (id, desk_id),
    ADD CONSTRAINT incidents_incident_category_of_desk
        FOREIGN KEY (category_id, desk_id) REFERENCES incidents_category (id, desk_id),
    ADD CONSTRAINT incidents_incident_solution_of_desk
        FOREIGN KEY (solution_id, desk_id) REFERENCES directory_solution (id, desk_id),
    ADD CONSTRAINT incidents_incident_team_of_desk
        FOREIGN KEY (team_id, desk_id) REFERENCES directory_team (id, desk_id);
"""
CHILD = """
ALTER TABLE {table} ADD CONSTRAINT {table}_tenants FOREIGN KEY (incident_id, site_id, desk_id)
    REFERENCES incidents_incident (id, site_id, desk_id) ON UPDATE CASCADE ON DELETE CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0001_initial"),
        ("directory", "0002_isolation"),
        ("attachments", "0002_isolation"),
    ]
    operations = [
        rls.protect("incidents_priority", using=CATALOGUE),
        rls.protect("incidents_category", using=CATALOGUE),
        rls.protect("incidents_incident", using=BOTH),
        rls.protect("incidents_incidentevent", using=BOTH),
        rls.protect("incidents_followup", using=PUBLIC_TO_SITE),
        rls.protect("incidents_followupevent", using=PUBLIC_TO_SITE),
        rls.protect("incidents_incidentfile", using=PUBLIC_TO_SITE),
        rls.protect("incidents_follower", using=BOTH),
        rls.protect("incidents_incidenttext", using=BOTH),
        rls.protect("incidents_internaltext", using=rls.within("desk_id", "desks")),
        rls.protect("incidents_draft", using=rls.is_user("user_id")),
        migrations.RunSQL(SAME_TENANTS, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(CHILD.format(table=table), migrations.RunSQL.noop)
            for table in (
                "incidents_followup",
                "incidents_incidentfile",
                "incidents_follower",
                "incidents_incidenttext",
            )
        ),
        migrations.RunSQL("CREATE SEQUENCE incidents_number", "DROP SEQUENCE incidents_number"),
        rls.definer(
            "incidents_due_for_closing",
            "at timestamptz",
            "TABLE (incident_id uuid, site_id uuid, desk_id uuid)",
            "SELECT i.id, i.site_id, i.desk_id FROM incidents_incident i JOIN directory_desk d ON d.id = i.desk_id"
            " WHERE i.status = 'resolved' AND i.resolved_at + make_interval(days => d.closing_delay_days) <= at"
            " ORDER BY i.resolved_at LIMIT 500",
            language="sql",
        ),
        rls.definer(
            "incidents_forget_drafts",
            "before timestamptz",
            "bigint",
            "WITH gone AS (DELETE FROM incidents_draft WHERE updated_at < before RETURNING 1) SELECT count(*) FROM gone",
            language="sql",
        ),
    ]
