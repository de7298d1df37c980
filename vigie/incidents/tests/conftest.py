"""A small territory: two hospitals, one desk, and the people of the stories."""

from dataclasses import dataclass
from uuid import uuid4

import pytest

from vigie.accounts.models import User
from vigie.directory.models import Desk, Role, Site, Solution
from vigie.directory.tests import factories as directory
from vigie.foundation.testing import as_maintenance
from vigie.incidents.actions import NewIncident
from vigie.incidents.models import Incident, Priority
from vigie.incidents.tests.factories import DeskFactory, IncidentFactory


@dataclass(frozen=True)
class Territory:
    hospital: Site
    other_hospital: Site
    desk: Desk
    other_desk: Desk
    alice: User
    """Files incidents in the hospital."""
    bob: User
    """Her colleague, a plain user."""
    rita: User
    """The hospital's referent."""
    charlie: User
    """Of the other hospital: must see nothing."""
    tom: User
    """A technician of the desk."""
    tina: User
    """His colleague."""
    trudy: User
    """A technician of the other desk: must see nothing."""
    adele: User
    """The hospital's administrator, who has no right on incidents."""
    solution: Solution
    priority: Priority

    def stated(self, **changes: object) -> NewIncident:
        """Return a declaration of Alice's, with changes."""
        values = {
            "site_id": self.hospital.id,
            "solution_id": self.solution.id,
            "priority_id": self.priority.id,
            "subject": "Les étiquettes ne sortent plus",
            "description": "Rien ne sort de l’imprimante depuis ce matin.",
            "submission": uuid4(),
        }
        return NewIncident(**(values | changes))  # type: ignore[arg-type]

    def incident(self, **fields: object) -> Incident:
        """Return a stored incident of Alice's."""
        with as_maintenance():
            made: Incident = IncidentFactory.create(**({"site": self.hospital, "desk": self.desk, "requester": self.alice} | fields))
        return made


@pytest.fixture
def territory(db: None) -> Territory:
    with as_maintenance():
        hospital, other_hospital = directory.SiteFactory.create(), directory.SiteFactory.create()
        desk = DeskFactory.create(serves=[hospital, other_hospital])
        other_desk = DeskFactory.create(serves=[other_hospital])
        return Territory(
            hospital=hospital,
            other_hospital=other_hospital,
            desk=desk,
            other_desk=other_desk,
            alice=directory.member(hospital, first_name="Alice", last_name="Martin"),
            bob=directory.member(hospital, first_name="Bob", last_name="Petit"),
            rita=directory.member(hospital, Role.USER, Role.REFERENT, first_name="Rita", last_name="Blanc"),
            charlie=directory.member(other_hospital, first_name="Charlie", last_name="Roux"),
            tom=directory.technician(desk, first_name="Tom", last_name="Garnier"),
            tina=directory.technician(desk, first_name="Tina", last_name="Faure"),
            trudy=directory.technician(other_desk, first_name="Trudy", last_name="Morel"),
            adele=directory.member(hospital, Role.ADMIN, first_name="Adèle", last_name="Henry"),
            solution=desk.solutions.get(),
            priority=desk.priorities.get(rank=1),
        )
