"""Jobs on incidents that the clock starts."""

from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.core import mail
from django.utils import timezone

from vigie.foundation.testing import as_maintenance, run_jobs
from vigie.incidents import tasks
from vigie.incidents.models import Draft, FollowUp, Incident, Status
from vigie.incidents.tests.factories import IncidentFactory

pytestmark = pytest.mark.django_db


def test_resolved_incidents_close_after_the_desks_delay_and_the_requester_is_told() -> None:
    with as_maintenance():
        late = IncidentFactory.create(status=Status.RESOLVED, resolved_at=timezone.now() - timedelta(days=11))
        early = IncidentFactory.create(status=Status.RESOLVED, resolved_at=timezone.now() - timedelta(days=1))
    tasks.close_resolved(timestamp=0)
    run_jobs()
    with as_maintenance():
        assert {incident.pk: incident.status for incident in Incident.objects.all()} == {
            late.pk: Status.CLOSED,
            early.pk: Status.RESOLVED,
        }
        assert FollowUp.objects.get().author_name == "Vigie"
        latest = apps.get_model("incidents", "IncidentEvent").objects.filter(pgh_obj=late).order_by("-pgh_id")[0]
        assert latest.pgh_context["route"] == "job:incidents.close_resolved"
    assert [sent.to for sent in mail.outbox] == [[late.requester.email]]


def test_drafts_are_forgotten_after_seven_days() -> None:
    with as_maintenance():
        incident = IncidentFactory.create()
        with time_machine.travel(timezone.now() - timedelta(days=8)):
            Draft.objects.create(user=incident.requester, key="file", sealed=b"x")
        Draft.objects.create(user=incident.requester, key="comment:1", sealed=b"x")
    tasks.forget_drafts(timestamp=0)
    with as_maintenance():
        assert [draft.key for draft in Draft.objects.all()] == ["comment:1"]
