"""What somebody who helps a site under a grant reaches: every address, every table (SEA-4)."""

import pytest
from django.db import connection
from django.urls import resolve

from tests.test_isolation import Story, addresses_of, story  # noqa: F401 - a fixture
from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.attachments.models import Attachment
from vigie.directory.models import Feature, Membership, SiteFeature
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, ServiceFactory
from vigie.directory.tests.helping import Help, arranged
from vigie.foundation import scope
from vigie.foundation.testing import as_maintenance
from vigie.incidents.models import Incident
from vigie.incidents.tests.factories import DeskFactory, IncidentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def aid(db: None) -> Help:
    return arranged()


def test_a_grant_shows_the_directory_of_the_site_and_only_that(aid: Help) -> None:
    with as_maintenance():
        IncidentFactory.create(site=aid.site, desk=DeskFactory.create(serves=[aid.site]))
        MembershipFactory.create(site=aid.other)
        ServiceFactory.create(site=aid.site)
    with acting_as(aid.sam) as actor, connection.cursor() as cursor:
        assert actor.scope.granted_ids == {aid.site.id}
        assert aid.site.id not in actor.site_ids
        assert Membership.objects.filter(site=aid.site, id=aid.claire.id).exists()
        assert not Membership.objects.filter(site=aid.other).exists()
        cursor.execute(
            "SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relforcerowsecurity"
            " AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'site_id' AND NOT a.attisdropped)"
        )
        shown = set()
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE site_id = %s', [aid.site.id])
            if cursor.fetchone()[0]:
                shown.add(table)
        assert shown == {"directory_membership", "directory_service", "directory_supportgrant"}


def test_incidents_files_and_accounts_of_the_site_stay_out_of_reach(aid: Help) -> None:
    with as_maintenance():
        IncidentFactory.create(site=aid.site, desk=DeskFactory.create(serves=[aid.site]))
    with acting_as(aid.sam):
        assert not Incident.objects.exists()
        assert not Attachment.objects.exists()
        assert list(User.objects.values_list("id", flat=True)) == [aid.sam.id]


# --- Every address, as a delegate -------------------------------------------------------------------------------------
OPENED = {
    "directory:members": "GET",
    "directory:member": "GET",
    "directory:member_add": "GET POST",
    "directory:member_edit": "POST",
    "directory:member_access": "POST",
    "directory:member_deactivate": "POST",
    "directory:member_resend": "POST",
    "directory:members_export": "POST",
    "directory:members_deactivate": "POST",
    "directory:members_resend": "POST",
    "directory:members_services": "POST",
    "directory:members_import": "GET POST",
    "directory:members_import_model": "GET",
    "directory:site_rights": "GET",
    "directory:services": "GET",
    "directory:service": "GET",
    "directory:service_add": "POST",
    "directory:service_rename": "POST",
    "directory:service_delete": "GET POST",
    "directory:service_people_add": "GET POST",
    "directory:service_people_remove": "POST",
    "directory:practitioners": "GET",
    "directory:practitioner": "GET",
    "directory:practitioner_add": "GET POST",
    "directory:practitioner_edit": "POST",
    "directory:practitioner_activity": "POST",
    "directory:practitioner_delete": "POST",
    "directory:identities_add": "GET POST",
    "directory:identities_remove": "POST",
    "directory:features": "GET",
    "directory:feature_services": "GET POST",
    "directory:support_work_done": "POST",
    "directory:support_banner": "GET",
    # Numbers and ciphertext, to read: a name never opens there.
    "patients:register": "GET",
    "patients:patient": "GET",
    "patients:by_reference": "GET",
    "patients:raw": "GET",
    "patients:batch": "GET",
}
"""What a grant with every capability opens of the site that it is about. A new address is added here on purpose, or refuses."""

SEEN_AND_REFUSED = {
    "directory:support_withdraw",
    "directory:support_renew",
    "directory:member_unlock",
    "directory:factors_reset",
    "directory:factor_remove",
    "directory:identity_remove",
    "patients:add",
    "patients:edit",
    "patients:import",
    "patients:import_rows",
}
"""403: her grant is hers to see, not to end; a member is hers to edit, her factors never; a patient is hers to count."""


REFUSED_BY_A_MESSAGE = {"directory:member_sessions_end"}
"""The record says why: `test_support.py` looks at what happened."""


def test_every_address_about_the_site_is_opened_on_purpose_or_refused(story: Story) -> None:  # noqa: F811 - the fixture
    with as_maintenance():
        SiteFeature.objects.create(site=story.incident.site, feature=Feature.objects.get(code="dpi"))
    client = signed_in_client(story.strangers["delegate"])
    opened: dict[str, str] = {}
    refused: set[str] = set()
    for address in addresses_of(story):
        name = resolve(address).view_name
        for method in ("get", "post"):
            with scope.entered(scope.NOTHING):
                answer = getattr(client, method)(address)
            if answer.status_code == 403:
                refused.add(name)
            elif answer.status_code not in (404, 405) and name not in REFUSED_BY_A_MESSAGE:
                assert answer.status_code < 500, (name, method)
                opened[name] = f"{opened.get(name, '')} {method.upper()}".strip()
    assert opened == OPENED
    assert refused == SEEN_AND_REFUSED
