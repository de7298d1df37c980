"""What triggers keep of an incident, as its readers see it."""

from types import SimpleNamespace

import pghistory
import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import RequestFactory

from vigie.audit.middleware import AuditContextMiddleware, acting
from vigie.audit.queries import HistoryEvent, record_history
from vigie.directory.tests import factories as directory
from vigie.foundation import scope
from vigie.foundation.testing import as_maintenance
from vigie.incidents.models import Incident, Status
from vigie.incidents.tests.factories import IncidentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident() -> Incident:
    with as_maintenance():
        made: Incident = IncidentFactory.create()
    return made


def of_desk(incident: Incident) -> scope.Scope:
    return scope.Scope(
        site_ids=frozenset({incident.desk.site_id}),
        desk_ids=frozenset({incident.desk_id}),
    )


def history_of(incident: Incident, *masked: str) -> list[HistoryEvent]:
    with scope.entered(of_desk(incident)):
        return record_history(Incident, incident.pk, masked_fields=masked)


def test_a_change_says_who_when_from_where_and_what(incident: Incident) -> None:
    with as_maintenance():
        technician = directory.technician(incident.desk, first_name="Aïcha", last_name="Diallo")

    def resolve(request: object) -> HttpResponse:
        with scope.entered(of_desk(incident)):
            Incident.objects.filter(pk=incident.pk).update(subject="Imprimante", status=Status.WAITING)
        return HttpResponse()

    request = RequestFactory().post(f"/incidents/{incident.number}/repondre/?q=secret")
    request.user = technician
    request.request_id = "abc123"  # type: ignore[attr-defined]
    AuditContextMiddleware(resolve)(request)

    latest, creation = history_of(incident)
    assert (latest.actor, latest.request_id, latest.kind) == ("Aïcha Diallo", "abc123", "update")
    assert latest.route == "incidents:reply"
    assert {(change.label, change.after) for change in latest.changes} == {("Objet", "Imprimante"), ("Statut", "En attente")}
    assert creation.kind == "insert"
    assert creation.is_automatic


def test_a_request_that_only_reads_opens_no_context(incident: Incident) -> None:
    def look(request: object) -> HttpResponse:
        assert not hasattr(pghistory.runtime._tracker, "value")
        return HttpResponse()

    request = RequestFactory().get("/incidents/")
    request.user = SimpleNamespace(pk=None)  # type: ignore[assignment]
    AuditContextMiddleware(look)(request)


def test_masked_fields_are_said_to_have_changed_without_their_values(incident: Incident) -> None:
    with scope.entered(of_desk(incident)), acting("incidents.essai"):
        Incident.objects.filter(pk=incident.pk).update(description="Monsieur Untel a mal")
    latest = history_of(incident, "description", "subject")[0]
    (change,) = latest.changes
    assert (change.name, change.is_masked, change.before, change.after) == ("description", True, "", "")
    assert latest.route == "job:incidents.essai"
    html = render_to_string("audit/_history.html", {"events": [latest]})
    assert "Untel" not in html
    assert "Description" in html


def test_names_that_the_reader_may_not_see_are_not_shown(incident: Incident) -> None:
    creation = history_of(incident)[-1]
    told = {change.name: change.after for change in creation.changes}
    assert told["requester"] == "une personne d’un autre site"
    with scope.entered(of_desk(incident)):
        named = record_history(Incident, incident.pk, names={incident.requester_id: incident.requester_name})[-1]
    assert {change.name: change.after for change in named.changes}["requester"] == incident.requester_name


def test_a_stranger_reads_no_history(incident: Incident) -> None:
    with as_maintenance():
        elsewhere = directory.SiteFactory.create().id
    with scope.entered(scope.Scope(site_ids=frozenset({elsewhere}))):
        assert record_history(Incident, incident.pk) == []
