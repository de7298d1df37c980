"""How to reach who filed an incident, told to those who treat it or who refer for its site (users.read, « contacts »)."""

from django.db import migrations

from vigie.foundation import rls

# Accounts are their owners' alone: the function gives what one calls somebody back with, and only for an incident in scope.
REQUESTER = """
    SELECT m.function::text, u.phone::text, m.email::text
      FROM incidents_incident i
      JOIN directory_membership m ON m.site_id = i.site_id AND m.user_id = i.requester_id AND m.is_active
      JOIN accounts_user u ON u.id = m.user_id AND u.is_active
     WHERE i.id = incident AND (i.desk_id = ANY (scope_ids('desks')) OR i.site_id = ANY (scope_ids('sites')))
"""


class Migration(migrations.Migration):
    dependencies = [("incidents", "0006_patient_references"), ("directory", "0025_habilitations_at_entry")]
    operations = [
        rls.definer(
            "incidents_requester", "incident uuid", 'TABLE("function" text, phone text, email text)', REQUESTER, language="sql"
        )
    ]
