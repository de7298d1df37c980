"""Grants of support sites (SEA-1, SEA-2), and invitations that they send."""

import django.contrib.postgres.fields
import django.db.models.deletion
import vigie.foundation.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0014_operators_are_more_everywhere'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='invitation',
            name='invited_by_name',
            field=models.CharField(max_length=400),
        ),
        migrations.CreateModel(
            name='SupportGrant',
            fields=[
                ('id', models.UUIDField(default=vigie.foundation.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('site_name', models.CharField(editable=False, max_length=160)),
                ('site_number', models.CharField(editable=False, max_length=20)),
                ('support_name', models.CharField(editable=False, max_length=160)),
                ('support_number', models.CharField(editable=False, max_length=20)),
                ('support_city', models.CharField(editable=False, max_length=80)),
                ('purpose', models.CharField(choices=[('troubleshooting', 'Dépannage'), ('setup', 'Configuration initiale'), ('forms', 'Formulaires'), ('credits', 'Allocation de crédits'), ('other', 'Autre')], max_length=20, verbose_name='motif')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='précision')),
                ('capabilities', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('users.read', 'Voir les personnes, leurs services et leurs accès'), ('users.write', 'Inviter, modifier et désactiver les personnes, leurs services et leurs habilitations'), ('features.activate', 'Activer les fonctionnalités pour les services')], max_length=60), size=None, verbose_name='peut')),
                ('granted_by_name', models.CharField(max_length=165, verbose_name='accordée par')),
                ('granted_at', models.DateTimeField(verbose_name='accordée le')),
                ('expires_at', models.DateTimeField(verbose_name='jusqu’au')),
                ('renewed_at', models.DateTimeField(null=True, verbose_name='renouvelée le')),
                ('renewals', models.PositiveSmallIntegerField(default=0)),
                ('work_done_at', models.DateTimeField(help_text='Said by the support site.', null=True, verbose_name='travail terminé le')),
                ('reminded_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True, verbose_name='terminée le')),
                ('ended_by_name', models.CharField(blank=True, max_length=165, verbose_name='retirée par')),
                ('end', models.CharField(blank=True, choices=[('expired', 'arrivée à son terme'), ('withdrawn', 'retirée')], max_length=12, verbose_name='fin')),
                ('granted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='support_grants', to='directory.site')),
                ('support_site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.site')),
            ],
            options={
                'verbose_name': 'délégation à un support',
            },
        ),
        migrations.AddField(
            model_name='invitation',
            name='support_grant',
            field=models.ForeignKey(help_text='Sent by a support site, for the site: it outlives the grant, as all that was done under it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.supportgrant'),
        ),
        migrations.AddIndex(
            model_name='supportgrant',
            index=models.Index(models.F('site'), models.OrderBy(models.F('granted_at'), descending=True), name='dir_grant_site'),
        ),
        migrations.AddIndex(
            model_name='supportgrant',
            index=models.Index(models.F('support_site'), models.OrderBy(models.F('granted_at'), descending=True), name='dir_grant_support'),
        ),
        migrations.AddIndex(
            model_name='supportgrant',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['expires_at'], name='dir_grant_alive'),
        ),
        migrations.AddConstraint(
            model_name='supportgrant',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('site', 'support_site'), name='directory_supportgrant_one_alive'),
        ),
        migrations.AddConstraint(
            model_name='supportgrant',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['troubleshooting', 'setup', 'forms', 'credits', 'other']), ('capabilities__contains', ['users.read']), ('capabilities__contained_by', ['users.read', 'users.write', 'features.activate'])), name='directory_supportgrant_known'),
        ),
        migrations.AddConstraint(
            model_name='supportgrant',
            constraint=models.CheckConstraint(condition=models.Q(('site', models.F('support_site')), _negated=True), name='directory_supportgrant_another'),
        ),
    ]
