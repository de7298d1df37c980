"""Tell the planner that a kind of factor is held by many: it then joins the members once instead of seeking each of them."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("directory", "0016_support_isolation")]
    operations = [
        migrations.RunSQL(
            "ALTER FUNCTION directory_members_by_factor(uuid, text, timestamptz) ROWS 20000",
            "ALTER FUNCTION directory_members_by_factor(uuid, text, timestamptz) ROWS 1000",
        ),
    ]
