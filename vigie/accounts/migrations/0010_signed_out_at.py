"""When all that a person had open was ended: sessions and sign-ins that began before open nothing any more (ACC-14)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_platform")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="signed_out_at",
            field=models.DateTimeField(
                help_text="Whatever began before, sessions and sign-ins, opens nothing any more.", null=True
            ),
        ),
    ]
