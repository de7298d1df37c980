"""Browsers in which a person has signed in; passwords that prove her mailbox and nothing else (ACC-1, ACC-4)."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
import vigie.foundation.ids
from django.conf import settings
from django.db import migrations, models

from vigie.foundation import rls


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_isolation'),
    ]

    operations = [
        migrations.CreateModel(
            name='KnownDevice',
            fields=[
                ('id', models.UUIDField(default=vigie.foundation.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('fingerprint', models.CharField(help_text='Keyed hash of the random cookie that the browser keeps.', max_length=64)),
                ('first_seen_at', models.DateTimeField(auto_now_add=True)),
                ('last_seen_at', models.DateTimeField(auto_now=True)),
            ],
            options={
                'verbose_name': 'appareil connu',
            },
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='user',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='user',
            name='update_update',
        ),
        migrations.AddField(
            model_name='user',
            name='is_password_from_email',
            field=models.BooleanField(db_default=False, default=False, help_text='Un code par courriel ne vaut alors pas second facteur (ACC-1).', verbose_name='mot de passe choisi avec un code reçu par courriel'),
        ),
        migrations.AddField(
            model_name='userevent',
            name='is_password_from_email',
            field=models.BooleanField(db_default=False, default=False, help_text='Un code par courriel ne vaut alors pas second facteur (ACC-1).', null=True, verbose_name='mot de passe choisi avec un code reçu par courriel'),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='created_at',
            field=models.DateTimeField(auto_now_add=True, null=True),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='email',
            field=models.EmailField(max_length=254, null=True, verbose_name='adresse électronique'),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='first_name',
            field=models.CharField(max_length=80, null=True, verbose_name='prénom'),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='id',
            field=models.UUIDField(default=vigie.foundation.ids.uuid7, editable=False, null=True, serialize=False),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='incident_mail',
            field=models.CharField(choices=[('each', 'Chaque événement'), ('none', 'Aucun courriel')], default='each', max_length=5, null=True, verbose_name='courriels sur les incidents'),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='is_active',
            field=models.BooleanField(default=True, null=True, verbose_name='compte actif'),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='language',
            field=models.CharField(choices=[('fr', 'Français'), ('en', 'English')], default='fr', max_length=2, null=True, verbose_name='langue'),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='last_name',
            field=models.CharField(max_length=80, null=True, verbose_name='nom'),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='phone',
            field=models.CharField(blank=True, max_length=30, null=True, verbose_name='téléphone'),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='secure_address',
            field=models.EmailField(blank=True, max_length=254, null=True, verbose_name='adresse de messagerie sécurisée de santé (MSSanté)'),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='theme',
            field=models.CharField(choices=[('auto', 'Selon l’appareil'), ('light', 'Clair'), ('dark', 'Sombre')], default='auto', max_length=5, null=True, verbose_name='apparence'),
        ),
        migrations.AlterField(
            model_name='userevent',
            name='time_zone',
            field=models.CharField(default='Europe/Paris', max_length=40, null=True, verbose_name='fuseau horaire'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_userevent" ("created_at", "email", "first_name", "id", "incident_mail", "is_active", "is_password_from_email", "language", "last_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "secure_address", "theme", "time_zone") VALUES (NEW."created_at", NEW."email", NEW."first_name", NEW."id", NEW."incident_mail", NEW."is_active", NEW."is_password_from_email", NEW."language", NEW."last_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."phone", NEW."secure_address", NEW."theme", NEW."time_zone"); RETURN NULL;', hash='266c103093dc96eb6200279283e8640aa071e985', operation='INSERT', pgid='pgtrigger_insert_insert_3867c', table='accounts_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."first_name" IS DISTINCT FROM (NEW."first_name") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."incident_mail" IS DISTINCT FROM (NEW."incident_mail") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."is_password_from_email" IS DISTINCT FROM (NEW."is_password_from_email") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."last_name" IS DISTINCT FROM (NEW."last_name") OR OLD."phone" IS DISTINCT FROM (NEW."phone") OR OLD."secure_address" IS DISTINCT FROM (NEW."secure_address") OR OLD."theme" IS DISTINCT FROM (NEW."theme") OR OLD."time_zone" IS DISTINCT FROM (NEW."time_zone"))', func='INSERT INTO "accounts_userevent" ("created_at", "email", "first_name", "id", "incident_mail", "is_active", "is_password_from_email", "language", "last_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "secure_address", "theme", "time_zone") VALUES (NEW."created_at", NEW."email", NEW."first_name", NEW."id", NEW."incident_mail", NEW."is_active", NEW."is_password_from_email", NEW."language", NEW."last_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."phone", NEW."secure_address", NEW."theme", NEW."time_zone"); RETURN NULL;', hash='c4604c4b7cf0f4049c2ee6aabf9e290f050efc05', operation='UPDATE', pgid='pgtrigger_update_update_0e890', table='accounts_user', when='AFTER')),
        ),
        migrations.AddField(
            model_name='knowndevice',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='devices', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='knowndevice',
            constraint=models.UniqueConstraint(fields=('user', 'fingerprint'), name='accounts_knowndevice_once'),
        ),
        rls.protect("accounts_knowndevice", using=rls.is_user("user_id")),
    ]
