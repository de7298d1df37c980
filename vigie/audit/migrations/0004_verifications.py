"""What each verification of the chains found, for operators to read; and the acts of one person, found by an index."""

from django.db import migrations, models

from vigie.foundation import rls

VERIFY = """
DECLARE
    found jsonb;
BEGIN
    SELECT COALESCE(jsonb_agg(jsonb_build_object('chain', b.chain, 'place', b.place)), '[]'::jsonb) INTO found
      FROM (SELECT * FROM audit_broken_links() LIMIT 100) b;
    INSERT INTO audit_verification (at, linked, waiting, broken)
    SELECT now(), (SELECT count(*) FROM audit_link),
           (SELECT count(*) FROM audit_act a WHERE NOT EXISTS (SELECT FROM audit_link l WHERE l.act_id = a.id)), found;
    DELETE FROM audit_verification v WHERE v.at < now() - interval '400 days';
    RETURN jsonb_array_length(found);
END
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_verification")]
    operations = [
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(verbose_name="date")),
                ("linked", models.BigIntegerField(help_text="Acts that stood in a chain.")),
                ("waiting", models.BigIntegerField(help_text="Acts that were not linked yet.")),
                (
                    "broken",
                    models.JSONField(default=list, help_text="Chain and place of each link that was altered, removed or moved."),
                ),
            ],
            options={"verbose_name": "vérification du journal", "ordering": ["-id"]},
        ),
        migrations.AddIndex(model_name="act", index=models.Index(models.F("actor_id"), models.F("at"), name="audit_act_actor")),
        rls.protect("audit_verification", using=rls.PLATFORM, check="false"),
        migrations.RunSQL("REVOKE INSERT, UPDATE, DELETE ON audit_verification FROM vigie_app", migrations.RunSQL.noop),
        rls.definer("audit_verify_chains", "", "integer", VERIFY),
    ]
