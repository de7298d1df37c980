"""Who sees patients: members of the site whose habilitation opens the register. A support site sees numbers and ciphertext.

The application never deletes a patient, and writes her identity once: a sealed value is bound to its record.
"""

from django.db import migrations

from vigie.foundation import rls
from vigie.sealing.isolation import OPENS

WRITES = """
CREATE FUNCTION patients_sites_to_write() RETURNS SETOF uuid LANGUAGE sql STABLE PARALLEL SAFE AS $body$
    SELECT m.site_id FROM directory_membership m JOIN directory_habilitation h ON h.membership_id = m.id
     WHERE m.user_id = (SELECT scope_user()) AND m.is_active AND m.accepted_at IS NOT NULL AND h.code = 'patients.write'
$body$
"""
MAY_WRITE = "site_id IN (SELECT patients_sites_to_write())"


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial"), ("sealing", "0002_isolation"), ("directory", "0016_support_isolation")]
    operations = [
        migrations.RunSQL(WRITES, "DROP FUNCTION patients_sites_to_write()"),
        rls.protect("patients_register", using=OPENS),
        rls.protect("patients_patient", using=OPENS),
        rls.protect("patients_patientevent", using=OPENS),
        # A support site sees the page: numbers, and ciphertext that it has no key for (SEA-4). It writes nothing.
        migrations.RunSQL(
            f"CREATE POLICY support_reading ON patients_patient FOR SELECT USING ({rls.within('site_id', 'granted')});",
            "DROP POLICY support_reading ON patients_patient;",
        ),
        *(
            migrations.RunSQL(
                f"CREATE POLICY adding ON {table} AS RESTRICTIVE FOR INSERT WITH CHECK ({MAY_WRITE});", f"DROP POLICY adding ON {table};"
            )
            for table in ("patients_register", "patients_patient")
        ),
        migrations.RunSQL(
            "REVOKE DELETE ON patients_patient, patients_register FROM vigie_app;"
            "REVOKE UPDATE ON patients_patient FROM vigie_app;"
            "GRANT UPDATE (emr_identifier, family_name, birth_name, given_name, birth_date, phone, email, address, note, revision,"
            " updated_at, updated_by_id, archived_at) ON patients_patient TO vigie_app;",
            "GRANT DELETE ON patients_patient, patients_register TO vigie_app; GRANT UPDATE ON patients_patient TO vigie_app;",
        ),
        # A list finds by the beginning of an identifier, whatever its capitals.
        migrations.RunSQL(
            "CREATE INDEX patients_emr_identifier ON patients_patient (site_id, upper(emr_identifier) text_pattern_ops);",
            "DROP INDEX patients_emr_identifier;",
        ),
    ]
