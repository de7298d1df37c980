"""What a support site reaches, in the database (SEA-4): see docs/adr/0027-support-sites.md.

Each table of the directory that a grant opens says so by policies of its own, beside the former ones, which know nothing
of grants. Every other table, incidents, attachments and sealed keys first, keeps refusing: no policy there names grants.
"""

from django.db import migrations

from vigie.foundation import rls

GRANTED = rls.within("site_id", "granted")
MEMBERS = rls.within("site_id", "granted_members")
FEATURES = rls.within("site_id", "granted_features")
APPOINTED = "roles && ARRAY['admin', 'operator']::varchar[]"
INVITES = (
    f"({MEMBERS} AND NOT {APPOINTED} AND user_id IS NULL AND accepted_at IS NULL AND activated_at IS NULL"
    " AND NOT directory_is_colleague(email))"
)
NOT_OF_AN_ADMINISTRATOR = (
    "EXISTS (SELECT FROM directory_membership m WHERE m.id = membership_id"
    " AND NOT m.roles && ARRAY['admin', 'operator']::varchar[])"
)

# --- The grants themselves: both sites read; the administrators of the supported one write ---------------------------
IS_ADMINISTRATOR = (
    f"({rls.within('site_id', 'sites')} AND EXISTS (SELECT FROM directory_membership m"
    " WHERE m.site_id = directory_supportgrant.site_id AND m.user_id = (SELECT scope_user())"
    " AND m.is_active AND m.accepted_at IS NOT NULL AND 'admin' = ANY (m.roles)))"
)
LONGEST = """
ALTER TABLE directory_supportgrant
    ADD CONSTRAINT directory_supportgrant_ninety_days
        CHECK (expires_at > granted_at AND expires_at <= COALESCE(renewed_at, granted_at) + interval '90 days'),
    ADD CONSTRAINT directory_supportgrant_ended
        CHECK ((ended_at IS NULL) = ("end" = '') AND (ended_at IS NULL OR ended_at >= granted_at)),
    ADD CONSTRAINT directory_supportgrant_and_site UNIQUE (id, site_id);
ALTER TABLE directory_invitation ADD CONSTRAINT directory_invitation_grant_same_site
    FOREIGN KEY (support_grant_id, site_id) REFERENCES directory_supportgrant (id, site_id);
REVOKE DELETE ON directory_supportgrant FROM vigie_app;
"""
# The two sites cannot read each other: what each may know of the other is copied here, and never typed.
NAME_BOTH_SITES = """
DECLARE
    helper directory_site%ROWTYPE;
BEGIN
    SELECT s.* INTO helper FROM directory_site s WHERE s.id = NEW.support_site_id AND s.kind = 'support' AND s.is_active;
    IF helper.id IS NULL THEN
        RAISE EXCEPTION 'not a support site' USING ERRCODE = 'check_violation', CONSTRAINT = 'directory_supportgrant_kind';
    END IF;
    NEW.support_name := helper.name;
    NEW.support_number := helper.number;
    NEW.support_city := helper.city;
    SELECT s.name, s.number INTO NEW.site_name, NEW.site_number FROM directory_site s WHERE s.id = NEW.site_id;
    RETURN NEW;
END
"""
KEEP_THE_REST = """
CREATE FUNCTION directory_keep_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'a grant that has ended stays as it is' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF (to_jsonb(NEW) - '{expires_at,renewed_at,renewals,work_done_at,reminded_at,ended_at,ended_by_name,end}'::text[])
       <> (to_jsonb(OLD) - '{expires_at,renewed_at,renewals,work_done_at,reminded_at,ended_at,ended_by_name,end}'::text[]) THEN
        RAISE EXCEPTION 'a grant is withdrawn, not changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF scope_platform() AND NEW.expires_at > OLD.expires_at
       AND NOT COALESCE(NEW.site_id = ANY (scope_ids('sites')), false) THEN
        RAISE EXCEPTION 'the platform withdraws, it does not renew' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_grant BEFORE UPDATE ON directory_supportgrant FOR EACH ROW EXECUTE FUNCTION directory_keep_grant();
"""

