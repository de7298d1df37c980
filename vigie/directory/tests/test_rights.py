"""The matrix of rights: read by administrators, changed by the operator, never so that anybody promotes herself (ACC-40)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory import policies, rights, rights_actions, rights_queries
from vigie.directory import rights_catalogue as catalogue
from vigie.directory.models import Membership, RightsOrigin, RightsVersion, Role, Site
from vigie.directory.rights import ABSENT, GIVEN, GIVEN_WITH_STEP_UP, Cell
from vigie.directory.rights_actions import RightsChangedMeanwhile, RightsRefused, change_rights, current_version
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import SiteFactory, member
from vigie.foundation import scope
from vigie.foundation.errors import DomainError, NotAllowed
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db

NUDGE_FOLLOWED: Cell = ("incident.nudge", "user", "followed")
NUDGE_SITE: Cell = ("incident.nudge", "referent", "site")


@pytest.fixture(autouse=True)
def _fresh_matrix() -> Iterator[None]:
    yield
    rights.forget()


@pytest.fixture
def site(db: None) -> Site:
    with as_maintenance():
        made: Site = SiteFactory.create(name="CH de Brive")
    return made


@pytest.fixture
def paul(site: Site) -> User:
    """Operator."""
    with as_maintenance():
        return member(site, Role.OPERATOR)


@pytest.fixture
def adele(site: Site) -> User:
    """Administrator of the site."""
    with as_maintenance():
        return member(site, Role.ADMIN)


def changed(user: User, changes: dict[Cell, int], **options: Any) -> RightsVersion:
    with acting_as(user) as actor:
        stated: dict[str, Any] = {"base": current_version().number, "reason": ""} | options
        return change_rights(actor, changes, **stated)


def version_now(user: User) -> RightsVersion:
    with acting_as(user):
        return current_version()


def written(changes: dict[Cell, int]) -> str:
    words = {ABSENT: "non", GIVEN: "oui", GIVEN_WITH_STEP_UP: "confirme"}
    return urlencode({"e": [":".join((words[state], *cell)) for cell, state in changes.items()]}, doseq=True)


# --- Changing --------------------------------------------------------------------------------------------------------
def test_a_change_is_in_force_at_once_kept_and_told(paul: User, adele: User) -> None:
    before = version_now(paul)
    version = changed(paul, {NUDGE_FOLLOWED: GIVEN, NUDGE_SITE: ABSENT}, reason="  Demande du\ncomité ")
    assert version.number == before.number + 1
    assert (version.author_name, version.reason, version.origin) == (paul.full_name, "Demande du comité", RightsOrigin.CHANGED)
    assert rights.holds("incident.nudge", [("user", "followed")])
    assert not rights.holds("incident.nudge", [("referent", "site")])
    assert rights.holds("incident.nudge", [("user", "own")])
    with acting_as(paul):
        act = Act.objects.get(code="rights.changed")
    assert act.site_id is None
    assert act.details["changes"] == ["-incident.nudge|referent|site", "+incident.nudge|user|followed"]
    with acting_as(adele):
        assert RightsVersion.objects.get(number=before.number).cells == before.cells, "the former version is kept"


def test_another_process_reads_the_new_matrix_with_its_next_request(paul: User) -> None:
    changed(paul, {NUDGE_FOLLOWED: GIVEN})
    # What a process that knows nothing of the change would still hold.
    stale = rights._Kept(until=float("inf"), version=1, relations={}, with_step_up={})
    rights._kept = stale
    assert not rights.holds("incident.nudge", [("user", "followed")])
    with acting_as(paul):
        assert rights.holds("incident.nudge", [("user", "followed")])


def test_a_request_costs_no_statement_more_for_a_matrix_that_has_not_changed(paul: User) -> None:
    with acting_as(paul), CaptureQueriesContext(connection) as first:
        rights.matrix()
    with acting_as(paul), CaptureQueriesContext(connection) as second:
        rights.matrix()
    assert len(first) <= 1
    assert len(second) == 0


def test_only_the_operator_changes_rights(adele: User, paul: User) -> None:
    with acting_as(adele) as actor, pytest.raises(NotAllowed):
        change_rights(actor, {NUDGE_FOLLOWED: GIVEN}, base=current_version().number, reason="")
    assert changed(paul, {NUDGE_FOLLOWED: GIVEN}).number > 1


@pytest.mark.parametrize(
    "change",
    [
        {catalogue.LOCKED: ABSENT},
        *(
            {(capability, role, scope): GIVEN}
            for capability in sorted(catalogue.POWERS)
            for role, scope in (("admin", "site"), ("user", "self"))
        ),
        {("incident.read", "operator", "platform"): GIVEN},
        {("incident.note", "user", "own"): GIVEN},
        {("imagined.right", "user", "own"): GIVEN},
        {NUDGE_SITE: GIVEN_WITH_STEP_UP},
    ],
    ids=str,
)
def test_a_change_that_opens_what_nobody_may_is_refused_with_its_reason(paul: User, change: dict[Cell, int]) -> None:
    before = version_now(paul)
    with pytest.raises(RightsRefused) as refused:
        changed(paul, change)
    assert str(refused.value.message).endswith((".", "!"))
    assert version_now(paul).number == before.number


def test_a_change_that_changes_nothing_is_said_so(paul: User) -> None:
    with pytest.raises(DomainError, match="ne change rien"):
        changed(paul, {NUDGE_SITE: GIVEN})


def test_the_second_of_two_operators_is_told_and_loses_nothing(paul: User) -> None:
    base = version_now(paul).number
    changed(paul, {NUDGE_FOLLOWED: GIVEN})
    with pytest.raises(RightsChangedMeanwhile):
        changed(paul, {NUDGE_SITE: ABSENT}, base=base)
    client = signed_in_client(paul)
    answer = client.post(f"{reverse('directory:rights_save')}?{written({NUDGE_SITE: ABSENT})}", {"base": base, "reason": "Parce que"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Votre modification est appliquée ci-dessous" in page
    assert 'value="Parce que"' in page
    # Sent again as it now stands, it passes.
    again = client.post(f"{reverse('directory:rights_save')}?{written({NUDGE_SITE: ABSENT})}", {"base": base + 1, "reason": "Parce que"})
    assert again.status_code == 302
    assert rights.decoded(version_now(paul).cells).keys() & {NUDGE_FOLLOWED, NUDGE_SITE} == {NUDGE_FOLLOWED}


# --- The database ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO directory_rightscell (capability, role, scope, step_up, version) VALUES ('rights.change', 'user', 'self', false, 1)",
        "UPDATE directory_rightscell SET role = 'user'",
        "DELETE FROM directory_rightscell",
        "DELETE FROM directory_rightsversion",
        "UPDATE directory_rightsversion SET reason = ''",
    ],
)
def test_the_application_writes_no_cell_by_itself_even_as_the_platform(statement: str) -> None:
    platform = scope.entered(Scope(platform=True))
    with platform, pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def write_raw(cells: dict[Cell, bool], *, expected: int) -> int:
    return rights.write(cells, expected=expected, origin="changed", author_name="Ève", source=(1, cells), decisions={})


def test_the_function_that_writes_is_the_platforms_alone(adele: User) -> None:
    with acting_as(adele), pytest.raises(DatabaseError, match="only the platform"), transaction.atomic():
        write_raw({catalogue.LOCKED: True}, expected=current_version().number)


@pytest.mark.parametrize("cells", [{}, {catalogue.LOCKED: True, ("rights.change", "admin", "site"): False}])
def test_the_database_itself_keeps_the_operator_and_nobody_else(paul: User, cells: dict[Cell, bool]) -> None:
    with acting_as(paul), pytest.raises(DatabaseError, match="the operator, and nobody else"), transaction.atomic():
        write_raw(cells, expected=current_version().number)


def test_a_version_is_written_after_the_one_that_was_read_or_not_at_all(paul: User) -> None:
    with acting_as(paul):
        assert write_raw({catalogue.LOCKED: True}, expected=current_version().number - 1) == 0


# --- Upgrades --------------------------------------------------------------------------------------------------------
@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Install a release whose file states other cells."""

    def install(version: int, cells: dict[Cell, bool]) -> None:
        monkeypatch.setattr(rights, "read_source", lambda: (version, cells))
        with as_maintenance():
            rights.load(alias="default")

    return install


