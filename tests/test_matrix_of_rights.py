"""Each cell of the matrix of rights, against the policies that apply it (ACC-40).

For each capability that Vigie applies and each relation that somebody may have to its object, the policy says yes if and
only if the delivered matrix has the cell; and no as soon as the cell alone is taken out of it. Cells of a later part of
Vigie, and those of support sites, say why they are not here: a cell that nobody accounts for fails.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.db import connection

from tests.conventions.project import ROOT
from vigie.accounts.models import User
from vigie.directory import policies as directory_policies
from vigie.directory import rights
from vigie.directory.actors import Actor
from vigie.directory.models import Desk, Membership, Role, Site
from vigie.directory.rights_catalogue import PLANNED, PLANNED_CELLS
from vigie.directory.tests import factories as directory
from vigie.directory.tests.acting import acting_as
from vigie.foundation.errors import Unseen
from vigie.foundation.testing import as_maintenance
from vigie.incidents import policies as incident_policies
from vigie.incidents import queries as incident_queries
from vigie.incidents.models import Incident, Interest, Status
from vigie.incidents.policies import Access
from vigie.incidents.tests.factories import DeskFactory, FollowerFactory, IncidentFactory

pytestmark = pytest.mark.django_db
_VERSION, DELIVERED = rights.read_source()

# --- Incidents -------------------------------------------------------------------------------------------------------
INCIDENT_QUESTIONS: Final[Mapping[str, Callable[[Access], bool]]] = {
    "incident.read": lambda _access: True,  # access_incident has answered already
    "incident.comment": lambda access: access.may_comment,
    "incident.note": lambda access: access.may_note,
    "incident.nudge": lambda access: access.may_nudge,
    "incident.close": lambda access: access.may_close,
    "incident.accept": lambda access: access.may_judge,
    "incident.refuse": lambda access: access.holds("refuse"),
    "incident.assign": lambda access: access.may_handle,
    "incident.plan": lambda access: access.may_handle and access.holds("plan"),
    "incident.status": lambda access: access.may_handle and access.holds("status"),
    "incident.resolve": lambda access: access.may_handle and access.holds("resolve"),
    "incident.reopen": lambda access: access.may_reopen,
    "incident.follow": lambda access: access.may_follow,
    "incident.observe": lambda access: access.holds("observe"),
}
STATUS_ASKED: Final = {"incident.accept": Status.RESOLVED, "incident.refuse": Status.RESOLVED, "incident.reopen": Status.CLOSED}
INCIDENT_RELATIONS: Final = (
    *((role.value, scope) for role, scope in ((Role.USER, "own"), (Role.USER, "followed"), (Role.USER, "observed"))),
    (Role.REFERENT.value, "site"),
    (Role.AGENT.value, "desk"),
)
# Relations that give nothing on an incident, whatever the matrix says of other things.
NOBODY: Final = (
    (Role.USER.value, "same site"),
    (Role.REFERENT.value, "elsewhere"),
    (Role.AGENT.value, "another desk"),
    (Role.ADMIN.value, "site"),
    (Role.PLANNER.value, "site"),
    (Role.EDITOR.value, "site"),
    (Role.OPERATOR.value, "platform"),
)

# --- People, sites, platform -----------------------------------------------------------------------------------------
SITE_QUESTIONS: Final[Mapping[str, Callable[[Actor, Site, Membership], bool]]] = {
    "users.read": lambda actor, _site, claire: _opens(actor, claire),
    "users.write": lambda actor, site, _claire: directory_policies.may_administer(actor, site.id),
    "factors.reset": lambda actor, site, _claire: directory_policies.may_reset_factors(actor, site.id),
    "factors.ip": lambda actor, _site, claire: _may_manage_networks(actor, claire),
    "desk.configure": lambda actor, site, _claire: directory_policies.may_configure_desk(actor, site.id),
    "features.activate": lambda actor, site, _claire: directory_policies.may_activate_features(actor, site.id),
    "features.practitioner": lambda actor, _site, _claire: directory_policies.may_define_features(actor),
    "support_grant.add": lambda actor, site, _claire: directory_policies.may_grant_support(actor, site.id),
    "support_grant.withdraw": lambda actor, site, _claire: directory_policies.may_withdraw_support(actor, site.id),
    "audit.read": lambda actor, site, _claire: directory_policies.may_audit_site(actor, site.id),
    "admins.appoint": lambda actor, _site, _claire: directory_policies.may_appoint(actor),
    "email.change": lambda actor, _site, _claire: directory_policies.may_change_email(actor),
    "account.deactivate": lambda actor, _site, _claire: directory_policies.may_deactivate_accounts(actor),
    "rights.change": lambda actor, _site, _claire: directory_policies.may_change_rights(actor),
}
SITE_RELATIONS: Final = (
    *((role.value, "site") for role in (Role.USER, Role.REFERENT, Role.AGENT, Role.ADMIN, Role.PLANNER, Role.EDITOR)),
    *((role.value, "elsewhere") for role in (Role.USER, Role.REFERENT, Role.AGENT, Role.ADMIN, Role.PLANNER, Role.EDITOR)),
    (Role.OPERATOR.value, "platform"),
)

# --- What stands elsewhere -------------------------------------------------------------------------------------------
OTHERWISE: Final[Mapping[str, str]] = {
    "support": "grants of support sites: vigie/directory/tests/test_support.py",
    "self": "what everybody may do to herself: profile and security pages, and test_what_is_ones_own below",
    "habilitation": "what a habilitation opens: vigie/sealing/tests, and parts of Vigie to come",
}


def _opens(actor: Actor, member: Membership) -> bool:
    try:
        directory_policies.access_membership(actor, member.id)
    except Unseen:
        return False
    return True


def _may_manage_networks(actor: Actor, member: Membership) -> bool:
    return rights.holds("factors.ip", directory_policies.MemberAccess(actor, member).relations)


@dataclass(frozen=True)
class Ground:
    site: Site
    elsewhere: Site
    desk: Desk
    other_desk: Desk


@pytest.fixture
def ground(db: None) -> Ground:
    with as_maintenance():
        site, elsewhere = directory.SiteFactory.create(), directory.SiteFactory.create()
        return Ground(site, elsewhere, DeskFactory.create(serves=[site]), DeskFactory.create(serves=[elsewhere]))


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[rights.Cell], None]:
    """Take one cell out of the matrix in force."""

    def take_out(cell: rights.Cell) -> None:
        capability, role, scope = cell
        held = dict(rights.matrix())
        held[capability] = held.get(capability, frozenset()) - {(role, scope)}
        monkeypatch.setattr(rights, "matrix", lambda: held)

    return take_out


def cells(questions: Mapping[str, Any], relations: tuple[tuple[str, str], ...]) -> list[rights.Cell]:
    return [(capability, role, scope) for capability in questions for role, scope in relations]


def named(cell: rights.Cell) -> str:
    return " ".join(cell)


def person_of_incident(ground: Ground, incident: Incident, relation: tuple[str, str]) -> User:
    """Return somebody who has this relation to the incident, and no other."""
    role, scope = relation
    match scope:
        case "own":
            return incident.requester
        case "followed" | "observed":
            user = directory.member(ground.site)
            interest = Interest.FOLLOWER if scope == "followed" else Interest.OBSERVER
            FollowerFactory.create(incident=incident, user=user, interest=interest)
            return user
        case "desk":
            return directory.technician(ground.desk)
        case "another desk":
            return directory.technician(ground.other_desk)
        case "elsewhere" | "platform":
            return directory.member(ground.elsewhere, Role(role))
        case _:
            return directory.member(ground.site, Role(role))


def answers(user: User, incident: Incident, capability: str) -> bool:
    with acting_as(user) as actor:
        try:
            access = incident_policies.access_incident(actor, id=incident.id)
        except Unseen:
            return False
        return INCIDENT_QUESTIONS[capability](access)


@pytest.mark.parametrize("cell", cells(INCIDENT_QUESTIONS, (*INCIDENT_RELATIONS, *NOBODY)), ids=named)
def test_each_cell_over_an_incident(ground: Ground, without: Callable[[rights.Cell], None], cell: rights.Cell) -> None:
    capability, role, scope = cell
    with as_maintenance():
        status = STATUS_ASKED.get(capability, Status.NEW)
        incident = IncidentFactory.create(site=ground.site, desk=ground.desk, status=status)
        user = person_of_incident(ground, incident, (role, scope))
    assert answers(user, incident, capability) is (cell in DELIVERED)
    if cell in DELIVERED:
        without(cell)
        assert not answers(user, incident, capability)


@pytest.mark.parametrize(
    "relation",
    [(Role.USER, "own"), (Role.REFERENT, "site"), (Role.ADMIN, "site"), (Role.AGENT, "site"), (Role.OPERATOR, "platform")],
    ids=str,
)
def test_each_cell_over_filing(ground: Ground, without: Callable[[rights.Cell], None], relation: tuple[Role, str]) -> None:
    role, scope = relation
    with as_maintenance():
        user = directory.member(ground.site, role)
    cell = ("incident.file", role.value, scope)
    with acting_as(user) as actor:
        assert (ground.site.id in incident_policies.may_file_to_site(actor)) is (cell in DELIVERED)
        without(cell)
        assert not incident_policies.may_file_to_site(actor)


@pytest.mark.parametrize("cell", cells(SITE_QUESTIONS, SITE_RELATIONS), ids=named)
def test_each_cell_over_a_site_and_its_members(ground: Ground, without: Callable[[rights.Cell], None], cell: rights.Cell) -> None:
    capability, role, scope = cell
    with as_maintenance():
        claire = directory.MembershipFactory.create(site=ground.site)
        user = directory.member(ground.site if scope == "site" else ground.elsewhere, Role(role))
    with acting_as(user) as actor:
        assert SITE_QUESTIONS[capability](actor, ground.site, claire) is (cell in DELIVERED)
        if cell in DELIVERED:
            without(cell)
            assert not SITE_QUESTIONS[capability](actor, ground.site, claire)


def test_how_to_reach_who_filed_is_told_to_the_desk_and_to_the_referent_alone(
    ground: Ground, without: Callable[[rights.Cell], None]
) -> None:
    with as_maintenance():
        incident = IncidentFactory.create(site=ground.site, desk=ground.desk)
        own = incident.requester
        own.phone = "01 23 45 67 89"
        own.save(update_fields=["phone"])
        desk = directory.technician(ground.desk)
        referent = directory.member(ground.site, Role.REFERENT)
    for user, cell in ((desk, ("users.read", "agent", "contacts")), (referent, ("users.read", "referent", "site"))):
        assert reached(user, incident) == ("01 23 45 67 89", own.email)
        without(cell)
        assert reached(user, incident) is None
    # Whoever filed it needs no telling, and gets nothing of anybody.
    assert reached(own, incident) is None
    with acting_as(directory_stranger(ground)), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM incidents_requester(%s)", [incident.id])
        assert cursor.fetchall() == []


def directory_stranger(ground: Ground) -> User:
    with as_maintenance():
        return directory.technician(ground.other_desk)


def reached(user: User, incident: Incident) -> tuple[str, str] | None:
    with acting_as(user) as actor:
        requester = incident_queries.record_of(incident_policies.access_incident(actor, id=incident.id)).requester
    return None if requester is None else (requester.phone, requester.email)


def test_what_is_ones_own(ground: Ground, without: Callable[[rights.Cell], None]) -> None:
    with as_maintenance():
        alice = directory.member(ground.site)
        own = Membership.objects.get(user=alice)
    with acting_as(alice) as actor:
        assert _opens(actor, own)
        assert directory_policies.may_audit_herself(actor)
        without(("users.read", "user", "self"))
        assert not _opens(actor, own)
        without(("audit.read", "user", "self"))
        assert not directory_policies.may_audit_herself(actor)


def test_every_cell_of_the_matrix_is_tested_or_says_where_it_is() -> None:
    tested = {
        *cells(INCIDENT_QUESTIONS, INCIDENT_RELATIONS),
        *cells(SITE_QUESTIONS, SITE_RELATIONS),
        ("incident.file", "user", "own"),
        ("incident.file", "referent", "site"),
        ("users.read", "agent", "contacts"),
        *PLANNED_CELLS,
    }
    left = {
        cell
        for cell in DELIVERED
        if cell not in tested and cell[0] not in PLANNED and cell[1] not in OTHERWISE and cell[2] not in OTHERWISE
    }
    # Keys and what they seal have tests of their own: vigie/sealing/tests.
    assert {cell for cell in left if not cell[0].startswith("sealing.")} == set()


def test_what_the_page_says_is_to_come_is_asked_by_no_policy() -> None:
    asked = {f"incident.{name}" for name in re.findall(r'holds\("(\w+)"', _sources())} | set(re.findall(r'"(\w+\.\w+)"', _sources()))
    assert not PLANNED & asked
    assert {"users.write", "incident.nudge", "rights.change"} <= asked


def _sources() -> str:
    modules = [*ROOT.glob("vigie/*/policies.py"), *ROOT.glob("vigie/*/actions.py"), *ROOT.glob("vigie/directory/*_actions.py")]
    return "\n".join(path.read_text(encoding="utf-8") for path in modules)