# --- Who a member is: a support site invites, and changes nobody's identity into another ------------------------------
GUARD_MEMBER = """
CREATE FUNCTION directory_guard_member() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.site_id IS DISTINCT FROM OLD.site_id THEN
        RAISE EXCEPTION 'a membership is of one site for ever' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.site_id = ANY (scope_ids('granted')) AND NOT scope_platform() THEN
        RAISE EXCEPTION 'a support site does not change who a member is' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_member BEFORE UPDATE ON directory_membership FOR EACH ROW
    WHEN (OLD.site_id IS DISTINCT FROM NEW.site_id OR OLD.user_id IS DISTINCT FROM NEW.user_id
          OR OLD.email IS DISTINCT FROM NEW.email OR OLD.accepted_at IS DISTINCT FROM NEW.accepted_at
          OR OLD.activated_at IS DISTINCT FROM NEW.activated_at)
    EXECUTE FUNCTION directory_guard_member();
"""

# --- The opening of a request -----------------------------------------------------------------------------------------
# One statement a request, as before. Grants are looked for only when somebody administers a support site.
ENTER = """
DECLARE
    sites uuid[];
    desk_ids uuid[];
    granted uuid[] := '{}';
    granted_members uuid[] := '{}';
    granted_features uuid[] := '{}';
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
     WHERE m.user_id = person AND m.is_active AND m.accepted_at IS NOT NULL AND s.is_active;
    SELECT COALESCE(array_agg(d.id), '{}'),
           COALESCE(jsonb_agg(jsonb_build_object('id', d.id, 'name', d.name, 'slug', d.slug, 'site_id', d.site_id)
               ORDER BY d.name), '[]')
      INTO desk_ids, desks
      FROM directory_desk d
     WHERE d.site_id = ANY (sites) AND d.site_id IN (SELECT m.site_id FROM directory_membership m
                          WHERE m.user_id = person AND m.is_active AND m.accepted_at IS NOT NULL AND 'agent' = ANY (m.roles));
    SELECT COALESCE(array_agg(DISTINCT l.desk_id), '{}') INTO reach
      FROM directory_sitesolution l WHERE l.site_id = ANY (sites);
    grants := '[]';
    IF memberships @> '[{"site_kind": "support", "roles": ["admin"]}]' THEN
        -- A site of one's own is never a granted one: who is a member there comes in by her own roles.
        SELECT COALESCE(array_agg(g.site_id), '{}'),
               COALESCE(array_agg(g.site_id) FILTER (WHERE 'users.write' = ANY (g.capabilities)), '{}'),
               COALESCE(array_agg(g.site_id) FILTER (WHERE 'features.activate' = ANY (g.capabilities)), '{}'),
               COALESCE(jsonb_agg(jsonb_build_object(
                   'id', g.id, 'site_id', g.site_id, 'site_name', s.name, 'site_number', s.number,
                   'support_site_id', g.support_site_id, 'support_name', help.name, 'support_number', help.number,
                   'capabilities', g.capabilities, 'expires_at', g.expires_at) ORDER BY s.name, g.granted_at), '[]')
          INTO granted, granted_members, granted_features, grants
          FROM directory_membership own
          JOIN directory_site help ON help.id = own.site_id AND help.kind = 'support' AND help.is_active
          JOIN directory_supportgrant g ON g.support_site_id = own.site_id
          JOIN directory_site s ON s.id = g.site_id AND s.is_active
         WHERE own.user_id = person AND own.is_active AND own.accepted_at IS NOT NULL AND 'admin' = ANY (own.roles)
           AND g.ended_at IS NULL AND g.expires_at > clock_timestamp() AND NOT g.site_id = ANY (sites);
    END IF;
    PERFORM set_config('vigie.user', person::text, true),
            set_config('vigie.sites', array_to_string(sites, ','), true),
            set_config('vigie.desks', array_to_string(desk_ids, ','), true),
            set_config('vigie.reach', array_to_string(reach, ','), true),
            set_config('vigie.platform', CASE WHEN memberships @> '[{"roles": ["operator"]}]' THEN 'on' ELSE '' END, true),
            set_config('vigie.granted', array_to_string(granted, ','), true),
            set_config('vigie.granted_members', array_to_string(granted_members, ','), true),
            set_config('vigie.granted_features', array_to_string(granted_features, ','), true);
    IF read_only THEN
        PERFORM set_config('transaction_read_only', 'on', true);
    END IF;
    RETURN NEXT;
END
"""
CREATE_ENTER = (
    "DROP FUNCTION directory_enter(uuid, boolean);"
    "CREATE FUNCTION directory_enter(person uuid, read_only boolean, OUT account accounts_user,"
    " OUT memberships jsonb, OUT desks jsonb, OUT reach uuid[], OUT grants jsonb) RETURNS SETOF record"
    " LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
    f" AS $body$ {ENTER} $body$;"
    "ALTER FUNCTION directory_enter(uuid, boolean) OWNER TO vigie_maintenance;"
)
SEARCH_GRANTED = """
DO $body$
DECLARE source text;
BEGIN
    SELECT pg_get_functiondef('directory_search_members(text, uuid, boolean)'::regprocedure) INTO source;
    source := replace(source, 'at_site = ANY (scope_ids(''sites''))',
                              'at_site = ANY (scope_ids(''sites'') || scope_ids(''granted''))');
    SET LOCAL ROLE vigie_maintenance;
    EXECUTE source;
    RESET ROLE;
END $body$;
"""
FIND = """
    SELECT s.id, s.name::text, s.kind::text, s.number::text, s.city::text FROM directory_site s
     WHERE s.kind = 'support' AND s.is_active AND (SELECT scope_ids('sites')) IS NOT NULL
       AND btrim(public.plain(sought)) <> ''
       AND (s.number = upper(btrim(sought)) OR strpos(public.plain(s.name), btrim(public.plain(sought))) > 0)
     ORDER BY s.name, s.number LIMIT 20
"""
WORK_DONE = """
    UPDATE directory_supportgrant g SET work_done_at = at
     WHERE g.id = grant_id AND g.site_id = ANY (scope_ids('granted')) AND g.support_site_id = ANY (scope_ids('sites'))
       AND g.ended_at IS NULL AND g.work_done_at IS NULL
    RETURNING true
"""


