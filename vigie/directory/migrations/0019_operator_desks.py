"""Which desks are the operator's: told to everybody who may read the desk, whose site she may not."""

from django.db import migrations

from vigie.foundation import rls


class Migration(migrations.Migration):
    dependencies = [("directory", "0018_loan_cards")]
    operations = [
        rls.definer(
            "directory_operator_desks",
            "",
            "SETOF uuid",
            "SELECT d.id FROM directory_desk d JOIN directory_site s ON s.id = d.site_id WHERE s.kind = 'operator' AND s.is_active",
            language="sql",
        ),
    ]
