"""Mail to somebody who may have no account: an invitation belongs to an identifier that no request's scope holds."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from vigie.foundation import rls

LEFT_BEHIND = """
SELECT m.id, COALESCE(m.recipient_id, m.guest_id) FROM notifications_outgoingmail m
 WHERE m.state = 'waiting' AND m.created_at < before
   AND NOT EXISTS (SELECT FROM procrastinate_jobs j
                    WHERE j.task_name = 'notifications.send' AND j.status IN ('todo', 'doing')
                      AND j.args ->> 'mail_id' = m.id::text)
 ORDER BY m.created_at LIMIT 1000
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0003_sealed_mail_and_mutes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AlterField(
            "outgoingmail",
            "recipient",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "outgoingmail",
            "guest_id",
            models.UUIDField(
                null=True,
                help_text="Stands for the recipient of a mail to somebody who has no account: the scope that reads it.",
            ),
        ),
        migrations.AddConstraint(
            "outgoingmail",
            models.UniqueConstraint(fields=["guest_id", "event"], name="notifications_outgoingmail_once_a_guest"),
        ),
        migrations.AddConstraint(
            "outgoingmail",
            models.CheckConstraint(
                condition=models.Q(recipient__isnull=True) ^ models.Q(guest_id__isnull=True),
                name="notifications_outgoingmail_one_reader",
            ),
        ),
        migrations.RunSQL(
            "DROP POLICY tenancy ON notifications_outgoingmail;"
            "CREATE POLICY tenancy ON notifications_outgoingmail"
            f" USING ({rls.either(rls.is_user('recipient_id'), rls.is_user('guest_id'))})"
            f" WITH CHECK ({rls.either(rls.is_user('recipient_id'), rls.is_user('guest_id'))});",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL("DROP FUNCTION notifications_left_behind(timestamptz)", migrations.RunSQL.noop),
        rls.definer(
            "notifications_left_behind",
            "before timestamptz",
            "TABLE (mail_id uuid, recipient_id uuid)",
            LEFT_BEHIND,
            language="sql",
        ),
    ]
