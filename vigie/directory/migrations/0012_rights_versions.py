"""The matrix of rights is changed by operators too: each version is kept, and one function writes it.

The application still cannot write the cells: `directory_write_rights` does, for the platform's scope alone, one change
after the other, and never without the right to change rights, which nobody but the operator holds.
"""

from django.db import migrations, models

from vigie.foundation import rls

WRITE = """
DECLARE
    last integer;
BEGIN
    IF NOT scope_platform() THEN
        RAISE EXCEPTION 'only the platform writes the matrix of rights' USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- Lock first: two operators often save the same morning.
    PERFORM pg_advisory_xact_lock(hashtext('directory_rights'));
    SELECT COALESCE(max(v.number), 0) INTO last FROM directory_rightsversion v;
    IF last <> expected THEN
        RETURN 0;
    END IF;
    IF NOT jsonb_exists(wanted, 'rights.change|operator|platform')
       OR EXISTS (SELECT FROM jsonb_object_keys(wanted) AS cell
                   WHERE split_part(cell, '|', 1) = 'rights.change' AND cell <> 'rights.change|operator|platform') THEN
        RAISE EXCEPTION 'the operator, and nobody else, changes rights' USING ERRCODE = 'check_violation';
    END IF;
    DELETE FROM directory_rightscell;
    INSERT INTO directory_rightscell (capability, role, scope, step_up, version)
    SELECT split_part(key, '|', 1), split_part(key, '|', 2), split_part(key, '|', 3), value::text::boolean, last + 1
      FROM jsonb_each(wanted);
    INSERT INTO directory_rightsversion
        (number, at, author_id, author_name, origin, reason, file_version, cells, delivered, decisions)
    VALUES (last + 1, now(), scope_user(), author_name, origin, reason, file_version, wanted, delivered, decisions);
    RETURN last + 1;
END
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0011_platform"), ("audit", "0002_append_only")]
    operations = [
        migrations.CreateModel(
            name="RightsVersion",
            fields=[
                ("number", models.PositiveIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(verbose_name="date")),
                ("author_id", models.UUIDField(null=True)),
                ("author_name", models.CharField(max_length=165, verbose_name="auteur")),
                (
                    "origin",
                    models.CharField(
                        choices=[("delivered", "Livrée avec Vigie"), ("changed", "Modification"), ("restored", "Version rétablie")],
                        max_length=10,
                        verbose_name="origine",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="motif")),
                ("file_version", models.PositiveIntegerField(help_text="Version of rights.toml at that time.")),
                ("cells", models.JSONField(help_text="Every cell in force: « capability|role|scope » → step-up.")),
                ("delivered", models.JSONField(help_text="The cells of rights.toml at that time.")),
                ("decisions", models.JSONField(help_text="What operators decided against the file: cell → 0, 1, or 2 with step-up.")),
            ],
            options={"verbose_name": "version de la matrice des droits", "ordering": ["-number"]},
        ),
        # Administrators read the matrix and how it came to be what it is.
        rls.protect("directory_rightsversion", using=rls.either("(SELECT scope_user()) IS NOT NULL", rls.PLATFORM), check="false"),
        migrations.RunSQL(
            "REVOKE INSERT, UPDATE, DELETE ON directory_rightsversion FROM vigie_app;"
            "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON directory_rightsversion"
            " FOR EACH ROW EXECUTE FUNCTION audit_refuse();",
            "DROP TRIGGER append_only ON directory_rightsversion;",
        ),
        rls.definer(
            "directory_write_rights",
            "wanted jsonb, expected integer, origin text, reason text, author_name text, file_version integer, delivered jsonb,"
            " decisions jsonb",
            "integer",
            WRITE,
        ),
    ]
