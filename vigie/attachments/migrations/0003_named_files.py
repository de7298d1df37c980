"""Which files of the disk still have a row, whoever's: for the removal of the others."""

from django.db import migrations, models

from vigie.foundation import rls


class Migration(migrations.Migration):
    dependencies = [("attachments", "0002_isolation")]
    operations = [
        migrations.AddIndex("attachment", models.Index(fields=["digest"], name="attachments_digest")),
        rls.definer(
            "attachments_named",
            "digests text[]",
            "SETOF text",
            "SELECT DISTINCT digest::text FROM attachments_attachment WHERE digest = ANY (digests)",
            language="sql",
        ),
    ]
