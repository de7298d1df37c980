"""Spaces and sites are edited by operators: each counts its changes. A site out of service gives no desk either."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0010_factors'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='site',
            name='update_update',
        ),
        migrations.AddField(
            model_name='site',
            name='revision',
            field=models.PositiveIntegerField(db_default=1, default=1, help_text='Grows at each change: two people never overwrite each other.'),
        ),
        migrations.AddField(
            model_name='space',
            name='revision',
            field=models.PositiveIntegerField(db_default=1, default=1, help_text='Grows at each change: two people never overwrite each other.'),
        ),
        migrations.AlterField(
            model_name='site',
            name='holiday_zone',
            field=models.CharField(choices=[('Métropole', 'Métropole'), ('Alsace-Moselle', 'Alsace-Moselle'), ('FR-971', 'Guadeloupe'), ('FR-972', 'Martinique'), ('FR-973', 'Guyane'), ('FR-974', 'La Réunion'), ('FR-976', 'Mayotte'), ('FR-PM', 'Saint-Pierre-et-Miquelon'), ('FR-BL', 'Saint-Barthélemy'), ('FR-MF', 'Saint-Martin'), ('FR-NC', 'Nouvelle-Calédonie'), ('FR-PF', 'Polynésie française'), ('FR-WF', 'Wallis-et-Futuna')], default='Métropole', max_length=20, verbose_name='zone de jours fériés'),
        ),
        migrations.AlterField(
            model_name='siteevent',
            name='holiday_zone',
            field=models.CharField(choices=[('Métropole', 'Métropole'), ('Alsace-Moselle', 'Alsace-Moselle'), ('FR-971', 'Guadeloupe'), ('FR-972', 'Martinique'), ('FR-973', 'Guyane'), ('FR-974', 'La Réunion'), ('FR-976', 'Mayotte'), ('FR-PM', 'Saint-Pierre-et-Miquelon'), ('FR-BL', 'Saint-Barthélemy'), ('FR-MF', 'Saint-Martin'), ('FR-NC', 'Nouvelle-Calédonie'), ('FR-PF', 'Polynésie française'), ('FR-WF', 'Wallis-et-Futuna')], default='Métropole', max_length=20, null=True, verbose_name='zone de jours fériés'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='site',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."address" IS DISTINCT FROM (NEW."address") OR OLD."city" IS DISTINCT FROM (NEW."city") OR OLD."finess" IS DISTINCT FROM (NEW."finess") OR OLD."holiday_zone" IS DISTINCT FROM (NEW."holiday_zone") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."is_active" IS DISTINCT FROM (NEW."is_active") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."latitude" IS DISTINCT FROM (NEW."latitude") OR OLD."longitude" IS DISTINCT FROM (NEW."longitude") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."phone" IS DISTINCT FROM (NEW."phone") OR OLD."space_id" IS DISTINCT FROM (NEW."space_id") OR OLD."time_zone" IS DISTINCT FROM (NEW."time_zone"))', func='INSERT INTO "directory_siteevent" ("address", "city", "finess", "holiday_zone", "id", "is_active", "kind", "latitude", "longitude", "name", "number", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "space_id", "time_zone") VALUES (NEW."address", NEW."city", NEW."finess", NEW."holiday_zone", NEW."id", NEW."is_active", NEW."kind", NEW."latitude", NEW."longitude", NEW."name", NEW."number", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, NOW(), \'update\', NEW."id", NEW."phone", NEW."space_id", NEW."time_zone"); RETURN NULL;', hash='5daf201ea31b9055a657cf6d7074dfc8717033c2', operation='UPDATE', pgid='pgtrigger_update_update_8f84b', table='directory_site', when='AFTER')),
        ),
        # The technicians of a site out of service handle nothing, as its members are no members.
        migrations.RunSQL(
            """
            DO $body$
            DECLARE source text;
            BEGIN
                SELECT pg_get_functiondef('directory_enter(uuid, boolean)'::regprocedure) INTO source;
                source := replace(source, 'WHERE d.site_id IN (SELECT m.site_id',
                                          'WHERE d.site_id = ANY (sites) AND d.site_id IN (SELECT m.site_id');
                SET LOCAL ROLE vigie_maintenance;
                EXECUTE source;
                RESET ROLE;
            END $body$;
            """,
            migrations.RunSQL.noop,
        ),
    ]
