"""The demonstration territory holds together: rules kept, nobody real, the same at each run (PLA-3)."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client
from django.utils import timezone
from stdnum import luhn
from stdnum.fr import nir

from vigie.accounts.demonstration import DEMO_PASSWORD, demo_totp_secret, demonstration_accounts
from vigie.accounts.models import TermsDraft, TermsOfUse, User
from vigie.accounts.tests.signing_in import give_code, give_password, is_signed_in, totp_code
from vigie.attachments import inspection, storage
from vigie.attachments.models import Attachment
from vigie.audit import acts
from vigie.audit.models import Act, Verification
from vigie.directory.feature_queries import effective_features
from vigie.directory.invitations import bond_of
from vigie.directory.models import (
    Desk,
    Invitation,
    Membership,
    Practitioner,
    RightsVersion,
    Role,
    ServiceFeature,
    Site,
    SiteFeature,
    SiteKind,
    SiteSolution,
    Space,
)
from vigie.foundation.ids import moment_of
from vigie.foundation.testing import as_maintenance
from vigie.incidents.models import EntryKind, Follower, FollowUp, Incident, IncidentFile, Side, Status, may_become
from vigie.notifications.models import MailChoice
from vigie.web.management.commands import seed as command
from vigie.web.seed import loading
from vigie.web.seed.governance import Governance
from vigie.web.seed.settlement import Settlement
from vigie.web.seed.situations import SITUATIONS
from vigie.web.seed.timeline import WISHES, Case, Chronicle

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
PHONE = re.compile(r"\b0\d(?:[ .]?\d\d){4}\b")
FICTIONAL_PHONE = re.compile(r"02 61 91 \d\d \d\d|06 39 98 \d\d \d\d")
MAIN_ACCOUNTS = (
    "camille.renaud",
    "thierry.lambert",
    "nadia.benali",
    "helene.vasseur",
    "julien.morel",
    "sophie.garnier",
    "agnes.chevalier",
    "karim.haddad",
    "paul.delorme",
    "elodie.marchand",
)


def told(
    *, count: int = 800, users: int = 60, seed: int = 1, brief_after: int = 10_000, now: datetime = NOW
) -> tuple[Settlement, list[Case]]:
    settlement = Settlement(users=users, now=now, seed=seed)
    return settlement, list(Chronicle(settlement, count=count, now=now, seed=seed, brief_after=brief_after).cases())


@pytest.fixture(scope="module")
def territory() -> tuple[Settlement, list[Case]]:
    return told()


@pytest.fixture
def files(tmp_path: Path, settings: Any) -> Path:
    settings.VIGIE_FILES_FOLDER = tmp_path / "files"
    return tmp_path / "files"


@pytest.fixture
def small(db: None, files: Path) -> Iterator[loading.Loaded]:
    with as_maintenance():
        yield loading.load(incidents=60, users=60, seed=7, using="default")


# --- What is told, without a database --------------------------------------------------------------------------------


def test_two_runs_tell_the_same(territory: tuple[Settlement, list[Case]]) -> None:
    again = told()
    assert facts(again[0]) == facts(territory[0])
    assert [rows(case) for case in again[1]] == [rows(case) for case in territory[1]]


def test_another_seed_tells_something_else(territory: tuple[Settlement, list[Case]]) -> None:
    assert [rows(case) for case in told(seed=2)[1]] != [rows(case) for case in territory[1]]


def test_every_change_of_status_is_one_that_its_side_may_make(territory: tuple[Settlement, list[Case]]) -> None:
    for case in territory[1]:
        status = Status.NEW
        for entry in case.entries:
            for change in entry.changes:
                if change["field"] == "status":
                    assert change["from"] == status, case.number
                    wanted = Status(change["to"])
                    # The answer that the desk was waiting for sets the case in progress again by itself.
                    answers = (status, wanted, entry.side) == (Status.WAITING, Status.ASSIGNED, Side.REQUESTER)
                    assert answers or may_become(status, wanted, side=entry.side), (case.number, change)
                    status = wanted
        assert status == case.status, case.number


def test_what_a_case_says_of_itself_agrees_with_its_story(territory: tuple[Settlement, list[Case]]) -> None:
    assert_consistent(territory[1], now=NOW)


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 1, 1, 0, 3, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 59, tzinfo=UTC),
        datetime(2028, 2, 29, 23, 58, tzinfo=UTC),
    ],
)
@pytest.mark.parametrize("count", [0, 1, len(WISHES), 200])
def test_territory_may_be_made_at_any_moment_and_of_any_size(now: datetime, count: int) -> None:
    _, cases = told(count=count, now=now)
    assert len({case.number for case in cases}) == count
    assert_consistent(cases, now=now)


def assert_consistent(cases: list[Case], *, now: datetime) -> None:
    for case in cases:
        dates = [case.created_at, *(entry.at for entry in case.entries)]
        assert dates == sorted(dates)
        assert dates[-1] <= now
        assert case.updated_at == dates[-1]
        answers = [entry.at for entry in case.entries if entry.kind == EntryKind.MESSAGE and entry.side == Side.DESK]
        assert case.answered_at == (answers[0] if answers else None)
        assert case.minutes_spent == sum(entry.minutes for entry in case.entries)
        nudges = [entry.at for entry in case.entries if entry.is_nudge]
        assert case.nudges == len(nudges)
        assert case.is_nudged == (bool(nudges) and not any(at > nudges[-1] for at in answers))
        assert (case.closed_at is not None) == (case.status == Status.CLOSED)
        if case.status == Status.RESOLVED:
            assert case.resolved_at is not None
            assert now - case.resolved_at < case.office.closing_delay, "Vigie would have closed it"
        if case.status == Status.PLANNED:
            assert case.planned_at is not None
            assert case.planned_at > now
        if case.status == Status.ASSIGNED:
            assert case.assignee is not None or case.team is not None


def test_every_status_is_met_and_open_cases_are_recent(territory: tuple[Settlement, list[Case]]) -> None:
    counts = Counter(case.status for case in territory[1])
    assert set(counts) == set(Status)
    assert 60 <= len(territory[1]) - counts[Status.CLOSED] <= 200
    assert min(case.created_at for case in territory[1]) > NOW - timedelta(days=366)


def test_texts_are_varied(territory: tuple[Settlement, list[Case]]) -> None:
    assert sum(map(len, SITUATIONS.values())) >= 60
    assert len({case.subject for case in territory[1]}) > 250
    assert len({case.description for case in territory[1]}) > 700
    for case in territory[1]:
        for text in (case.subject, case.description, *(entry.body for entry in case.entries)):
            assert not re.search(r"[{}\[\]|']", text), text


def test_nobody_could_be_called_or_recognised(territory: tuple[Settlement, list[Case]]) -> None:
    settlement, cases = territory
    texts = [text for case in cases for text in (case.subject, case.description, *(entry.body for entry in case.entries))]
    directory = [
        str(value) for instances in settlement.rows.values() for row in instances for value in vars(row).values() if isinstance(value, str)
    ]
    for text in texts + directory:
        for number in PHONE.findall(text):
            assert FICTIONAL_PHONE.fullmatch(number), text
    for text in texts:
        assert not any(nir.is_valid(digits) for digits in re.findall(r"\d{13,15}", text.replace(" ", ""))), text
    for user in of(settlement, User):
        assert user.email.endswith(".example")
    for site in of(settlement, Site):
        assert not site.finess or (len(site.finess) == 9 and site.finess.startswith("99") and luhn.is_valid(site.finess))


def test_main_accounts_find_something_at_any_volume() -> None:
    for count in (len(WISHES), 60, 2_000):
        _, cases = told(count=count)
        mine = [case for case in cases if case.requester.name == "Camille Renaud"]
        assert {case.status for case in mine} == set(Status)
        assert [case.number for case in cases] == sorted(case.number for case in cases)
        assert len(cases) == count


def test_large_volumes_are_briefer_but_keep_the_rules() -> None:
    _, full = told(count=1_500, users=200)
    _, brief = told(count=1_500, users=200, brief_after=1_000)
    assert sum(len(case.entries) for case in brief) < 0.8 * sum(len(case.entries) for case in full)
    test_every_change_of_status_is_one_that_its_side_may_make((_, brief))
    test_what_a_case_says_of_itself_agrees_with_its_story((_, brief))


# --- What is stored --------------------------------------------------------------------------------------------------


def test_small_territory_has_everything(small: loading.Loaded) -> None:
    assert small.users == User.objects.count() == 60
    assert small.incidents == Incident.objects.count() == 60
    assert small.entries == FollowUp.objects.count()
    assert Space.objects.count() == 3
    assert {site.kind for site in Site.objects.all()} == set(SiteKind)
    assert Desk.objects.count() == 4
    assert [priority.name for priority in Desk.objects.get(slug="support-ormeval").priorities.all()] == [
        "Bloquant",
        "Urgent",
        "Important",
    ]
    assert Desk.objects.get(slug="assistance-regionale").priorities.count() == 5
    assert set(Incident.objects.values_list("status", flat=True)) == set(Status.values)
    assert {role for membership in Membership.objects.all() for role in membership.roles} == set(Role.values)
    assert Membership.objects.filter(roles__len__gt=1).exists()
    assert IncidentFile.objects.exists()
    assert Follower.objects.exists()


def test_every_incident_is_of_a_member_and_of_a_product_that_her_site_uses(small: loading.Loaded) -> None:
    members = set(Membership.objects.values_list("user_id", "site_id"))
    links = set(SiteSolution.objects.values_list("site_id", "solution_id", "desk_id"))
    for incident in Incident.objects.all():
        assert (incident.requester_id, incident.site_id) in members
        assert (incident.site_id, incident.solution_id, incident.desk_id) in links
        assert incident.entry_count == incident.entries.count()
        assert incident.priority_rank == incident.priority.rank
        assert abs(moment_of(incident.id) - incident.created_at) < timedelta(milliseconds=2)


def test_next_number_is_free(small: loading.Loaded) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('incidents_number')")
        assert cursor.fetchone() == (61,)


def test_files_are_on_disk_and_are_what_they_say(small: loading.Loaded) -> None:
    for attachment in Attachment.objects.all():
        data = storage.read(attachment.digest)
        assert len(data) == attachment.size
        assert storage.digest_of(data) == attachment.digest
        assert inspection.kind_of(data).media_type == attachment.media_type


def test_search_rows_are_those_that_the_triggers_make(small: loading.Loaded) -> None:
    question = "SELECT incident_id, heading, strip(words)::text FROM incidents_incidenttext ORDER BY incident_id"
    notes = "SELECT incident_id, desk_id, strip(words)::text FROM incidents_internaltext ORDER BY incident_id"
    with connection.cursor() as cursor:
        cursor.execute(question)
        stored = cursor.fetchall()
        cursor.execute(notes)
        stored_notes = cursor.fetchall()
        cursor.execute("UPDATE incidents_incident SET subject = subject || '!'")
        cursor.execute("UPDATE incidents_incident SET subject = left(subject, -1)")
        cursor.execute("UPDATE incidents_followup SET body = body || '!' WHERE internal")
        cursor.execute("UPDATE incidents_followup SET body = left(body, -1) WHERE internal")
        cursor.execute(question)
        assert cursor.fetchall() == stored
        cursor.execute(notes)
        assert cursor.fetchall() == stored_notes
    assert len(stored) == 60


def test_history_stays_quiet_while_loading(small: loading.Loaded) -> None:
    with connection.cursor() as cursor:
        for table in ("incidents_incidentevent", "accounts_userevent", "directory_siteevent"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,)


def test_main_accounts_are_listed(small: loading.Loaded) -> None:
    listed = {account.email for account in demonstration_accounts()}
    assert {f"{name}@demonstration.example" for name in MAIN_ACCOUNTS} <= listed


def test_nothing_is_loaded_over_something(small: loading.Loaded) -> None:
    with pytest.raises(loading.NotEmpty):
        loading.load(incidents=1, users=60, seed=7, using="default")
    assert Incident.objects.count() == 60


def test_load_that_is_cut_leaves_nothing(db: None, files: Path) -> None:
    def cut(done: int) -> None:
        raise KeyboardInterrupt

    with as_maintenance():
        with pytest.raises(KeyboardInterrupt):
            loading.load(incidents=20, users=60, seed=7, using="default", progress=cut)
        assert loading.is_empty(using="default")
        assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_every_main_account_signs_in(files: Path) -> None:
    with as_maintenance():
        loading.load(incidents=12, users=60, seed=7, using="default")
    for name in MAIN_ACCOUNTS:
        client, address = Client(), f"{name}@demonstration.example"
        give_password(client, address, DEMO_PASSWORD)
        give_code(client, totp_code(demo_totp_secret(address)))
        assert is_signed_in(client), name


# --- The command -----------------------------------------------------------------------------------------------------

EVERY_ALIAS = ["default", "side", "maintenance", "owner"]


def schema() -> set[tuple[object, ...]]:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL SELECT"
            " conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) || convalidated FROM pg_constraint"
        )
        return set(cursor.fetchall())


@pytest.mark.django_db(transaction=True, databases=EVERY_ALIAS)
def test_large_load_takes_indexes_and_keys_aside_and_makes_them_again(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "_CHECK_LATER_AFTER", 20)
    before = schema()
    loading.load(incidents=30, users=60, seed=7)
    assert schema() == before
    with as_maintenance():
        assert Incident.objects.count() == 30


@pytest.mark.django_db(transaction=True, databases=EVERY_ALIAS)
def test_large_load_with_a_broken_reference_leaves_nothing(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = loading._entry_row

    def wrong(case: Case, entry: Any, position: int) -> tuple[Any, ...]:
        row = list(honest(case, entry, position))
        row[loading._ENTRY.index("author_id")] = case.id
        return tuple(row)

    monkeypatch.setattr(loading, "_CHECK_LATER_AFTER", 20)
    monkeypatch.setattr(loading, "_entry_row", wrong)
    before = schema()
    with pytest.raises(loading.BrokenReference, match="author"):
        loading.load(incidents=30, users=60, seed=7)
    assert schema() == before
    with as_maintenance():
        assert loading.is_empty(using="default")


@pytest.mark.django_db(transaction=True, databases=EVERY_ALIAS)
def test_command_loads_once(files: Path) -> None:
    out = StringIO()
    call_command("seed", small=True, stdout=out)
    assert "60 comptes, 60 incidents" in out.getvalue()
    call_command("seed", if_empty=True, small=True, stdout=out)
    with pytest.raises(CommandError, match="déjà des données"):
        call_command("seed", small=True)
    with as_maintenance():
        assert Incident.objects.count() == 60


def test_command_refuses_real_use(settings: Any) -> None:
    settings.VIGIE_DEVELOPMENT_PAGES = False
    with pytest.raises(CommandError, match="production"):
        call_command("seed")


def test_progress_is_for_terminals_only() -> None:
    assert command._progress(10) is None


def of(settlement: Settlement, model: type[Any]) -> list[Any]:
    return settlement.rows[model]


def facts(settlement: Settlement) -> list[object]:
    """Everything of the directory but what is salted."""
    salted = {"_state", "password", "data"}
    return [
        (model.__name__, {name: value for name, value in vars(row).items() if name not in salted and not name.startswith("_")})
        for model, instances in settlement.rows.items()
        for row in instances
    ]


def rows(case: Case) -> tuple[object, ...]:
    return (
        loading._incident_row(case),
        [loading._entry_row(case, entry, position) for position, entry in enumerate(case.entries)],
        [(person.id, interest, at) for person, interest, at in case.followers],
    )


# --- Registers -------------------------------------------------------------------------------------------------------
def test_the_operator_has_something_to_look_after(small: loading.Loaded) -> None:
    """A site that left service, and one that nobody administers."""
    with as_maintenance():
        assert Site.objects.filter(is_active=False).exists()
        administered = Membership.objects.in_force().filter(roles__contains=[Role.ADMIN]).values("site")
        assert Site.objects.filter(is_active=True).exclude(pk__in=administered).exists()


def test_practitioners_and_features_are_of_the_territory(small: loading.Loaded) -> None:
    with as_maintenance():
        practitioners = list(Practitioner.objects.all())
        camille = Membership.objects.get(email="camille.renaud@demonstration.example")
        features = {feature.code: feature.sources for feature in effective_features(camille)}
        assert SiteFeature.objects.count() > ServiceFeature.objects.values("site").distinct().count() > 3
    assert len(practitioners) > 10
    assert {len(one.rpps) for one in practitioners} == {11}
    assert all(luhn.is_valid(one.rpps) and one.rpps.startswith("99") for one in practitioners)
    assert features == {
        "dpi": ["Cardiologie", "Médecine polyvalente"],
        "dmp": ["Cardiologie", "Dr Hélène Lemaire"],
        "pmsi": ["Dr Bertrand Castel", "Dr Hélène Lemaire"],
    }


# --- What was done in the administration -----------------------------------------------------------------------------


def test_the_journal_tells_the_same_acts_at_each_run(territory: tuple[Settlement, list[Case]]) -> None:
    told_twice = [
        [(act.id, act.code, act.at, act.actor_name, act.object_name, act.details) for act in Governance(made, now=NOW, seed=1).acts()]
        for made in (territory[0], told()[0])
    ]
    assert told_twice[0] == told_twice[1]
    assert len(told_twice[0]) > 60
    assert all(acts.is_declared(code) and at < NOW for _id, code, at, *_rest in told_twice[0])


def test_the_journal_is_chained_and_a_decision_on_rights_stands(small: loading.Loaded) -> None:
    assert Verification.objects.get().broken == []
    assert Verification.objects.get().linked == Act.objects.count() > 60
    assert [code for code in Act.objects.values_list("code", flat=True).distinct().order_by("code") if not acts.is_declared(code)] == []
    latest = RightsVersion.objects.latest("number")
    assert latest.reason
    assert list(latest.decisions) == ["incident.nudge|user|followed"]
    assert Act.objects.get(code="rights.changed").actor_id is not None
    assert TermsDraft.objects.get().text_en.startswith(TermsOfUse.objects.latest("version").text_en)


def test_the_people_of_a_hospital_are_at_every_step_of_their_invitation(small: loading.Loaded) -> None:
    invited = Membership.objects.filter(user=None)
    assert {member.status_at(timezone.now()) for member in invited} == {"invited", "expired", "disabled"}
    for invitation in Invitation.objects.select_related("membership"):
        assert invitation.bound == bond_of(invitation.membership)
        assert (invitation.ended_at is None) == (invitation.membership.is_active and invitation.expires_at > timezone.now())
    assert MailChoice.objects.filter(frequency="daily").count() == 2


def test_fifty_thousand_people_may_be_of_one_hospital() -> None:
    settlement = Settlement(users=500, now=timezone.now(), seed=7, one_site=True)
    of_site = Counter(row.site_id for row in of(settlement, Membership))
    assert of_site.most_common(1)[0][1] > 400
