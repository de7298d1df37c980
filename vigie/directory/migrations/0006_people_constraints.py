"""Rules on memberships, once those of the past have their names and addresses."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("directory", "0005_people_isolation")]
    operations = [
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('site', 'email'), name='directory_membership_email'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('accepted_at__isnull', True), ('user__isnull', False), _connector='OR'), name='directory_membership_accepted_by_somebody'),
        ),
    ]
