"""Terms are everybody's to read and the platform's to write; an acceptance and a trusted network are one person's."""

from django.db import migrations

from vigie.foundation import rls

OWN = rls.either(rls.is_user("user_id"), rls.PLATFORM)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_people")]
    operations = [
        rls.protect("accounts_termsacceptance", using=OWN, check=rls.is_user("user_id")),
        rls.protect("accounts_trustednetwork", using=OWN),
        rls.protect("accounts_termsofuse", using="true", check=rls.PLATFORM),
    ]
