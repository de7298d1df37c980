"""Who sees applications, and that only operators declare them, whatever code runs.

The clients of the protocol are looked up before anybody has signed in: everybody may read them, and only the platform
writes them. So are the keys that sign, which are encrypted.
"""

from django.db import migrations

from vigie.foundation import rls

HERE = rls.within("site_id", "sites")
SERVED = (
    "withdrawn_at IS NULL AND ((serves_all AND (SELECT scope_ids('sites')) IS NOT NULL)"
    " OR id IN (SELECT application_id FROM applications_applicationsite))"
)


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0001_initial"),
        ("allauth_idp_oidc", "0003_client_allow_uri_wildcards"),
    ]
    operations = [
        rls.protect("applications_applicationsite", using=rls.PLATFORM),
        rls.permit("applications_applicationsite", "read_here", "SELECT", using=HERE),
        rls.protect("applications_application", using=rls.PLATFORM),
        rls.permit("applications_application", "read_served", "SELECT", using=SERVED),
        rls.protect("applications_signingkey", using=rls.PLATFORM),
        rls.permit("applications_signingkey", "read_all", "SELECT", using="true"),
        rls.protect("allauth_idp_oidc_client", using=rls.PLATFORM),
        rls.permit("allauth_idp_oidc_client", "read_all", "SELECT", using="true"),
    ]
