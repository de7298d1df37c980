"""The register of a site: who opens it, what may be stored in it, and that no name ever is."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory.models import Habilitation, Membership, Role, Site
from vigie.directory.tests import factories as directory
from vigie.directory.tests.acting import acting_as
from vigie.foundation.errors import Invalid, NotAllowed, Unseen
from vigie.foundation.ids import uuid7
from vigie.foundation.testing import as_maintenance
from vigie.patients import actions, queries
from vigie.patients.actions import NewPatient
from vigie.patients.models import SEALED, Patient
from vigie.patients.policies import OPEN, access_patient, access_register, registers_of
from vigie.patients.resealing import PatientValues
from vigie.patients.tests import factories
from vigie.patients.tests.factories import sealed
from vigie.sealing.models import SiteKey
from vigie.sealing.registry import Resealed

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(db: None) -> Site:
    with as_maintenance():
        return factories.site_with_key()


@pytest.fixture
def alice(site: Site) -> User:
    """She writes in the register."""
    with as_maintenance():
        return factories.carer(site)


@pytest.fixture
def reader(site: Site) -> User:
    """She opens the register and does not write in it."""
    with as_maintenance():
        return factories.carer(site, OPEN)


def new(**fields: Any) -> NewPatient:
    usual: dict[str, Any] = {"id": uuid7(), "emr_identifier": "", "sealed": {"family_name": sealed()}}
    return NewPatient(**(usual | fields))


# --- Who -------------------------------------------------------------------------------------------------------------
def strangers(site: Site) -> dict[str, User]:
    with as_maintenance():
        other = factories.site_with_key()
        leaver = factories.carer(site)
        Membership.objects.filter(user=leaver).update(is_active=False)
        only_writes = factories.carer(site, "patients.write")
        admin_with_habilitation = directory.member(site, Role.ADMIN)
        membership = Membership.objects.get(user=admin_with_habilitation)
        Habilitation.objects.create(site=site, membership=membership, code=OPEN)
        return {
            "colleague without the habilitation": directory.member(site, Role.USER, Role.REFERENT),
            "administrator": directory.member(site, Role.ADMIN),
            "administrator with a habilitation that her role does not carry": admin_with_habilitation,
            "carer of another site": factories.carer(other),
            "operator": directory.member(directory.SiteFactory.create(), Role.OPERATOR),
            "leaver": leaver,
            "somebody who may write and not read": only_writes,
        }


def test_the_register_exists_for_those_it_was_opened_to_and_for_nobody_else(site: Site, alice: User) -> None:
    with as_maintenance():
        known = factories.patient(site)
    addresses = [
        f"/patients/{site.number}/",
        f"/patients/{site.number}/lot/",
        f"/patients/fiche/{known.id}/",
        f"/patients/fiche/{known.id}/brut/",
    ]
    for address in addresses:
        assert signed_in_client(alice).get(address).status_code == 200, address
    for name, stranger in strangers(site).items():
        client = signed_in_client(stranger)
        for address in addresses:
            assert client.get(address).status_code == 404, (name, address)


def test_the_database_shows_patients_to_nobody_else_either(site: Site, alice: User) -> None:
    with as_maintenance():
        factories.patient(site)
    with acting_as(alice):
        assert Patient.objects.count() == 1
    for name, stranger in strangers(site).items():
        if name == "leaver":
            continue  # she has no scope at all
        with acting_as(stranger):
            visible = Patient.objects.count()
        # A habilitation in force opens the table; the matrix says besides which role may carry it.
        assert visible == (1 if "does not carry" in name else 0), name


def test_whoever_reads_does_not_write(site: Site, reader: User) -> None:
    with as_maintenance():
        known = factories.patient(site)
    with acting_as(reader) as actor:
        assert access_patient(actor, known.id).patient == known
        with pytest.raises(NotAllowed):
            actions.create_patient(actor, site.number, new())
        with pytest.raises(NotAllowed):
            actions.archive_patient(actor, known.id)
        with pytest.raises(NotAllowed):
            actions.import_patients(actor, site.number, [new()])
        with pytest.raises(DatabaseError), transaction.atomic():
            factories.patient(site, reference=99)
    client = signed_in_client(reader)
    assert client.get(f"/patients/{site.number}/ajouter/").status_code == 403
    assert "Ajouter" not in client.get(f"/patients/{site.number}/").content.decode()


def test_somebody_of_two_sites_opens_the_registers_that_were_opened_to_her(site: Site, alice: User) -> None:
    with as_maintenance():
        other = factories.site_with_key()
        directory.MembershipFactory.create(user=alice, site=other)
    with acting_as(alice) as actor:
        assert [register.site_id for register in registers_of(actor)] == [site.id]
        with pytest.raises(Unseen):
            access_register(actor, other.number)


# --- What is stored --------------------------------------------------------------------------------------------------
def test_patients_get_the_next_number_and_one_submission_makes_one_patient(site: Site, alice: User) -> None:
    twice = new()
    with acting_as(alice) as actor:
        first = actions.create_patient(actor, site.number, twice)
        again = actions.create_patient(actor, site.number, twice)
        second = actions.create_patient(actor, site.number, new())
    assert (first, first.reference, second.reference) == (again, 1, 2)


def test_a_patient_made_in_another_site_is_not_given_back(site: Site, alice: User) -> None:
    with as_maintenance():
        known = factories.patient(factories.site_with_key())
    with acting_as(alice) as actor, pytest.raises(Unseen):
        actions.create_patient(actor, site.number, new(id=known.id))


@pytest.mark.parametrize(
    "value",
    [
        "Durand",
        "s1.1.Durand",
        "s2" + sealed()[2:],
        sealed().replace(".1.", ".01.", 1),
        sealed()[:-4],
        sealed() + "=",
        sealed(size=15),
        sealed() + "." + sealed(),
    ],
    ids=["a name", "too few parts", "another version", "a number with a zero", "a short tag", "padding", "no whole block", "two values"],
)
def test_what_is_not_sealed_is_refused_by_the_rules_and_by_the_database(site: Site, alice: User, value: str) -> None:
    with acting_as(alice) as actor:
        for name in SEALED:
            stated = {"family_name": sealed()} | {name: value}
            with pytest.raises(Invalid):
                actions.create_patient(actor, site.number, new(sealed=stated))
        assert not Patient.objects.exists()


@pytest.mark.parametrize("name", SEALED)
def test_a_name_in_clear_never_enters_the_table(site: Site, name: str) -> None:
    with as_maintenance(), pytest.raises(IntegrityError), transaction.atomic():
        factories.patient(site, **{name: "Durand"})


def test_a_patient_has_a_name(site: Site, alice: User) -> None:
    with acting_as(alice) as actor, pytest.raises(Invalid) as refused:
        actions.create_patient(actor, site.number, new(sealed={"given_name": sealed()}))
    assert list(refused.value.fields) == ["family_name"]


def test_without_a_key_nothing_can_be_added(alice: User) -> None:
    with as_maintenance():
        bare = directory.SiteFactory.create()
        carer = factories.carer(bare)
    with acting_as(carer) as actor, pytest.raises(actions.NoKeyYet):
        actions.create_patient(actor, bare.number, new())
    assert "pas encore de clé" in signed_in_client(carer).get(f"/patients/{bare.number}/").content.decode()


def test_two_patients_of_a_site_never_share_an_identifier(site: Site, alice: User) -> None:
    with acting_as(alice) as actor:
        first = actions.create_patient(actor, site.number, new(emr_identifier="DPI-77"))
        with pytest.raises(Invalid) as refused:
            actions.create_patient(actor, site.number, new(emr_identifier="DPI-77"))
        assert "emr_identifier" in refused.value.fields
        actions.archive_patient(actor, first.id)
        second = actions.create_patient(actor, site.number, new(emr_identifier="DPI-77"))
        with pytest.raises(Invalid):
            actions.restore_patient(actor, first.id)
    assert second.reference == 2


@pytest.mark.parametrize("identifier", ["Jean Durand", "a" * 41, "<b>", "é" * 50])
def test_an_identifier_is_not_a_sentence(site: Site, alice: User, identifier: str) -> None:
    with acting_as(alice) as actor, pytest.raises(Invalid):
        actions.create_patient(actor, site.number, new(emr_identifier=identifier))


# --- Changes ---------------------------------------------------------------------------------------------------------
def edited(actor: Any, patient: Patient, **changes: Any) -> Patient:
    stored = {name: getattr(patient, name) for name in SEALED}
    stated = {
        "emr_identifier": patient.emr_identifier,
        "sealed": stored | changes.pop("sealed", {}),
        "revision": patient.revision,
    } | changes
    return actions.edit_patient(actor, patient.id, **stated)


def test_the_second_of_two_writers_is_told_and_loses_nothing(site: Site, alice: User) -> None:
    with acting_as(alice) as actor:
        patient = actions.create_patient(actor, site.number, new())
        edited(actor, patient, emr_identifier="A1")
        with pytest.raises(actions.PatientChangedMeanwhile):
            edited(actor, patient, emr_identifier="B2")
    client = signed_in_client(alice)
    answer = client.post(
        f"/patients/fiche/{patient.id}/modifier/",
        {"id": patient.id, "revision": 1, "emr_identifier": "C3", "family_name": patient.family_name},
    )
    assert answer.status_code == 409
    assert 'value="C3"' in answer.content.decode()


def test_a_value_is_only_replaced_by_a_later_one_under_the_newest_key(site: Site, alice: User) -> None:
    with acting_as(alice) as actor:
        older = uuid7()
        patient = actions.create_patient(actor, site.number, new())
        with pytest.raises(actions.PatientChangedMeanwhile):
            edited(actor, patient, sealed={"family_name": sealed(revision=older)})
    with as_maintenance():
        factories.add_data_key(SiteKey.objects.get(site=site), 2)
    with acting_as(alice) as actor:
        with pytest.raises(actions.SealedWithAnOlderKey):
            edited(actor, patient, sealed={"phone": sealed(number=1)})
        changed = edited(actor, patient, sealed={"phone": sealed(number=2)})
    # What did not change keeps its older key until the job seals it again.
    assert (changed.family_name, changed.revision) == (patient.family_name, 2)


def test_the_history_of_a_patient_holds_no_sealed_value(site: Site, alice: User) -> None:
    with acting_as(alice) as actor:
        patient = actions.create_patient(actor, site.number, new())
        edited(actor, patient, emr_identifier="A1", sealed={"family_name": sealed()})
    with as_maintenance(), connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(e)::text FROM patients_patientevent e")
        events = [text for (text,) in cursor.fetchall()]
    assert len(events) == 2
    assert not [text for text in events if "s1." in text]


def test_the_application_may_not_delete_a_patient_nor_change_who_she_is(site: Site, alice: User) -> None:
    with as_maintenance():
        patient = factories.patient(site)
    with acting_as(alice):
        for statement in (
            "DELETE FROM patients_patient",
            "UPDATE patients_patient SET reference = 7",
            "UPDATE patients_patient SET id = id",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
    assert patient.reference == 1


def test_every_reading_is_in_the_journal_by_number_and_by_nothing_else(site: Site, alice: User) -> None:
    with as_maintenance():
        patient = factories.patient(site, emr_identifier="DPI-77")
    client = signed_in_client(alice)
    for address in (f"{site.number}/", f"{site.number}/lot/", f"fiche/{patient.id}/", f"fiche/{patient.id}/brut/"):
        client.get(f"/patients/{address}")
    with as_maintenance():
        acts = list(Act.objects.order_by("id"))
    assert [act.code for act in acts] == ["patients.listed", "patients.fetched", "patient.read", "patient.raw_read"]
    assert {act.actor_id for act in acts} == {alice.id}
    assert {act.object_name for act in acts} == {site.name, "#1"}
    assert "DPI-77" not in str([vars(act) for act in acts])


# --- Lists -----------------------------------------------------------------------------------------------------------
def test_pages_of_the_register_cost_the_same_whatever_their_length(site: Site, alice: User, steady_matrix: None) -> None:
    counts = []
    for wanted in (1, 29):
        with as_maintenance():
            for _ in range(wanted):
                factories.patient(site)
        client = signed_in_client(alice)
        for address in (f"/patients/{site.number}/", f"/patients/{site.number}/lot/"):
            with CaptureQueriesContext(connection) as captured:
                assert client.get(address).status_code == 200
            counts.append(len(captured))
    assert counts[:2] == counts[2:]


def test_the_list_goes_on_and_finds_by_number_and_identifier(site: Site, alice: User) -> None:
    with as_maintenance():
        for number in range(30):
            factories.patient(site, emr_identifier=f"DPI-{number:03}")
    with acting_as(alice):
        first = queries.patients_page(site)
        rest = queries.patients_page(site, below=first.next_reference)
        found = [row.reference for words in ("12", "#12", "dpi-011") for row in queries.patients_page(site, words=words).rows]
    assert [row.reference for row in (*first.rows, *rest.rows)] == list(range(30, 0, -1))
    assert (first.total, rest.next_reference) == (30, None)
    assert found == [12, 12, 12]


def test_a_browser_receives_the_register_by_batches(site: Site, alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "IN_BATCH", 2)
    with as_maintenance():
        for _ in range(3):
            factories.patient(site)
        factories.patient(site, archived_at="2026-01-01T00:00Z")
    client = signed_in_client(alice)
    first = client.get(f"/patients/{site.number}/lot/").json()
    rest = client.get(f"/patients/{site.number}/lot/?apres={first['next']}").json()
    assert [row["reference"] for row in first["rows"] + rest["rows"]] == [1, 2, 3]
    assert rest["next"] is None
    assert set(first["rows"][0]) == {"id", "reference", "emr", *queries.IN_LIST}


def test_a_number_cited_in_a_ticket_leads_to_the_patient(site: Site, alice: User) -> None:
    with as_maintenance():
        patient = factories.patient(site)
    client = signed_in_client(alice)
    assert client.get(f"/patients/{site.number}/reference/1/")["Location"] == f"/patients/fiche/{patient.id}/"
    assert client.get(f"/patients/{site.number}/reference/2/").status_code == 404


# --- Import ----------------------------------------------------------------------------------------------------------
def sent(rows: object) -> dict[str, Any]:
    return {"rows": SimpleUploadedFile("rows.json", json.dumps(rows).encode(), content_type="application/json")}


def line(**fields: str) -> dict[str, str]:
    return {"id": str(uuid7()), "emr": "", "family_name": sealed()} | fields


def test_an_import_is_stored_whole_once(site: Site, alice: User) -> None:
    rows = [line(emr=f"DPI-{number}") for number in range(12)]
    client = signed_in_client(alice)
    answer = client.post(f"/patients/{site.number}/importer/envoi/", sent(rows))
    assert (answer.status_code, answer.json()["count"]) == (200, 12)
    # Sent again after a cut: nothing twice.
    assert client.post(f"/patients/{site.number}/importer/envoi/", sent(rows)).json()["count"] == 0
    with as_maintenance():
        assert sorted(Patient.objects.values_list("reference", flat=True)) == list(range(1, 13))


def test_one_line_that_cannot_be_kept_keeps_all_out_and_each_is_told(site: Site, alice: User) -> None:
    with as_maintenance():
        factories.patient(site, emr_identifier="DPI-1")
    rows = [
        line(emr="DPI-0"),
        line(emr="DPI-1"),
        line(emr="Jean Durand"),
        line(emr="DPI-0"),
        line(family_name=""),
        line(family_name="Durand"),
    ]
    answer = signed_in_client(alice).post(f"/patients/{site.number}/importer/envoi/", sent(rows))
    assert answer.status_code == 422
    assert [refused["line"] for refused in answer.json()["lines"]] == [2, 3, 4, 5, 6]
    with as_maintenance():
        assert Patient.objects.count() == 1


@pytest.mark.parametrize(
    "rows",
    [None, {}, "x", [1], [{}], [{"id": "x"}], [{"id": str(uuid4()), "family_name": 7}], [line() | {"name": "Durand"}]],
    ids=["nothing", "an object", "a text", "a number", "no identifier", "a bad identifier", "a number for a name", "an unknown column"],
)
def test_what_is_not_an_import_is_refused(site: Site, alice: User, rows: object) -> None:
    assert signed_in_client(alice).post(f"/patients/{site.number}/importer/envoi/", sent(rows)).status_code == 422
    with as_maintenance():
        assert not Patient.objects.exists()


# --- Sealing again ---------------------------------------------------------------------------------------------------
def test_values_are_sealed_again_unless_somebody_wrote_meanwhile(site: Site, reader: User) -> None:
    with as_maintenance():
        first, second = factories.patient(site), factories.patient(site, phone=sealed())
    values = PatientValues()
    with acting_as(reader) as actor:
        assert values.count(site.id, below=2) == values.count(site.id) == 5
        batch = values.batch(actor, site.id, below=2, limit=10)
        assert {(value.record, value.field) for value in batch} >= {(f"patient:{second.id}", "phone")}
        changes = [Resealed(value.record, value.field, value.token, sealed(number=2)) for value in batch]
        changes[0] = Resealed(batch[0].record, batch[0].field, sealed(), sealed(number=2))
        changes.append(Resealed(f"patient:{first.id}", "emr_identifier", "", sealed(number=2)))
        changes.append(Resealed("patient:nobody", "phone", "", sealed(number=2)))
        assert values.replace(actor, site.id, changes) == 4
        assert (values.count(site.id, below=2), values.count(site.id, number=2)) == (1, 4)


def test_nobody_else_seals_again(site: Site) -> None:
    with as_maintenance():
        factories.patient(site)
    for name, stranger in strangers(site).items():
        if name == "leaver":
            continue
        with acting_as(stranger) as actor, pytest.raises(NotAllowed):
            PatientValues().batch(actor, site.id, below=2, limit=10)


# --- Support sites ---------------------------------------------------------------------------------------------------
def test_a_support_site_sees_numbers_and_ciphertext_and_writes_nothing(site: Site) -> None:
    with as_maintenance():
        known = factories.patient(site, emr_identifier="DPI-77")
        grant = directory.SupportGrantFactory.create(site=site, capabilities=["users.read", "users.write"])
        sam = directory.member(grant.support_site, Role.ADMIN)
        elsewhere = factories.patient(factories.site_with_key())
    client = signed_in_client(sam)
    for address in (f"/patients/{site.number}/", f"/patients/fiche/{known.id}/", f"/patients/fiche/{known.id}/brut/"):
        page = client.get(address)
        assert page.status_code == 200, address
        content = page.content.decode()
        assert "Les noms restent chiffrés pour le support" in content
        assert "<sealing-state" not in content
    assert client.get(f"/patients/{site.number}/ajouter/").status_code == 403
    assert client.get(f"/patients/fiche/{elsewhere.id}/").status_code == 404
    assert client.get(f"/scellement/{site.number}/trousseau/").status_code == 404
    with acting_as(sam) as actor:
        with pytest.raises(NotAllowed):
            actions.create_patient(actor, site.number, new())
        # A row that she may not write is not even there to be locked.
        with pytest.raises(Unseen):
            actions.edit_patient(actor, known.id, emr_identifier="", sealed={"family_name": sealed()}, revision=1)
        with pytest.raises(Unseen):
            actions.archive_patient(actor, known.id)
        assert Patient.objects.filter(id=known.id).update(emr_identifier="X") == 0
        with pytest.raises(DatabaseError), transaction.atomic():
            factories.patient(site, reference=99)
    with as_maintenance():
        assert Act.objects.filter(code="patient.read", actor_name__contains="support").exists()
