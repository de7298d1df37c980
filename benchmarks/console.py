"""The console's list and search with 50,000 members in one site: `pytest -p no:cacheprovider benchmarks/console.py -s`.

Runs as the application's role, under row-level security, in a test database that is rolled back.
"""

import statistics
import time

import pytest
from django.db import connection
from django.urls import reverse

from vigie.accounts.tests.signing_in import signed_in_client
from vigie.directory.models import Role
from vigie.directory.tests.factories import SiteFactory, member
from vigie.foundation.testing import as_maintenance

MEMBERS = 50_000
_FILL = """
INSERT INTO directory_membership (id, site_id, email, first_name, last_name, function, roles, is_active, created_at,
    invitation_sent_at, invitation_expires_at, revision)
SELECT gen_random_uuid(), %s, 'personne' || n || '@chu.example', (ARRAY['Claire', 'Nadia', 'Paul', 'Zoé', 'Éric'])[1 + n %% 5] || n %% 97,
    (ARRAY['Moreau', 'Lefèvre', 'Benali', 'Garcia', 'Nguyen', 'Dupont', 'Müller'])[1 + n %% 7] || ' ' || chr(65 + n %% 26) || n %% 211,
    (ARRAY['Infirmière', 'Cadre de santé', 'Médecin', 'Secrétaire'])[1 + n %% 4], ARRAY['user'], n %% 50 <> 0, now(),
    now(), now() + interval '14 days', 1
  FROM generate_series(1, %s) AS n
"""

_ACCOUNTS = """
WITH made AS (
    INSERT INTO accounts_user (id, email, first_name, last_name, phone, secure_address, language, time_zone, theme, is_active,
        created_at, password)
    SELECT gen_random_uuid(), email, first_name, last_name, '', '', 'fr', 'Europe/Paris', 'auto', true, now(), ''
      FROM directory_membership WHERE site_id = %s AND user_id IS NULL
    RETURNING id, email
)
UPDATE directory_membership AS m SET user_id = made.id, accepted_at = now() FROM made WHERE m.site_id = %s AND m.email = made.email
"""
_FACTORS = """
INSERT INTO mfa_authenticator (user_id, type, data, created_at)
SELECT user_id, 'totp', '{}', now() FROM directory_membership WHERE site_id = %s AND user_id IS NOT NULL AND last_name < 'M'
"""


@pytest.mark.django_db
def test_figures() -> None:
    with as_maintenance():
        site = SiteFactory.create()
        adele = member(site, Role.ADMIN)
        with connection.cursor() as cursor:
            cursor.execute(_FILL, [site.id, MEMBERS])
            cursor.execute(_ACCOUNTS, [site.id, site.id])
            cursor.execute(_FACTORS, [site.id])
            cursor.execute("ANALYZE directory_membership, accounts_user, mfa_authenticator")
    client = signed_in_client(adele)
    address = reverse("directory:members", args=[site.number])
    middle = client.get(f"{address}?taille=100&fin=1").context["page"].previous_cursor
    for label, query in {
        "first page": "",
        "last page": "?fin=1",
        "page before the last": f"?avant={middle}",
        "filter: deactivated": "?statut=disabled",
        "filter: no strong second factor": "?facteur=weak",
        "filter: an application": "?facteur=totp",
        "search: personne41234": "?q=personne41234",
        "search: nadia moreau": "?q=nadia+moreau",
        "search: infirmiere (a quarter)": "?q=infirmiere",
        "search with a mistake: persone41234 lefevr": "?q=persone41234+lefevr",
    }.items():
        took = []
        for _ in range(12):
            began = time.perf_counter()
            assert client.get(address + query).status_code == 200
            took.append((time.perf_counter() - began) * 1000)
        print(f"| {label} | {statistics.median(took[2:]):.0f} ms | {max(took[2:]):.0f} ms |")
