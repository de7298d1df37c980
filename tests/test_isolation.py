"""Every address, as everybody who must not: nobody reads, or learns of, another tenant's object (PLA-41)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from vigie.accounts.models import TrustedNetwork, User
from vigie.accounts.tests.factories import AuthenticatorFactory
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.applications.tests.factories import ApplicationFactory
from vigie.attachments.tests import documents
from vigie.directory.access import actor_of
from vigie.directory.models import GrantedCapability, LoanCard, Membership, Role
from vigie.directory.tests import factories as directory
from vigie.directory.tests.acting import acting_as
from vigie.errands.models import Errand
from vigie.foundation.testing import as_maintenance
from vigie.incidents import actions
from vigie.incidents.models import Incident
from vigie.incidents.tests.factories import DeskFactory, IncidentFactory
from vigie.patients.tests import factories as patients

pytestmark = pytest.mark.django_db

# Addresses with an argument that names nobody's object, and why.
WITHOUT_AN_OBJECT = {
    "unsubscribe": "a signed link, for whoever holds it",
    "invitation": "a secret link, for whoever holds it: tested in directory",
    "edit_webauthn": "one's own keys, filtered by owner: tested in accounts",
    "remove_webauthn": "the same",
    "rename_factor": "the same",
    "rename_network": "the same",
    "openid_": "identity providers of the configuration, and one's own identities: tested in accounts",
    "/courrier/": "the demonstration's mailbox, absent in production",
    "/kit/": "the kit, absent in production",
    "draft": "one's own drafts; with an incident's identifier it is walked below",
}


@dataclass(frozen=True)
class Story:
    incident: Incident
    attachment: UUID
    member: UUID
    """Somebody of the incident's site."""
    factor: int
    identity: int
    network: UUID
    card: UUID
    grant: UUID
    """Lent by the incident's site to a support site."""
    errand: UUID
    """Long work of the technician."""
    service: UUID
    practitioner: UUID
    patient: UUID
    application: UUID
    strangers: dict[str, User]


@pytest.fixture
def story(db: None) -> Story:
    with as_maintenance():
        site, other_site, operator_site = (directory.SiteFactory.create() for _ in range(3))
        desk, other_desk = DeskFactory.create(serves=[site]), DeskFactory.create(serves=[other_site])
        incident = IncidentFactory.create(site=site, desk=desk)
        technician = directory.technician(desk)
        strangers = {
            "colleague": directory.member(site),
            "administrator": directory.member(site, Role.ADMIN),
            "stranger": directory.member(other_site, Role.USER, Role.REFERENT, Role.ADMIN),
            "other technician": directory.technician(other_desk),
            "planner and editor": directory.member(site, Role.PLANNER, Role.EDITOR),
            "operator": directory.member(operator_site, Role.OPERATOR, Role.ADMIN),
        }
        now = timezone.now()
        grant = directory.SupportGrantFactory.create(site=site, granted_by=strangers["administrator"], capabilities=list(GrantedCapability))
        ended = directory.SupportGrantFactory.create(
            site=site, granted_by=strangers["administrator"], ended_at=now + timedelta(minutes=1), end="withdrawn"
        )
        strangers |= {
            "delegate": directory.member(grant.support_site, Role.ADMIN),
            "former delegate": directory.member(ended.support_site, Role.ADMIN),
        }
    with acting_as(technician) as actor:
        entry = actions.comment(actor, incident.id, body="", submission=uuid4(), files=[SimpleUploadedFile("capture.png", documents.png())])
        attachment = entry.files.get().attachment_id
    with as_maintenance():
        of_site = Membership.objects.get(user=strangers["planner and editor"])
        factor = AuthenticatorFactory.create(user=strangers["planner and editor"]).pk
        identity = SocialAccount.objects.create(user=strangers["planner and editor"], provider="https://idp.example", uid="1").pk
        ends_at = timezone.now() + timedelta(days=1)
        network = TrustedNetwork.objects.create(
            user=strangers["planner and editor"], name="Garde", network="10.0.0.0/24", expires_at=ends_at
        ).pk
        card = LoanCard.objects.create(site=site, number="7", membership=of_site, lent_at=timezone.now(), lent_by_name="x").pk
        errand = Errand.objects.create(
            owner=technician, kind="members.export", submission=uuid4(), state="done", expires_at=timezone.now() + timedelta(days=1)
        )
        patient = patients.patient(site)
        application = ApplicationFactory.create(serves=[site])
        service, practitioner = directory.ServiceFactory.create(site=site), directory.PractitionerFactory.create(site=site)
    return Story(
        incident=incident,
        attachment=attachment,
        member=of_site.id,
        factor=factor,
        identity=identity,
        network=network,
        card=card,
        grant=grant.id,
        errand=errand.id,
        service=service.id,
        practitioner=practitioner.id,
        patient=patient.id,
        application=application.id,
        strangers=strangers,
    )


