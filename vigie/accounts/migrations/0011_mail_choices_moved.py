"""How often one wants mail is `notifications`' now. The column stays for the former release; a later one drops it."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_signed_out_at'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='user',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='user',
            name='update_update',
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(model_name='user', name='incident_mail'),
                migrations.RemoveField(model_name='userevent', name='incident_mail'),
            ],
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE accounts_user ALTER COLUMN incident_mail SET DEFAULT 'each';"
                    "ALTER TABLE accounts_userevent ALTER COLUMN incident_mail DROP NOT NULL;",
                    "ALTER TABLE accounts_user ALTER COLUMN incident_mail DROP DEFAULT;",
                ),
            ],
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_userevent" ("created_at", "email", "first_name", "id", "is_active", "is_password_from_email", "language", "last_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "secure_address", "theme", "time_zone") VALUES (NEW."created_at", NEW."email", NEW."first_name", NEW."id", NEW."is_active", NEW."is_password_from_email", NEW."language", NEW."last_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'insert\', NEW."id", NEW."phone", NEW."secure_address", NEW."theme", NEW."time_zone"); RETURN NULL;', hash='c8d2aeac7b27aa533c3046ccb05464b6aaa9bd02', operation='INSERT', pgid='pgtrigger_insert_insert_3867c', table='accounts_user', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='user',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."email" IS DISTINCT FROM (NEW."email") OR OLD."first_name" IS DISTINCT FROM (NEW."first_name") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."is_password_from_email" IS DISTINCT FROM (NEW."is_password_from_email") OR OLD."language" IS DISTINCT FROM (NEW."language") OR OLD."last_name" IS DISTINCT FROM (NEW."last_name") OR OLD."phone" IS DISTINCT FROM (NEW."phone") OR OLD."secure_address" IS DISTINCT FROM (NEW."secure_address") OR OLD."theme" IS DISTINCT FROM (NEW."theme") OR OLD."time_zone" IS DISTINCT FROM (NEW."time_zone"))', func='INSERT INTO "accounts_userevent" ("created_at", "email", "first_name", "id", "is_active", "is_password_from_email", "language", "last_name", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "secure_address", "theme", "time_zone") VALUES (NEW."created_at", NEW."email", NEW."first_name", NEW."id", NEW."is_active", NEW."is_password_from_email", NEW."language", NEW."last_name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."phone", NEW."secure_address", NEW."theme", NEW."time_zone"); RETURN NULL;', hash='2e3a5ae63a65a9104edbe015b08d4d35c5217ce8', operation='UPDATE', pgid='pgtrigger_update_update_0e890', table='accounts_user', when='AFTER')),
        ),
    ]
