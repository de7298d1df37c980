"""A mail is its recipient's; the job that sends it enters her scope. Old ones are forgotten by one function."""

from django.db import migrations

from vigie.foundation import rls


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial"), ("foundation", "0002_scope")]
    operations = [
        rls.protect("notifications_outgoingmail", using=rls.is_user("recipient_id")),
        rls.definer(
            "notifications_forget",
            "before timestamptz",
            "bigint",
            "WITH gone AS (DELETE FROM notifications_outgoingmail WHERE state <> 'waiting' AND created_at < before"
            " RETURNING 1) SELECT count(*) FROM gone",
            language="sql",
        ),
    ]
