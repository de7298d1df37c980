"""Acts are appended, never changed: not by the application, not by a trigger's mistake.

A site reads its own; a person reads what concerns her; the platform reads its own (site empty). Links of the chain
are written by the maintenance function alone.
"""

from django.db import migrations

from vigie.foundation import rls

READ = rls.either(
    rls.within("site_id", "sites"), rls.is_user("actor_id"), rls.is_user("subject_id"), f"(site_id IS NULL AND {rls.PLATFORM})"
)
LINK = """
DECLARE
    act audit_act%ROWTYPE;
    last_position bigint;
    last_digest text;
    linked bigint := 0;
BEGIN
    -- One linker at a time: positions follow each other without a gap.
    PERFORM pg_advisory_xact_lock(hashtext('audit_chain'));
    FOR act IN SELECT a.* FROM audit_act a LEFT JOIN audit_link l ON l.act_id = a.id
                WHERE l.act_id IS NULL ORDER BY a.id LIMIT most
    LOOP
        SELECT l.position, l.digest INTO last_position, last_digest FROM audit_link l
         WHERE l.chain = COALESCE(act.space_id, '00000000-0000-0000-0000-000000000000'::uuid)
         ORDER BY l.position DESC LIMIT 1;
        INSERT INTO audit_link (act_id, chain, position, digest)
        VALUES (act.id, COALESCE(act.space_id, '00000000-0000-0000-0000-000000000000'::uuid), COALESCE(last_position, 0) + 1,
                encode(sha256(convert_to(COALESCE(last_digest, '') || audit_fingerprint(act), 'UTF8')), 'hex'));
        linked := linked + 1;
    END LOOP;
    RETURN linked;
END
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_people"), ("foundation", "0002_scope")]
    operations = [
        rls.protect("audit_act", using=READ, check="true"),
        rls.protect(
            "audit_link",
            using="act_id IN (SELECT id FROM audit_act)",
            check="false",
        ),
        migrations.RunSQL(
            "REVOKE UPDATE, DELETE ON audit_act FROM vigie_app; REVOKE INSERT, UPDATE, DELETE ON audit_link FROM vigie_app;"
            "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;"
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_act FOR EACH ROW EXECUTE FUNCTION audit_refuse();"
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_link FOR EACH ROW EXECUTE FUNCTION audit_refuse();"
            "CREATE FUNCTION audit_fingerprint(act audit_act) RETURNS text LANGUAGE sql STABLE AS $$"
            " SELECT concat_ws('|', act.id, act.space_id, act.site_id, to_char(act.at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),"
            " act.actor_id, act.code, act.object_kind, act.object_id, act.subject_id, act.details::text) $$;",
            "DROP FUNCTION audit_fingerprint(audit_act); DROP TRIGGER append_only ON audit_link;"
            "DROP TRIGGER append_only ON audit_act; DROP FUNCTION audit_refuse();",
        ),
        rls.definer("audit_link_acts", "most integer", "bigint", LINK),
    ]
