"""Who sees keys: members of the site by their own membership, never by a delegation nor as operator.

The scope of a transaction may hold sites that somebody administers for others: sealed data asks for more, a membership
of hers in force. The application may add records and note what became of them; it may not change one.
"""

from django.db import migrations

from vigie.foundation import rls
from vigie.sealing.isolation import HOLDERS, MANAGES

# `manage`: administers the site. `open`: holds the habilitation that opens health data. Row-level security on the tables
# it reads shows a person her own memberships.
SITES = """
CREATE FUNCTION sealing_sites(wanted text) RETURNS SETOF uuid LANGUAGE sql STABLE PARALLEL SAFE AS $body$
    SELECT m.site_id FROM directory_membership m
     WHERE m.user_id = (SELECT scope_user()) AND m.is_active AND m.accepted_at IS NOT NULL
       AND CASE wanted
           WHEN 'manage' THEN 'admin' = ANY (m.roles)
           WHEN 'open' THEN EXISTS (
               SELECT FROM directory_habilitation h WHERE h.membership_id = m.id AND h.code = 'patients.open')
           END
$body$
"""
SAME_SITE = """
ALTER TABLE sealing_sitekey ADD CONSTRAINT sealing_sitekey_and_site UNIQUE (id, site_id);
ALTER TABLE sealing_keywrap ADD CONSTRAINT sealing_keywrap_same_site
    FOREIGN KEY (key_id, site_id) REFERENCES sealing_sitekey (id, site_id);
ALTER TABLE sealing_datakey ADD CONSTRAINT sealing_datakey_same_site
    FOREIGN KEY (key_id, site_id) REFERENCES sealing_sitekey (id, site_id);
ALTER TABLE sealing_confirmation ADD CONSTRAINT sealing_confirmation_same_site
    FOREIGN KEY (key_id, site_id) REFERENCES sealing_sitekey (id, site_id);
ALTER TABLE sealing_workstation ADD CONSTRAINT sealing_workstation_same_site
    FOREIGN KEY (key_id, site_id) REFERENCES sealing_sitekey (id, site_id);
"""

# Columns that may be written after the row exists; all others are for ever.
MUTABLE = {
    "sealing_sitekey": "proven_at, confirmed_at, confirmed_by_id, confirmed_by_name, superseded_at, retired_at, withdrawn_at",
    "sealing_keywrap": "label, record, proven_at, removed_at, removed_by_name",
    "sealing_datakey": "key_id, record, revision, wrapped_at, retired_at",
    "sealing_connector": "withdrawn_at, withdrawn_by_name",
    "sealing_confirmation": "",
    "sealing_workstation": "name, browser, key_id, method, record, user_id, user_name, unlocked_at, seen_at, forgotten_at,"
    " revoked_at, revoked_by_name",
}


def only_administrators_add(table):
    return migrations.RunSQL(
        f"CREATE POLICY making ON {table} AS RESTRICTIVE FOR INSERT WITH CHECK ({MANAGES});",
        f"DROP POLICY making ON {table};",
    )


def never_changed(table, columns):
    grant = f"GRANT UPDATE ({columns}) ON {table} TO vigie_app;" if columns else ""
    return migrations.RunSQL(
        f"REVOKE UPDATE, DELETE ON {table} FROM vigie_app; {grant}", f"GRANT UPDATE, DELETE ON {table} TO vigie_app;"
    )


class Migration(migrations.Migration):
    dependencies = [("sealing", "0001_initial"), ("directory", "0005_people_isolation")]
    operations = [
        migrations.RunSQL(SITES, "DROP FUNCTION sealing_sites(text)"),
        migrations.RunSQL(SAME_SITE, migrations.RunSQL.noop),
        *(rls.protect(table, using=HOLDERS) for table in MUTABLE),
        *(only_administrators_add(table) for table in ("sealing_sitekey", "sealing_keywrap", "sealing_connector", "sealing_confirmation")),
        *(never_changed(table, columns) for table, columns in MUTABLE.items()),
        migrations.RunSQL(
            "INSERT INTO sealing_installation (id) VALUES (gen_random_uuid());"
            "REVOKE INSERT, UPDATE, DELETE ON sealing_installation FROM vigie_app;",
            "DELETE FROM sealing_installation; GRANT INSERT, UPDATE, DELETE ON sealing_installation TO vigie_app;",
        ),
    ]
