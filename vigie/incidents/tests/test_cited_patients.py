"""A patient is cited in an incident by her number, picked from the register of the site, and never by name (SEA-23)."""

from uuid import uuid4

import pytest

from vigie.accounts.tests.signing_in import signed_in_client
from vigie.directory.models import Habilitation, Membership
from vigie.foundation.testing import as_maintenance
from vigie.incidents.models import Incident
from vigie.incidents.tests.conftest import Territory
from vigie.incidents.tests.test_pages import filing
from vigie.patients.policies import OPEN
from vigie.patients.tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened(territory: Territory) -> Territory:
    """Alice may open the register of her site, where there are two patients."""
    with as_maintenance():
        membership = Membership.objects.get(user=territory.alice, site=territory.hospital)
        Habilitation.objects.create(site=territory.hospital, membership=membership, code=OPEN)
        factories.patient(territory.hospital)
        factories.patient(territory.hospital)
    return territory


def test_the_desk_reads_the_number_and_the_carer_follows_it(opened: Territory) -> None:
    alice = signed_in_client(opened.alice)
    page = alice.post("/incidents/nouveau/", filing(opened, patients="#2, 1"), follow=True)
    record = page.redirect_chain[-1][0]
    assert f"/patients/{opened.hospital.number}/reference/2/" in page.content.decode()
    with as_maintenance():
        assert Incident.objects.get().patient_references == [2, 1]
    seen = signed_in_client(opened.tom).get(record).content.decode()
    assert ">2</" in seen
    assert "/patients/" not in seen


@pytest.mark.parametrize("typed", ["Jean Durand", "3", "1, 99", ", ".join(map(str, range(1, 30)))])
def test_a_number_that_the_register_does_not_have_is_refused_and_the_text_stays(opened: Territory, typed: str) -> None:
    answer = signed_in_client(opened.alice).post("/incidents/nouveau/", filing(opened, patients=typed, subject="Écran noir"))
    assert answer.status_code == 422
    assert "Écran noir" in answer.content.decode()
    with as_maintenance():
        assert not Incident.objects.exists()


def test_somebody_whom_no_register_was_opened_to_is_not_asked_and_cites_nobody(territory: Territory) -> None:
    with as_maintenance():
        factories.patient(territory.hospital)
    alice = signed_in_client(territory.alice)
    assert 'name="patients"' not in alice.get("/incidents/nouveau/").content.decode()
    alice.post("/incidents/nouveau/", filing(territory, patients="1", submission=uuid4()))
    with as_maintenance():
        assert Incident.objects.get().patient_references == []
