"""Ten thousand invitations by an import, mails in the outbox: `pytest -o python_files=invitations.py benchmarks/invitations.py -s`.

Runs as the application's role, under row-level security, in a test database that is rolled back.
"""

import time
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from vigie.accounts.tests.signing_in import signed_in_client
from vigie.directory.models import Role
from vigie.directory.tests.factories import SiteFactory, member
from vigie.errands import actions as errands
from vigie.errands.models import Errand
from vigie.foundation.testing import as_maintenance

PEOPLE = 10_000


@pytest.mark.django_db
def test_figures() -> None:
    with as_maintenance():
        site = SiteFactory.create()
        adele = member(site, Role.ADMIN)
    client = signed_in_client(adele)
    lines = [f"p{n}@val.example;Nom{n};Prénom;Infirmière" for n in range(PEOPLE)]
    file = SimpleUploadedFile("personnes.csv", "\n".join(["email;nom;prenom;fonction", *lines]).encode())
    began = time.perf_counter()
    plan = client.post(reverse("directory:members_import", args=[site.number]), {"file": file, "submission": str(uuid4())})["Location"]
    assert client.get(plan).status_code == 200
    seen = time.perf_counter()
    assert client.post(f"{plan}envoi/").status_code == 302
    confirmed = time.perf_counter()
    with as_maintenance():
        errand = Errand.objects.get()
    errands.run(errand.id, adele.pk)
    ended = time.perf_counter()
    with as_maintenance(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM notifications_outgoingmail")
        assert cursor.fetchone() == (PEOPLE,)
    print(f"| plan of {PEOPLE} lines | {seen - began:.1f} s |\n| confirmation | {confirmed - seen:.1f} s |")
    print(f"| invitations, mail in the outbox | {ended - confirmed:.0f} s |")
