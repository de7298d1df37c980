"""A person's account, addresses, factors and linked identities are her own.

Somebody who signs in is found by a function that gives an identifier and nothing else; her account is then read as
the « user » of the transaction's scope. `directory` widens the reading of names to colleagues.
"""

from django.db import migrations

from vigie.foundation import rls

OWN = rls.is_user("user_id")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("foundation", "0002_scope"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]
    operations = [
        rls.protect("accounts_user", using=rls.is_user("id")),
        rls.protect("accounts_userevent", using=rls.is_user("id")),
        rls.protect("account_emailaddress", using=OWN),
        rls.protect(
            "account_emailconfirmation",
            using=f"email_address_id IN (SELECT id FROM account_emailaddress WHERE {OWN})",
        ),
        rls.protect("mfa_authenticator", using=OWN),
        rls.protect("socialaccount_socialaccount", using=OWN),
        rls.protect(
            "socialaccount_socialtoken",
            using=f"account_id IN (SELECT id FROM socialaccount_socialaccount WHERE {OWN})",
        ),
        rls.definer(
            "accounts_find_by_email",
            "address text",
            "uuid",
            "SELECT id FROM accounts_user WHERE email = address",
            language="sql",
        ),
    ]
