"""The registers of a site: revisions for those who write at once, the search of practitioners, the four known features (ACC-25)."""

import django.db.models.functions.text
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from vigie.foundation import rls
from vigie.foundation.ids import uuid7

FEATURES = (
    (
        "dpi",
        "Intégration au DPI",
        "Les documents et les messages rejoignent d’eux-mêmes le dossier du patient informatisé.",
    ),
    (
        "dmp",
        "Envoi vers le DMP",
        "Les documents peuvent être déposés dans le dossier médical partagé, « Mon espace santé ».",
    ),
    (
        "coordonnees-patient",
        "Remontée des e-mails/téléphones patient depuis la GAM/GAP",
        "Les coordonnées relevées aux admissions sont reprises pour écrire au patient.",
    ),
    (
        "pmsi",
        "Redirection vers le PMSI",
        "Les documents utiles au codage sont aussi remis au département de l’information médicale.",
    ),
)
SIGNED_IN = rls.either(
    "(SELECT scope_user()) IS NOT NULL", "(SELECT scope_ids('sites')) IS NOT NULL", rls.PLATFORM
)


def define(_apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # Row-level security binds the owner of the table too: features are the platform's to write.
    schema_editor.execute("SELECT set_config('vigie.platform', 'on', true)")
    for code, name, description in FEATURES:
        schema_editor.execute(
            "INSERT INTO directory_feature (id, code, name, description, revision) VALUES (%s, %s, %s, %s, 1)"
            " ON CONFLICT (code) DO NOTHING",
            [uuid7(), code, name, description],
        )
    schema_editor.execute("SELECT set_config('vigie.platform', '', true)")


class Migration(migrations.Migration):
    dependencies = [("directory", "0012_rights_versions")]
    operations = [
        *(
            migrations.AddField(
                model_name=model,
                name="revision",
                field=models.PositiveIntegerField(default=1, **({"help_text": help_text} if help_text else {})),
            )
            for model, help_text in (
                ("service", ""),
                ("practitioner", ""),
                ("feature", ""),
                ("sitefeature", "Grows when the feature is activated for other services."),
            )
        ),
        migrations.AlterField(
            model_name="practitioner",
            name="is_active",
            field=models.BooleanField(
                default=True, help_text="Sinon, personne n’agit plus en son nom.", verbose_name="en exercice"
            ),
        ),
        migrations.AddField(
            model_name="practitioner",
            name="search",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    django.db.models.functions.text.Concat(
                        "last_name",
                        models.Value(" "),
                        "first_name",
                        models.Value(" "),
                        "rpps",
                        models.Value(" "),
                        "specialty",
                        output_field=models.TextField(),
                    ),
                    function="plain",
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            model_name="practitioner",
            index=models.Index(
                models.F("site"), models.F("last_name"), models.F("first_name"), models.F("id"), name="dir_practitioner_name"
            ),
        ),
        # Names of features are nobody's secret, but nobody reads anything before she has said who she is.
        migrations.RunSQL(
            f"DROP POLICY tenancy ON directory_feature;"
            f"CREATE POLICY tenancy ON directory_feature USING ({SIGNED_IN}) WITH CHECK ({rls.PLATFORM});",
            f"DROP POLICY tenancy ON directory_feature;"
            f"CREATE POLICY tenancy ON directory_feature USING (true) WITH CHECK ({rls.PLATFORM});",
        ),
        migrations.RunPython(define, migrations.RunPython.noop),
    ]
