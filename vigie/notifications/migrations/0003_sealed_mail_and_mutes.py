"""Mail that opens something is encrypted while it waits; mail has an end; people may mute one thing."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

import vigie.foundation.ids
from vigie.foundation import rls

# A mail is left behind when it waits and no job will send it: its job ended in a way that nobody foresaw.
LEFT_BEHIND = """
SELECT m.id, m.recipient_id FROM notifications_outgoingmail m
 WHERE m.state = 'waiting' AND m.created_at < before
   AND NOT EXISTS (SELECT FROM procrastinate_jobs j
                    WHERE j.task_name = 'notifications.send' AND j.status IN ('todo', 'doing')
                      AND j.args ->> 'mail_id' = m.id::text)
 ORDER BY m.created_at LIMIT 1000
"""


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_isolation"),
        ("procrastinate", "0041_post_retry_failed_job"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            "outgoingmail",
            "is_sealed",
            models.BooleanField(default=False, help_text="Text and HTML are encrypted: they open something."),
        ),
        migrations.AddField(
            "outgoingmail",
            "give_up_at",
            models.DateTimeField(default=timezone.now, help_text="After this moment it is not tried again."),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="Mute",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=vigie.foundation.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("topic", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "sourdine",
                "constraints": [models.UniqueConstraint(fields=("user", "topic"), name="notifications_mute_once")],
            },
        ),
        rls.protect("notifications_mute", using=rls.is_user("user_id")),
        rls.definer(
            "notifications_left_behind",
            "before timestamptz",
            "TABLE (mail_id uuid, recipient_id uuid)",
            LEFT_BEHIND,
            language="sql",
        ),
    ]