def test_an_upgrade_brings_new_cells_and_undoes_nothing_that_was_decided(paul: User, release: Any) -> None:
    version, delivered = rights.read_source()
    changed(paul, {NUDGE_FOLLOWED: GIVEN, NUDGE_SITE: ABSENT})
    new: Cell = ("incident.praise", "user", "own")
    gone: Cell = ("incident.refuse", "user", "own")
    release(version + 1, {cell: step_up for cell, step_up in delivered.items() if cell != gone} | {new: False})
    with acting_as(paul):
        cells = rights.decoded(current_version().cells)
        act = Act.objects.get(code="rights.upgraded")
    assert new in cells
    assert gone not in cells
    assert NUDGE_FOLLOWED in cells
    assert NUDGE_SITE not in cells
    assert act.actor_name == "Vigie"
    assert act.details == {
        "version": current_number(paul),
        "changes": ["-incident.refuse|user|own", "+incident.praise|user|own"],
        "kept": 2,
    }
    # The release after that withdraws what the operator had given: her decision stays.
    release(version + 2, delivered | {NUDGE_FOLLOWED: False})
    release(version + 3, delivered)
    assert NUDGE_FOLLOWED in rights.decoded(version_now(paul).cells)


def current_number(user: User) -> int:
    return version_now(user).number


