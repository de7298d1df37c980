"""Trusted ranges are used: narrow and with an end by constraint; the platform grants them, their owner only names them."""

from django.db import migrations, models

from vigie.foundation import rls

NARROW = """
ALTER TABLE accounts_trustednetwork
    ADD CONSTRAINT accounts_trustednetwork_narrow
        CHECK (masklen(network::cidr) >= CASE family(network::cidr) WHEN 4 THEN 24 ELSE 56 END),
    ADD CONSTRAINT accounts_trustednetwork_ends CHECK (expires_at <= created_at + interval '8808 hours');
"""
LOOSE = """
ALTER TABLE accounts_trustednetwork
    DROP CONSTRAINT accounts_trustednetwork_ends, DROP CONSTRAINT accounts_trustednetwork_narrow;
"""
# The owner reads her ranges, and writes their names and their last use: neither whose, nor where, nor until when.
GRANTED = f"""
CREATE POLICY granting ON accounts_trustednetwork AS RESTRICTIVE FOR INSERT WITH CHECK ({rls.PLATFORM});
CREATE POLICY withdrawing ON accounts_trustednetwork AS RESTRICTIVE FOR DELETE USING ({rls.PLATFORM});
REVOKE UPDATE ON accounts_trustednetwork FROM vigie_app;
GRANT UPDATE (name, last_used_at) ON accounts_trustednetwork TO vigie_app;
"""
FREE = """
GRANT UPDATE ON accounts_trustednetwork TO vigie_app;
DROP POLICY withdrawing ON accounts_trustednetwork;
DROP POLICY granting ON accounts_trustednetwork;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_first_terms")]
    operations = [
        migrations.AddField(
            model_name="trustednetwork",
            name="last_used_at",
            field=models.DateTimeField(null=True, verbose_name="dernier usage"),
        ),
        migrations.RunSQL(NARROW, LOOSE),
        migrations.RunSQL(GRANTED, FREE),
    ]
