"""Memberships get the name and address that the site knows; the new tables get their policies.

What a page of the console writes about a site is the site's. The invitation that somebody opens before she has an
account is found by a function that gives identifiers, and nothing else, to whoever holds its token.
"""

from django.db import migrations

from vigie.foundation import rls

IN_SITES = rls.either(rls.within("site_id", "sites"), rls.PLATFORM)
OF_TENANT = (
    "directory_invitation",
    "directory_practitioner",
    "directory_medicalidentity",
    "directory_sitefeature",
    "directory_servicefeature",
    "directory_practitionerfeature",
    "directory_habilitation",
    "directory_loancard",
)

# Row-level security binds the owner of the tables too: what exists is filled in by the maintenance role.
FILL = """
SET LOCAL ROLE vigie_maintenance;
UPDATE directory_membership m
   SET email = u.email, first_name = u.first_name, last_name = u.last_name,
       accepted_at = m.created_at, activated_at = COALESCE(u.last_login, m.created_at)
  FROM accounts_user u WHERE u.id = m.user_id;
RESET ROLE;
SET CONSTRAINTS ALL IMMEDIATE;
"""

SAME_SITE = """
ALTER TABLE directory_practitioner ADD CONSTRAINT directory_practitioner_and_site UNIQUE (id, site_id);
ALTER TABLE directory_medicalidentity
    ADD CONSTRAINT directory_medicalidentity_member_same_site
        FOREIGN KEY (membership_id, site_id) REFERENCES directory_membership (id, site_id),
    ADD CONSTRAINT directory_medicalidentity_practitioner_same_site
        FOREIGN KEY (practitioner_id, site_id) REFERENCES directory_practitioner (id, site_id);
ALTER TABLE directory_invitation ADD CONSTRAINT directory_invitation_same_site
    FOREIGN KEY (membership_id, site_id) REFERENCES directory_membership (id, site_id);
ALTER TABLE directory_habilitation ADD CONSTRAINT directory_habilitation_same_site
    FOREIGN KEY (membership_id, site_id) REFERENCES directory_membership (id, site_id);
ALTER TABLE directory_loancard ADD CONSTRAINT directory_loancard_same_site
    FOREIGN KEY (membership_id, site_id) REFERENCES directory_membership (id, site_id);
ALTER TABLE directory_sitefeature ADD CONSTRAINT directory_sitefeature_and_site UNIQUE (site_id, feature_id);
ALTER TABLE directory_servicefeature
    ADD CONSTRAINT directory_servicefeature_same_site
        FOREIGN KEY (service_id, site_id) REFERENCES directory_service (id, site_id),
    ADD CONSTRAINT directory_servicefeature_available
        FOREIGN KEY (site_id, feature_id) REFERENCES directory_sitefeature (site_id, feature_id) ON DELETE CASCADE;
ALTER TABLE directory_practitionerfeature
    ADD CONSTRAINT directory_practitionerfeature_same_site
        FOREIGN KEY (practitioner_id, site_id) REFERENCES directory_practitioner (id, site_id),
    ADD CONSTRAINT directory_practitionerfeature_available
        FOREIGN KEY (site_id, feature_id) REFERENCES directory_sitefeature (site_id, feature_id) ON DELETE CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0004_people"), ("accounts", "0005_people_isolation")]
    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        *(rls.protect(table, using=IN_SITES) for table in OF_TENANT),
        # Features are the territory's: everybody reads their names, operators define them.
        rls.protect("directory_feature", using="true", check=rls.PLATFORM),
        migrations.RunSQL(SAME_SITE, migrations.RunSQL.noop),
        # The platform alone writes accounts of others: addresses, activation (ACC-15).
        migrations.RunSQL(
            f"DROP POLICY tenancy ON accounts_user;"
            f"CREATE POLICY tenancy ON accounts_user USING ({rls.either(rls.is_user('id'), rls.PLATFORM)})"
            f" WITH CHECK ({rls.either(rls.is_user('id'), rls.PLATFORM)});",
            migrations.RunSQL.noop,
        ),
        # Only memberships in force open anything.
        migrations.RunSQL(
            """
            DO $body$
            DECLARE source text;
            BEGIN
                SELECT pg_get_functiondef('directory_enter(uuid, boolean)'::regprocedure) INTO source;
                source := replace(source, 'm.is_active AND s.is_active', 'm.is_active AND m.accepted_at IS NOT NULL AND s.is_active');
                source := replace(source, 'm.is_active AND ''agent''', 'm.is_active AND m.accepted_at IS NOT NULL AND ''agent''');
                SET LOCAL ROLE vigie_maintenance;
                EXECUTE source;
                RESET ROLE;
            END $body$;
            """,
            migrations.RunSQL.noop,
        ),
        rls.definer(
            "directory_find_invitation",
            "token_digest text",
            "TABLE (invitation_id uuid, site_id uuid, membership_id uuid, account_id uuid)",
            "SELECT i.id, i.site_id, i.membership_id, u.id FROM directory_invitation i"
            " JOIN directory_membership m ON m.id = i.membership_id LEFT JOIN accounts_user u ON u.email = m.email"
            " WHERE i.digest = token_digest",
            language="sql",
        ),
        rls.definer(
            "directory_invitations_to_remind",
            "at timestamptz",
            "TABLE (invitation_id uuid, site_id uuid, days integer)",
            "SELECT i.id, i.site_id, d.days FROM directory_invitation i CROSS JOIN (VALUES (3), (7), (12)) AS d(days)"
            " WHERE i.ended_at IS NULL AND i.expires_at > at AND i.sent_at + make_interval(days => d.days) <= at"
            " AND i.sent_at + make_interval(days => d.days + 2) > at AND NOT (d.days = ANY (i.reminders))"
            " ORDER BY i.sent_at LIMIT 1000",
            language="sql",
        ),
    ]
