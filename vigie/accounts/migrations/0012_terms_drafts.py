"""Operators write the next terms in a draft, and read who accepted which version (ACC-13)."""

from django.db import migrations, models

from vigie.foundation import rls

OWN = rls.is_user("user_id")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_mail_choices_moved")]
    operations = [
        migrations.CreateModel(
            name="TermsDraft",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("text_fr", models.TextField(blank=True, verbose_name="texte français")),
                ("text_en", models.TextField(blank=True, verbose_name="texte anglais")),
                ("updated_at", models.DateTimeField()),
                ("updated_by_name", models.CharField(max_length=165, verbose_name="modifié par")),
                (
                    "revision",
                    models.PositiveIntegerField(default=1, help_text="Grows at each change: two people never overwrite each other."),
                ),
            ],
            options={
                "verbose_name": "brouillon des conditions d’utilisation",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="accounts_termsdraft_one")],
            },
        ),
        migrations.AddIndex(
            model_name="termsacceptance",
            index=models.Index(models.F("accepted_at"), models.F("id"), name="accounts_terms_accepted"),
        ),
        rls.protect("accounts_termsdraft", using=rls.PLATFORM),
        migrations.RunSQL(
            "DROP POLICY tenancy ON accounts_termsacceptance;"
            f"CREATE POLICY tenancy ON accounts_termsacceptance USING ({OWN}) WITH CHECK ({OWN});"
            f"CREATE POLICY reading ON accounts_termsacceptance FOR SELECT USING ({rls.PLATFORM});",
            "DROP POLICY reading ON accounts_termsacceptance;",
        ),
    ]
