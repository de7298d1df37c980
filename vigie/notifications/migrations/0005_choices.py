"""How often each person wants mail, by kind of event, and what waits for daily summaries (ACC-30)."""

import django.db.models.deletion
import vigie.foundation.ids
from django.conf import settings
from django.db import migrations, models


from vigie.foundation import rls

# Who wanted no mail about incidents wants none of any of their kinds.
KEEP = """
SET LOCAL ROLE vigie_maintenance;
INSERT INTO notifications_mailchoice (user_id, kind, frequency)
SELECT u.id, kind, 'none' FROM accounts_user u
 CROSS JOIN unnest(ARRAY['incident.answers', 'incident.progress', 'incident.observed', 'incident.arrivals', 'incident.assigned']) AS kind
 WHERE u.incident_mail = 'none';
RESET ROLE;
SET CONSTRAINTS ALL IMMEDIATE;
"""
FORGET = """
WITH lines AS (DELETE FROM notifications_digestitem WHERE sent_at < before),
     gone AS (DELETE FROM notifications_outgoingmail WHERE state <> 'waiting' AND created_at < before RETURNING 1)
SELECT count(*) FROM gone
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0004_guests'),
        ('accounts', '0011_mail_choices_moved'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DigestItem',
            fields=[
                ('id', models.UUIDField(default=vigie.foundation.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=40)),
                ('event', models.CharField(help_text='As for a mail: told once to each person.', max_length=100)),
                ('topic', models.CharField(blank=True, help_text='What may be muted meanwhile.', max_length=100)),
                ('details', models.JSONField(default=dict, help_text='Identifiers, for the app that tells it.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('sent_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'ligne de résumé',
                'ordering': ['created_at'],
                'indexes': [models.Index(models.F('user'), condition=models.Q(('sent_at__isnull', True)), name='notifications_digest_waiting')],
                'constraints': [models.UniqueConstraint(fields=('user', 'event'), name='notifications_digestitem_once')],
            },
        ),
        migrations.CreateModel(
            name='MailChoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('frequency', models.CharField(choices=[('each', 'Un courriel à chaque fois'), ('daily', 'Un résumé par jour'), ('none', 'Aucun courriel')], max_length=5)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'choix de courriels',
                'constraints': [models.UniqueConstraint(fields=('user', 'kind'), name='notifications_mailchoice_once')],
            },
        ),
        rls.protect("notifications_mailchoice", using=rls.is_user("user_id")),
        rls.protect("notifications_digestitem", using=rls.is_user("user_id")),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        rls.definer(
            "notifications_digests_waiting",
            "",
            "TABLE (user_id uuid, time_zone varchar, oldest timestamptz)",
            "SELECT u.id, u.time_zone, min(d.created_at) FROM notifications_digestitem d JOIN accounts_user u ON u.id = d.user_id"
            " WHERE d.sent_at IS NULL GROUP BY u.id ORDER BY min(d.created_at)",
            language="sql",
        ),
        migrations.RunSQL("DROP FUNCTION notifications_forget(timestamptz)", migrations.RunSQL.noop),
        rls.definer("notifications_forget", "before timestamptz", "bigint", FORGET, language="sql"),
    ]