def routes() -> Iterator[tuple[str, URLPattern]]:
    def walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, prefix + str(pattern.pattern))
            else:
                yield prefix + str(pattern.pattern), pattern

    yield from walk(get_resolver().url_patterns, "/")


def addresses_of(story: Story) -> list[str]:
    """Return each address that names the incident, its desk, its file: a new one with an argument must be said here."""
    named = {
        "<str:number>": story.incident.number,
        "<uuid:attachment_id>": str(story.attachment),
        "<slug:slug>": story.incident.desk.slug,
        "<str:key>": str(story.incident.id),
        "<uuid:membership_id>": str(story.member),
        "<int:factor_id>": str(story.factor),
        "<int:identity_id>": str(story.identity),
        "<uuid:network_id>": str(story.network),
        "<uuid:card_id>": str(story.card),
        "<uuid:errand_id>": str(story.errand),
        "<uuid:site_id>": str(story.incident.site_id),
        "<uuid:space_id>": str(story.incident.site.space_id),
        "<uuid:service_id>": str(story.service),
        "<uuid:practitioner_id>": str(story.practitioner),
        "<slug:code>": "dpi",
        "<int:epoch>": "1",
        "<int:data_key>": "1",
        "<slug:source>": "patients",
        "<slug:part>": "reglages",
        "<uuid:item_id>": str(story.member),
        **dict.fromkeys(("<uuid:station_id>", "<uuid:wrap_id>", "<uuid:connector_id>"), str(story.member)),
        "<uuid:account_id>": str(story.strangers["planner and editor"].pk),
        "<uuid:grant_id>": str(story.grant),
        "<uuid:patient_id>": str(story.patient),
        "<uuid:application_id>": str(story.application),
        "<int:reference>": "1",
        "<str:support_number>": story.incident.site.number,
    }
    found = []
    for route, pattern in routes():
        if "<" not in route:
            continue
        address = route
        if route.startswith(("/administration/", "/scellement/", "/patients/")):
            address = address.replace("<str:number>", story.incident.site.number)
        for converter, value in named.items():
            address = address.replace(converter, value)
        if "<" in address:
            names = f"{route} {pattern.name}"
            assert any(known in names for known in WITHOUT_AN_OBJECT), f"{route}: say what its argument names"
            continue
        found.append(address)
    assert len(found) >= 12
    return found


@pytest.mark.parametrize(
    "who",
    ["colleague", "administrator", "stranger", "other technician", "planner and editor", "operator", "delegate", "former delegate"],
)
def test_no_address_gives_an_object_of_somebody_else(story: Story, who: str) -> None:
    client = signed_in_client(story.strangers[who])
    for address in addresses_of(story):
        if who == "administrator" and address.endswith("/historique/"):
            continue  # audit.read: who changed what, without the texts
        if who == "administrator" and address.startswith("/scellement/"):
            continue  # she manages the key of the site: what she may is tested in sealing
        if who in ("administrator", "operator", "delegate") and address.startswith("/administration/"):
            continue  # they administer the site: their rights are tested cell by cell in directory
        if who == "delegate" and address.startswith("/patients/"):
            continue  # she sees numbers and ciphertext: tested in patients
        for method in ("get", "post"):
            answer = getattr(client, method)(address)
            assert answer.status_code in (404, 405), f"{method} {address} as {who}: {answer.status_code}"


def test_the_history_that_an_administrator_reads_has_no_text(story: Story) -> None:
    page = signed_in_client(story.strangers["administrator"]).get(f"/incidents/{story.incident.number}/historique/")
    assert page.status_code == 200
    assert story.incident.subject not in page.content.decode()
    assert story.incident.description not in page.content.decode()


def test_every_address_asks_who_is_there(story: Story, client: Client) -> None:
    for address in addresses_of(story):
        answer = client.get(address)
        assert answer.status_code in (302, 405), address
        if answer.status_code == 302:
            assert answer["Location"].startswith("/compte/connexion/"), address


def test_nobody_is_an_actor_before_she_has_signed_in() -> None:
    assert actor_of(RequestFactory().get("/")) is None