def reads(table: str) -> migrations.RunSQL:
    """A grant in force shows these rows."""
    return rls.permit(table, "support_reads", "SELECT", using=GRANTED)


def writes(table: str, *, of_members: bool = False) -> list[migrations.RunSQL]:
    """A grant that lends users.write adds, changes and removes these rows; never those of an administrator, in `of_members`."""
    check = f"({MEMBERS} AND {NOT_OF_AN_ADMINISTRATOR})" if of_members else MEMBERS
    return [
        rls.permit(table, "support_adds", "INSERT", check=check),
        rls.permit(table, "support_changes", "UPDATE", using=check, check=check),
        rls.permit(table, "support_removes", "DELETE", using=MEMBERS),
    ]


class Migration(migrations.Migration):
    dependencies = [("directory", "0015_support_grants")]
    operations = [
        migrations.RunSQL(LONGEST, migrations.RunSQL.noop),
        migrations.RunSQL(
            "ALTER TABLE directory_supportgrant ENABLE ROW LEVEL SECURITY;"
            "ALTER TABLE directory_supportgrant FORCE ROW LEVEL SECURITY;",
            migrations.RunSQL.noop,
        ),
        rls.permit(
            "directory_supportgrant",
            "tenancy",
            "SELECT",
            using=rls.either(rls.within("site_id", "sites"), rls.within("support_site_id", "sites"), rls.PLATFORM),
        ),
        rls.permit(
            "directory_supportgrant",
            "granting",
            "INSERT",
            check=f"{IS_ADMINISTRATOR} AND {rls.is_user('granted_by_id')} AND ended_at IS NULL",
        ),
        rls.permit("directory_supportgrant", "ending", "UPDATE", using=rls.either(IS_ADMINISTRATOR, rls.PLATFORM)),
        rls.definer("directory_name_both_sites", "", "trigger", NAME_BOTH_SITES),
        migrations.RunSQL(
            "CREATE TRIGGER name_both_sites BEFORE INSERT ON directory_supportgrant"
            " FOR EACH ROW EXECUTE FUNCTION directory_name_both_sites();" + KEEP_THE_REST + GUARD_MEMBER,
            "DROP TRIGGER guard_member ON directory_membership; DROP FUNCTION directory_guard_member();"
            "DROP TRIGGER keep_grant ON directory_supportgrant; DROP FUNCTION directory_keep_grant();"
            "DROP TRIGGER name_both_sites ON directory_supportgrant;",
        ),
        rls.definer("directory_find_support_sites", "sought text", "TABLE (id uuid, name text, kind text, number text, city text)", FIND, language="sql"),
        rls.definer("directory_support_work_done", "grant_id uuid, at timestamptz", "boolean", WORK_DONE, language="sql"),
        # Is this the address of somebody who acts here? They are never users of a site that they help.
        rls.definer(
            "directory_is_colleague",
            "address text",
            "boolean",
            "SELECT EXISTS (SELECT FROM directory_membership m WHERE m.email = address AND m.site_id = ANY (scope_ids('sites')))",
            language="sql",
        ),
        migrations.RunSQL(CREATE_ENTER, migrations.RunSQL.noop),
        migrations.RunSQL(SEARCH_GRANTED, migrations.RunSQL.noop),
        # What a grant opens.
        rls.permit("directory_site", "support_reads", "SELECT", using=rls.within("id", "granted")),
        reads("directory_membership"),
        # One's own row is everywhere one's own to read; without this, also to make.
        migrations.RunSQL(
            "CREATE POLICY in_reach ON directory_membership AS RESTRICTIVE FOR INSERT WITH CHECK ("
            + rls.either(rls.within("site_id", "sites"), rls.PLATFORM, INVITES)
            + ")",
            "DROP POLICY in_reach ON directory_membership",
        ),
        rls.permit(
            "directory_membership",
            "support_adds",
            "INSERT",
            check=INVITES,
        ),
        rls.permit(
            "directory_membership",
            "support_changes",
            "UPDATE",
            using=f"{MEMBERS} AND NOT {APPOINTED}",
            check=f"{MEMBERS} AND NOT {APPOINTED}",
        ),
        rls.permit(
            "directory_membership", "support_removes", "DELETE", using=f"{MEMBERS} AND NOT {APPOINTED} AND accepted_at IS NULL"
        ),
        # The trigger of history writes; the history itself is the site's to read.
        rls.permit("directory_membershipevent", "support_adds", "INSERT", check=MEMBERS),
        *(reads(table) for table in ("directory_service", "directory_practitioner", "directory_servicemembership",
                                     "directory_medicalidentity", "directory_habilitation", "directory_invitation",
                                     "directory_sitefeature", "directory_servicefeature", "directory_practitionerfeature")),
        *writes("directory_service"),
        *writes("directory_practitioner"),
        *(
            policy
            for table in ("directory_servicemembership", "directory_medicalidentity", "directory_habilitation",
                          "directory_invitation")
            for policy in writes(table, of_members=True)
        ),
        rls.permit("directory_servicefeature", "support_adds", "INSERT", check=FEATURES),
        rls.permit("directory_servicefeature", "support_removes", "DELETE", using=rls.either(FEATURES, MEMBERS)),
        rls.permit("directory_sitefeature", "support_changes", "UPDATE", using=FEATURES, check=FEATURES),
        rls.permit("directory_practitionerfeature", "support_removes", "DELETE", using=MEMBERS),
    ]
