"""Until when a card is lent, and to whom it was given back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0017_members_by_factor")]
    operations = [
        migrations.AddField(
            model_name="loancard",
            name="due_on",
            field=models.DateField(blank=True, null=True, verbose_name="à rendre le"),
        ),
        migrations.AddField(
            model_name="loancard",
            name="returned_to_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=165, verbose_name="rendue à"),
        ),
        migrations.AddIndex(
            model_name="loancard",
            index=models.Index(models.F("site"), models.F("lent_at"), models.F("id"), name="dir_loancard_lent"),
        ),
    ]
