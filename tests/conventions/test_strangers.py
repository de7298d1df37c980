"""Every address that names an object answers a stranger as if the object did not exist (PLA-41).

Routes are walked, not listed: a new one that takes an argument must say here which object stands behind it.
"""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLResolver, get_resolver, reverse

from vigie.accounts.tests.signing_in import signed_in_client
from vigie.attachments.tests import documents
from vigie.foundation.testing import as_maintenance
from vigie.incidents.models import Incident, IncidentFile
from vigie.incidents.tests.conftest import Territory, territory

__all__ = ["territory"]
pytestmark = pytest.mark.django_db

Route = tuple[str, frozenset[str]]
STRANGERS = ("charlie", "trudy", "bob", "adele")
MISSING = {"number": "INC-2026-999998", "attachment_id": UUID(int=7), "slug": "guichet-qui-n-existe-pas", "pk": 999_999}
NO_OBJECT_OF_OTHERS = {
    "incidents:draft": "the asker's own drafts, by the name of a form",
    "unsubscribe": "opened by a signed token",
    "kit-error": "the living page of components, absent in production",
    "mailbox-mail": "the demonstration's mailbox, absent in production",
    "mailbox-html": "the demonstration's mailbox, absent in production",
    "mailbox-source": "the demonstration's mailbox, absent in production",
}
MAY_SEE = {("adele", "incidents:history"): "a site's administrator reads who changed what, without the texts"}


@pytest.fixture
def objects_of_alice(territory: Territory) -> dict[str, object]:
    """File an incident with a screenshot as Alice; return the arguments that name what is hers."""
    answer = signed_in_client(territory.alice).post(
        "/incidents/nouveau/",
        {
            "site": territory.hospital.id,
            "solution": territory.solution.id,
            "kind": "incident",
            "priority": territory.priority.id,
            "category": "",
            "subject": "Écran noir au bloc",
            "description": "L’écran reste noir après le démarrage.",
            "notify_requester": "on",
            "submission": uuid4(),
            "files": SimpleUploadedFile("capture.pdf", documents.pdf()),
        },
    )
    assert answer.status_code == 302
    with as_maintenance():
        incident = Incident.objects.get()
        key = Authenticator.objects.create(user=territory.alice, type=Authenticator.Type.WEBAUTHN, data={"name": "Clé", "credential": {}})
        return {
            "number": incident.number,
            "attachment_id": IncidentFile.objects.get().attachment_id,
            "slug": territory.desk.slug,
            "pk": key.pk,
        }


@pytest.mark.parametrize("name", STRANGERS)
def test_stranger_gets_the_answer_for_what_does_not_exist(territory: Territory, objects_of_alice: dict[str, object], name: str) -> None:
    client = signed_in_client(getattr(territory, name))
    for route, arguments in _routes_with_arguments(get_resolver()):
        if route in NO_OBJECT_OF_OTHERS or (name, route) in MAY_SEE:
            continue
        real = reverse(route, kwargs={argument: objects_of_alice[argument] for argument in arguments})
        missing = reverse(route, kwargs={argument: MISSING[argument] for argument in arguments})
        for method in ("get", "post"):
            ask = getattr(client, method)
            answer, same = (ask(address, {"body": "Bonjour", "submission": uuid4()}) for address in (real, missing))
            assert answer.status_code == same.status_code, (name, route)
            if answer.status_code == 302:  # Asked to confirm who she is, before anything is looked up.
                assert answer["Location"].replace(real, missing) == same["Location"], (name, route)
            else:
                assert answer.status_code in {404, 405}, (name, route, answer.status_code)


def test_every_route_that_names_an_object_is_walked(objects_of_alice: dict[str, object]) -> None:
    walked = [(route, arguments) for route, arguments in _routes_with_arguments(get_resolver()) if route not in NO_OBJECT_OF_OTHERS]
    assert len(walked) > 10
    assert not [route for route, arguments in walked if not arguments <= set(objects_of_alice)]


def test_alice_sees_what_strangers_do_not(territory: Territory, objects_of_alice: dict[str, object]) -> None:
    client = signed_in_client(territory.alice)
    number, attachment = objects_of_alice["number"], objects_of_alice["attachment_id"]
    assert client.get(f"/incidents/{number}/").status_code == 200
    assert client.get(f"/incidents/{number}/fichiers/{attachment}/").status_code == 200


def _routes_with_arguments(resolver: URLResolver, namespace: str = "", outer: frozenset[str] = frozenset()) -> Iterator[Route]:
    for entry in resolver.url_patterns:
        arguments = outer | frozenset(entry.pattern.converters)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _routes_with_arguments(entry, inner, arguments)
        elif arguments:
            yield f"{namespace}{entry.name}", arguments
