"""Who sees what of the directory, and the one call that opens a request."""

from django.db import migrations

from vigie.foundation import rls

IN_SITES = rls.within("site_id", "sites")
MEMBER = rls.either(rls.is_user("user_id"), IN_SITES, rls.PLATFORM)
SITE = rls.either(
    rls.within("id", "sites"),
    rls.PLATFORM,
    f"id IN (SELECT site_id FROM directory_sitesolution WHERE {rls.within('desk_id', 'desks')})",
)
DESK = rls.either(rls.within("id", "desks"), rls.within("id", "reach"), IN_SITES, rls.PLATFORM)
OF_DESK = rls.either(rls.within("desk_id", "desks"), rls.PLATFORM)
CATALOGUE = rls.either(rls.within("desk_id", "desks"), rls.within("desk_id", "reach"), rls.PLATFORM)
PERSON = rls.either(
    rls.is_user("id"),
    rls.PLATFORM,
    f"id IN (SELECT user_id FROM directory_membership WHERE {IN_SITES})",
)

# One statement a request: who she is, what she belongs to, and the scope of the transaction set on the way.
ENTER = """
DECLARE
    sites uuid[];
    desk_ids uuid[];
BEGIN
    SELECT u.* INTO account FROM accounts_user u WHERE u.id = person AND u.is_active;
    IF account.id IS NULL THEN
        RETURN;
    END IF;
    SELECT COALESCE(array_agg(m.site_id), '{}'),
           COALESCE(jsonb_agg(jsonb_build_object(
               'id', m.id, 'site_id', m.site_id, 'site_name', s.name, 'site_kind', s.kind, 'site_number', s.number,
               'space_id', s.space_id, 'roles', m.roles, 'function', m.function) ORDER BY s.name), '[]')
      INTO sites, memberships
      FROM directory_membership m JOIN directory_site s ON s.id = m.site_id
     WHERE m.user_id = person AND m.is_active AND s.is_active;
    SELECT COALESCE(array_agg(d.id), '{}'),
           COALESCE(jsonb_agg(jsonb_build_object('id', d.id, 'name', d.name, 'slug', d.slug, 'site_id', d.site_id)
               ORDER BY d.name), '[]')
      INTO desk_ids, desks
      FROM directory_desk d
     WHERE d.site_id IN (SELECT m.site_id FROM directory_membership m
                          WHERE m.user_id = person AND m.is_active AND 'agent' = ANY (m.roles));
    SELECT COALESCE(array_agg(DISTINCT l.desk_id), '{}') INTO reach
      FROM directory_sitesolution l WHERE l.site_id = ANY (sites);
    PERFORM set_config('vigie.user', person::text, true),
            set_config('vigie.sites', array_to_string(sites, ','), true),
            set_config('vigie.desks', array_to_string(desk_ids, ','), true),
            set_config('vigie.reach', array_to_string(reach, ','), true),
            set_config('vigie.platform', CASE WHEN memberships @> '[{"roles": ["operator"]}]' THEN 'on' ELSE '' END, true);
    IF read_only THEN
        PERFORM set_config('transaction_read_only', 'on', true);
    END IF;
    RETURN NEXT;
END
"""


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0001_initial"),
        ("accounts", "0002_isolation"),
    ]
    operations = [
        rls.protect(
            "directory_space", using=rls.either("id IN (SELECT space_id FROM directory_site)", rls.PLATFORM)
        ),
        rls.protect("directory_site", using=SITE),
        rls.protect("directory_siteevent", using=rls.either(rls.within("id", "sites"), rls.PLATFORM)),
        rls.protect("directory_service", using=rls.either(IN_SITES, rls.PLATFORM)),
        rls.protect("directory_membership", using=MEMBER),
        rls.protect("directory_membershipevent", using=MEMBER),
        rls.protect("directory_servicemembership", using=rls.either(IN_SITES, rls.PLATFORM)),
        rls.protect("directory_desk", using=DESK),
        rls.protect("directory_deskevent", using=rls.either(IN_SITES, rls.PLATFORM)),
        rls.protect("directory_team", using=OF_DESK),
        rls.protect("directory_teammember", using=OF_DESK),
        rls.protect("directory_solution", using=CATALOGUE),
        rls.protect(
            "directory_sitesolution", using=rls.either(IN_SITES, rls.within("desk_id", "desks"), rls.PLATFORM)
        ),
        # Colleagues read each other's names; only the person herself, or the platform, writes her account.
        migrations.RunSQL(
            f"DROP POLICY tenancy ON accounts_user;"
            f"CREATE POLICY reading ON accounts_user FOR SELECT USING ({PERSON});"
            f"CREATE POLICY tenancy ON accounts_user USING ({rls.is_user('id')}) WITH CHECK ({rls.is_user('id')});",
            f"DROP POLICY reading ON accounts_user;",
        ),
        # The matrix is loaded by the owner; the application reads it.
        migrations.RunSQL("REVOKE INSERT, UPDATE, DELETE ON directory_rightscell FROM vigie_app", migrations.RunSQL.noop),
        # The catalogue follows its desk: no row names the solution or the team of another one.
        migrations.RunSQL(
            "ALTER TABLE directory_team ADD CONSTRAINT directory_team_and_desk UNIQUE (id, desk_id);"
            "ALTER TABLE directory_teammember ADD CONSTRAINT directory_teammember_same_desk"
            " FOREIGN KEY (team_id, desk_id) REFERENCES directory_team (id, desk_id);"
            "ALTER TABLE directory_solution ADD CONSTRAINT directory_solution_and_desk UNIQUE (id, desk_id);"
            "ALTER TABLE directory_sitesolution ADD CONSTRAINT directory_sitesolution_same_desk"
            " FOREIGN KEY (solution_id, desk_id) REFERENCES directory_solution (id, desk_id);"
            "ALTER TABLE directory_service ADD CONSTRAINT directory_service_and_site UNIQUE (id, site_id);"
            "ALTER TABLE directory_membership ADD CONSTRAINT directory_membership_and_site UNIQUE (id, site_id);"
            "ALTER TABLE directory_servicemembership ADD CONSTRAINT directory_servicemembership_same_site"
            " FOREIGN KEY (service_id, site_id) REFERENCES directory_service (id, site_id),"
            " ADD CONSTRAINT directory_servicemembership_member_same_site"
            " FOREIGN KEY (membership_id, site_id) REFERENCES directory_membership (id, site_id);",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "CREATE FUNCTION directory_enter(person uuid, read_only boolean, OUT account accounts_user,"
            " OUT memberships jsonb, OUT desks jsonb, OUT reach uuid[]) RETURNS SETOF record"
            " LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
            f" AS $body$ {ENTER} $body$;"
            "ALTER FUNCTION directory_enter(uuid, boolean) OWNER TO vigie_maintenance;",
            "DROP FUNCTION directory_enter(uuid, boolean);",
        ),
    ]