def test_the_same_file_is_loaded_once_and_an_older_one_never(paul: User, release: Any) -> None:
    version, delivered = rights.read_source()
    before = current_number(paul)
    release(version, delivered)
    release(version - 1, {catalogue.LOCKED: True})
    assert current_number(paul) == before


def test_a_cell_put_back_as_it_is_delivered_follows_the_file_again(paul: User, release: Any) -> None:
    version, delivered = rights.read_source()
    changed(paul, {NUDGE_SITE: ABSENT})
    changed(paul, {NUDGE_SITE: GIVEN})
    release(version + 1, {cell: step_up for cell, step_up in delivered.items() if cell != NUDGE_SITE})
    assert NUDGE_SITE not in rights.decoded(version_now(paul).cells)


# --- Pages -----------------------------------------------------------------------------------------------------------
def test_every_administrator_reads_the_matrix_and_nobody_else(adele: User, paul: User, site: Site) -> None:
    with as_maintenance():
        claire = member(site)
    for user, status in ((adele, 200), (paul, 200), (claire, 404)):
        client = signed_in_client(user)
        for name, arguments in (("rights", []), ("rights_versions", []), ("site_rights", [site.number])):
            assert client.get(reverse(f"directory:{name}", args=arguments)).status_code == status, name
    page = signed_in_client(adele).get(reverse("directory:site_rights", args=[site.number])).content.decode()
    assert "relancer" in page
    assert "tout son site" in page
    assert reverse("directory:rights_edit") not in page


def test_administrators_open_no_page_that_changes(adele: User) -> None:
    client = signed_in_client(adele)
    assert client.get(reverse("directory:rights_edit")).status_code == 404
    assert client.get(f"{reverse('directory:rights_preview')}?{written({NUDGE_SITE: ABSENT})}").status_code == 404
    assert client.post(f"{reverse('directory:rights_save')}?{written({NUDGE_SITE: ABSENT})}", {"base": 1}).status_code == 404


def test_from_the_boxes_to_the_matrix_in_force_and_back(paul: User, site: Site) -> None:
    client = signed_in_client(paul)
    page = client.get(reverse("directory:rights_edit"))
    assert page.status_code == 200
    in_force = rights.decoded(version_now(paul).cells)
    ticked = [rights.key_of(cell) for cell in in_force if cell != NUDGE_SITE]
    # The box of a cell that is always confirmed is not shown.
    confirmed = [rights.key_of(cell) for cell, step_up in in_force.items() if step_up and cell != catalogue.ALWAYS_CONFIRMED]
    asked = client.get(reverse("directory:rights_preview"), {"tout": "1", "c": ticked, "s": confirmed})
    assert asked.status_code == 302
    assert asked.headers["Location"] == f"{reverse('directory:rights_preview')}?{written({NUDGE_SITE: ABSENT})}"
    shown = client.get(asked.headers["Location"]).content.decode()
    assert "Perdent ce droit" in shown
    saved = client.post(
        f"{reverse('directory:rights_save')}?{written({NUDGE_SITE: ABSENT})}", {"base": current_number(paul), "reason": "Essai"}
    )
    assert saved.headers["Location"] == reverse("directory:rights")
    assert "retiré par l’opérateur" in client.get(reverse("directory:rights")).content.decode()
    versions = client.get(reverse("directory:rights_versions")).content.decode()
    assert "« Essai »".replace(" ", "\u00a0") in versions or "Essai" in versions
    # Restoring the version before goes through the same preview.
    former = current_number(paul) - 1
    restoring = client.get(reverse("directory:rights_preview"), {"retablir": str(former)})
    assert f"version={former}" in restoring.headers["Location"]
    client.post(
        f"{reverse('directory:rights_save')}?{written({NUDGE_SITE: GIVEN})}&version={former}",
        {"base": current_number(paul), "reason": "", "restores": former},
    )
    latest = version_now(paul)
    assert latest.origin == RightsOrigin.RESTORED
    assert NUDGE_SITE in rights.decoded(latest.cells)
    assert latest.decisions == {}


def test_the_preview_counts_who_gains_and_loses_by_site_and_names_them(paul: User, site: Site) -> None:
    with as_maintenance():
        other = SiteFactory.create(name="CH d’Ussel")
        rose = member(site, Role.REFERENT, last_name="Roche")
        member(other, Role.REFERENT, Role.USER)
        member(other, Role.USER)
        Membership.objects.filter(user=member(other, Role.REFERENT)).update(is_active=False)
    with acting_as(paul):
        found = rights_queries.preview_of(current_version(), {NUDGE_SITE: ABSENT, NUDGE_FOLLOWED: GIVEN})
        people = rights_queries.holders_page(NUDGE_SITE)
        assert [holder.name for holder in rights_queries.holders_page(NUDGE_SITE, words="roche").rows] == [f"Roche {rose.first_name}"]
    lost, gained = found.changes
    assert (lost.people, lost.otherwise, lost.takes) == (2, 1, True)
    assert (gained.people, gained.gives) == (2, True)
    assert [(count.name, count.counts) for count in found.sites] == [("CH d’Ussel", [1, 2]), ("CH de Brive", [1, 0])]
    assert len(people.rows) == 2
    assert not people.has_next


