"""What somebody who helps a site under a grant reaches: every address, every table (SEA-4)."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.attachments.models import Attachment
from vigie.directory.models import Feature, GrantedCapability, Membership, Role, SiteFeature
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, PractitionerFactory, ServiceFactory, SupportGrantFactory, member
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
}
"""What a grant with every capability opens of the site that it is about. A new address is added here on purpose, or refuses."""

SEEN_AND_REFUSED = {
    "directory:support_withdraw",
    "directory:support_renew",
    "directory:member_unlock",
    "directory:factors_reset",
    "directory:factor_remove",
}
"""403: her grant is hers to see, not to end; a member is hers to edit, her factors never."""


REFUSED_BY_A_MESSAGE = {"directory:member_sessions_end"}
"""The record says why: `test_support.py` looks at what happened."""


def walked() -> Iterator[tuple[str, str]]:
    def walk(patterns: list[URLPattern | URLResolver], prefix: str, namespace: str) -> Iterator[tuple[str, str]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern), pattern.namespace or namespace)
            else:
                yield prefix + str(pattern.pattern), f"{namespace}:{pattern.name}" if namespace else str(pattern.name)

    yield from walk(get_resolver().url_patterns, "/", "")


def test_every_address_about_the_site_is_opened_on_purpose_or_refused(aid: Help) -> None:
    from vigie.incidents.tests.factories import DeskFactory, IncidentFactory

    with as_maintenance():
        grant = SupportGrantFactory.create(capabilities=GrantedCapability.values, granted_by=aid.adele, site=aid.other)
        sam = member(grant.support_site, Role.ADMIN)
        site = grant.site
        claire = MembershipFactory.create(site=site)
        service, practitioner = ServiceFactory.create(site=site), PractitionerFactory.create(site=site)
        SiteFeature.objects.create(site=site, feature=Feature.objects.get(code="dpi"))
        desk = DeskFactory.create(site=site, serves=[site])
        incident = IncidentFactory.create(site=site, desk=desk)
    named = {
        "<uuid:membership_id>": claire.id,
        "<uuid:grant_id>": grant.id,
        "<uuid:service_id>": service.id,
        "<uuid:practitioner_id>": practitioner.id,
        "<uuid:site_id>": site.id,
        "<uuid:space_id>": site.space_id,
        "<slug:code>": "dpi",
        # Long work is its owner's alone: errands have tests of their own.
        "<uuid:errand_id>": incident.id,
        "<int:factor_id>": 1,
        "<int:session_id>": 1,
        "<uuid:network_id>": incident.id,
        "<uuid:account_id>": claire.user_id,
        "<int:epoch>": 1,
        "<int:data_key>": 1,
        "<slug:source>": "patients",
        "<uuid:station_id>": incident.id,
        "<uuid:wrap_id>": incident.id,
        "<uuid:connector_id>": incident.id,
        "<str:support_number>": aid.support.number,
        "<slug:slug>": desk.slug,
        "<str:key>": incident.id,
    }
    client = signed_in_client(sam)
    opened: dict[str, str] = {}
    refused: set[str] = set()
    reached = 0
    for route, name in walked():
        address = route.replace("<str:number>", site.number if route.startswith(("/administration/", "/scellement/")) else incident.number)
        for argument, value in named.items():
            address = address.replace(argument, str(value))
        if "<" in address or "<" not in route:
            assert "<" not in address or not address.startswith("/administration/"), f"{route}: say what its argument names"
            continue
        reached += 1
        for method in ("get", "post"):
            with scope.entered(scope.NOTHING):
                answer = getattr(client, method)(address)
            if answer.status_code == 403:
                refused.add(name)
            elif answer.status_code not in (404, 405) and name not in REFUSED_BY_A_MESSAGE:
                assert answer.status_code < 500, (name, method)
                opened[name] = f"{opened.get(name, '')} {method.upper()}".strip()
    assert reached > 20
    assert opened == OPENED
    assert refused == SEEN_AND_REFUSED
