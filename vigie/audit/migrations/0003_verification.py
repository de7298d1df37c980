"""Reading the chains again: a link that does not follow from the former one and from its act is named.

It gives places, nothing of the acts. What it cannot see is a chain cut at its end: note the last digest elsewhere.
"""

from django.db import migrations

from vigie.foundation import rls

BROKEN = """
    WITH ordered AS (
        SELECT l.*, lag(l.digest) OVER (PARTITION BY l.chain ORDER BY l.position) AS former,
               row_number() OVER (PARTITION BY l.chain ORDER BY l.position) AS expected
          FROM audit_link l)
    SELECT o.chain, o.position FROM ordered o LEFT JOIN audit_act a ON a.id = o.act_id
     WHERE o.position <> o.expected OR a.id IS NULL
        OR o.digest <> encode(sha256(convert_to(COALESCE(o.former, '') || audit_fingerprint(a), 'UTF8')), 'hex')
     ORDER BY o.chain, o.position
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_append_only")]
    operations = [rls.definer("audit_broken_links", "", "TABLE (chain uuid, place bigint)", BROKEN, language="sql")]
