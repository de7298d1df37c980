"""The invitations whose time has passed, for the job that ends them."""

from django.db import migrations

from vigie.foundation import rls


class Migration(migrations.Migration):
    dependencies = [("directory", "0008_member_search")]
    operations = [
        rls.definer(
            "directory_invitations_to_end",
            "at timestamptz",
            "TABLE (invitation_id uuid, site_id uuid)",
            "SELECT i.id, i.site_id FROM directory_invitation i WHERE i.ended_at IS NULL AND i.expires_at <= at"
            " ORDER BY i.expires_at LIMIT 1000",
            language="sql",
        ),
    ]