def test_the_people_come_in_pages(paul: User, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights_queries, "PEOPLE_PER_PAGE", 2)
    with as_maintenance():
        for _ in range(5):
            member(site, Role.REFERENT)
    with acting_as(paul):
        first = rights_queries.holders_page(NUDGE_SITE)
        second = rights_queries.holders_page(NUDGE_SITE, after=first.next_cursor)
        back = rights_queries.holders_page(NUDGE_SITE, before=second.previous_cursor)
    assert (first.has_previous, first.has_next, second.has_previous, second.has_next) == (False, True, True, True)
    assert [row.id for row in back.rows] == [row.id for row in first.rows]
    assert not {row.id for row in first.rows} & {row.id for row in second.rows}


def test_administrative_rights_are_pointed_out_before_saving(paul: User) -> None:
    page = signed_in_client(paul).get(f"{reverse('directory:rights_preview')}?{written({('users.write', 'admin', 'site'): ABSENT})}")
    assert "tone-warning" in page.content.decode()


def test_a_dangerous_change_is_explained_and_cannot_be_saved(paul: User) -> None:
    client = signed_in_client(paul)
    change = written({("admins.appoint", "admin", "site"): GIVEN})
    page = client.get(f"{reverse('directory:rights_preview')}?{change}").content.decode()
    assert "il reste à l’opérateur" in page
    assert "Mettre en vigueur" not in page
    refused = client.post(f"{reverse('directory:rights_save')}?{change}", {"base": current_number(paul), "reason": ""})
    assert refused.status_code == 422


def test_an_old_session_confirms_who_she_is_before_changing_rights(paul: User) -> None:
    client = signed_in_client(paul)
    session = client.session
    session["account_authentication_methods"] = [
        {**record, "at": record["at"] - 3600} for record in session["account_authentication_methods"]
    ]
    session.save()
    asked = client.get(reverse("directory:rights_edit"))
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    saved = client.post(f"{reverse('directory:rights_save')}?{written({NUDGE_SITE: ABSENT})}", {"base": current_number(paul), "reason": ""})
    assert saved.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert NUDGE_SITE in rights.decoded(version_now(paul).cells)
    # Without step-up in the matrix, nothing is asked.
    changed(paul, {catalogue.LOCKED: GIVEN})
    assert client.get(reverse("directory:rights_edit")).status_code == 200


@pytest.mark.parametrize("people", [1, 30])
def test_pages_of_the_matrix_cost_the_same_for_one_and_for_many(paul: User, site: Site, people: int) -> None:
    with as_maintenance():
        for _ in range(people):
            member(site, Role.REFERENT)
    client = signed_in_client(paul)
    changes = written({NUDGE_SITE: ABSENT, NUDGE_FOLLOWED: GIVEN})
    for address, most in (
        (reverse("directory:rights"), 7),
        (reverse("directory:rights_versions"), 8),
        (
            f"{reverse('directory:rights_preview')}?{changes}&personnes=incident.nudge%7Creferent%7Csite",
            10,
        ),
    ):
        client.get(address)
        with CaptureQueriesContext(connection) as statements:
            assert client.get(address).status_code == 200
        assert len(statements) <= most, "\n".join([query["sql"][:60] for query in statements.captured_queries])


# --- The catalogue ---------------------------------------------------------------------------------------------------
def test_every_cell_of_the_file_has_its_words() -> None:
    _version, delivered = rights.read_source()
    for capability, role, where in delivered:
        assert capability in catalogue.CAPABILITIES
        assert catalogue.family_of(capability) in catalogue.FAMILIES
        assert role in catalogue.ROLES
        assert where in catalogue.SCOPES
    assert {capability for capability, _role, _scope in delivered} == set(catalogue.CAPABILITIES)


def test_the_file_itself_passes_the_guard_rails() -> None:
    _version, delivered = rights.read_source()
    assert not rights_actions.guard({cell: GIVEN_WITH_STEP_UP if step_up else GIVEN for cell, step_up in delivered.items()})


def test_operators_alone_may_change_rights(paul: User, adele: User) -> None:
    with acting_as(paul) as actor:
        assert policies.may_change_rights(actor)
    with acting_as(adele) as actor:
        assert not policies.may_change_rights(actor)
