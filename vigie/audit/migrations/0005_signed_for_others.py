"""Acts of a support site are signed « X (support Y) »: two names. They are little, and sought among much."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_verifications")]
    operations = [
        migrations.AlterField(model_name="act", name="actor_name", field=models.CharField(max_length=400, verbose_name="auteur")),
        migrations.AddIndex(
            model_name="act",
            index=models.Index(condition=models.Q(("details__has_key", "grant")), fields=["site_id", "at", "id"], name="audit_act_support"),
        ),
    ]
