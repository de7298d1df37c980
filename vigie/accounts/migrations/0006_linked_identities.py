"""Find whose linked identity this is: an identifier and nothing else, as for addresses."""

from django.db import migrations

from vigie.foundation import rls


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_people_isolation"), ("socialaccount", "0006_alter_socialaccount_extra_data")]
    operations = [
        rls.definer(
            "accounts_find_by_identity",
            "issuer text, subject text",
            "uuid",
            "SELECT user_id FROM socialaccount_socialaccount WHERE provider = issuer AND uid = subject",
            language="sql",
        ),
    ]
