"""The key of a site over HTTP: who may, what is refused, and what the server checks of each record."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory.models import GrantedCapability, Habilitation, Membership, Role, Site, SiteKind
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import SiteFactory, SupportGrantFactory, member
from vigie.foundation import scope
from vigie.foundation.ids import uuid7
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance
from vigie.sealing.models import Confirmation, DataKey, KeyState, KeyWrap, SiteKey, Workstation
from vigie.sealing.queries import stations_page
from vigie.sealing.records import encoded
from vigie.sealing.tests.browser import MadeKey, compact, jwk, new, old_revision, token

pytestmark = pytest.mark.django_db


@dataclass
class Hospital:
    """A site with two administrators, a nurse who may open health data, and a colleague who may not."""

    site: Site
    adele: User
    bruno: User
    claire: User
    denis: User
    stranger: User
    """Administrator and reader of another site."""
    operator: User
    delegate: User
    """Administrator of a support site to which this one is entrusted, with every capability."""
    key: MadeKey

    def address(self, name: str, *args: object) -> str:
        return reverse(f"sealing:{name}", args=[self.site.number, *args])

    def send(self, who: User | Client, name: str, *args: object, **body: Any) -> Any:
        client = who if isinstance(who, Client) else signed_in_client(who)
        return client.post(self.address(name, *args), json.dumps(body), content_type="application/json")

    def make(self, who: User | None = None, key: MadeKey | None = None, **changes: Any) -> Any:
        key = key or self.key
        body = {"record": key.record(), "wraps": key.first_wraps(), "succession": "", "reason": "first"} | changes
        return self.send(who or self.adele, "keys", **body)

    def activate(self) -> MadeKey:
        """The whole ceremony, as two browsers send it."""
        assert self.make().status_code == 200
        self.send(self.adele, "key_confirmation", 1, confirmation=self.key.confirmation(self.adele.id))
        answer = self.send(self.bruno, "key_confirmation", 1, confirmation=self.key.confirmation(self.bruno.id))
        assert answer.json() == {"state": "active"}
        return self.key

    def seal(self, number: int = 1) -> None:
        answer = self.send(self.claire, "data_keys", record=self.key.data_key(self.site.id, number))
        assert answer.json() == {"number": number}

    def unlock(self, who: User | None = None, **changes: Any) -> Any:
        station = uuid7()
        answer = self.send(who or self.claire, "station_registering", record=self.key.workstation(station, **changes))
        return station if answer.status_code == 200 else answer


def habilitated(site: Site, *roles: Role, **fields: Any) -> User:
    person = member(site, *roles, **fields)
    Habilitation.objects.create(site=site, membership=Membership.objects.get(user=person), code="patients.open")
    return person


@pytest.fixture
def hospital(db: None) -> Hospital:
    with as_maintenance():
        site, elsewhere, platform = (SiteFactory.create() for _ in range(3))
        support = SiteFactory.create(kind=SiteKind.SUPPORT)
        SupportGrantFactory.create(site=site, support_site=support, capabilities=GrantedCapability.values)
        return Hospital(
            site=site,
            adele=member(site, Role.ADMIN, first_name="Adèle", last_name="Henry"),
            bruno=member(site, Role.ADMIN, first_name="Bruno", last_name="Martin"),
            claire=habilitated(site, Role.USER),
            denis=member(site, Role.USER, Role.REFERENT),
            stranger=habilitated(elsewhere, Role.USER, Role.ADMIN),
            operator=member(platform, Role.OPERATOR, Role.ADMIN),
            delegate=habilitated(support, Role.ADMIN),
            key=MadeKey.of_site(site.id),
        )


def acts() -> list[str]:
    with as_maintenance():
        return list(Act.objects.order_by("at", "id").values_list("code", flat=True))


def stored(model: Any) -> list[Any]:
    with as_maintenance():
        return list(model.objects.all())


# --- The ceremony ----------------------------------------------------------------------------------------------------
def test_two_administrators_put_a_key_in_service(hospital: Hospital) -> None:
    assert hospital.make().json() == {"kid": hospital.key.kid, "epoch": 1}
    key = stored(SiteKey)[0]
    assert (key.state, key.thumbprint, key.jkt) == (KeyState.DRAFT, hospital.key.thumbprint, hospital.key.jkt)

    proof = hospital.send(hospital.adele, "key_confirmation", 1, confirmation=hospital.key.confirmation(hospital.adele.id))
    assert proof.json() == {"state": "proven"}
    confirmed = hospital.send(hospital.bruno, "key_confirmation", 1, confirmation=hospital.key.confirmation(hospital.bruno.id))
    assert confirmed.json() == {"state": "active"}

    assert {wrap.method: wrap.proven_at is not None for wrap in stored(KeyWrap)} == {"passphrase": True, "kit": True}
    assert len(stored(Confirmation)) == 2
    assert acts() == ["sealing.key_made", "sealing.kit_proven", "sealing.key_confirmed"]


def test_whoever_made_the_key_does_not_confirm_it_alone(hospital: Hospital) -> None:
    hospital.make()
    confirmation = {"confirmation": hospital.key.confirmation(hospital.adele.id)}
    assert hospital.send(hospital.adele, "key_confirmation", 1, **confirmation).status_code == 200
    again = hospital.send(hospital.adele, "key_confirmation", 1, **confirmation)
    assert again.status_code == 403
    assert "deux personnes" in again.json()["error"]
    assert stored(SiteKey)[0].state is KeyState.PROVEN


def test_the_kit_is_proven_before_anybody_confirms(hospital: Hospital) -> None:
    hospital.make()
    answer = hospital.send(hospital.bruno, "key_confirmation", 1, confirmation=hospital.key.confirmation(hospital.bruno.id))
    assert answer.status_code == 409
    assert stored(SiteKey)[0].state is KeyState.DRAFT


def test_the_same_key_sent_twice_is_made_once(hospital: Hospital) -> None:
    record, wraps = hospital.key.record(), hospital.key.first_wraps()
    for _time in range(2):
        assert hospital.make(record=record, wraps=wraps).status_code == 200
    assert len(stored(SiteKey)) == 1
    assert acts() == ["sealing.key_made"]


def test_one_key_at_a_time_is_in_the_making(hospital: Hospital) -> None:
    hospital.make()
    answer = hospital.make(hospital.bruno, MadeKey.of_site(hospital.site.id, 2))
    assert answer.status_code == 409
    assert "déjà en préparation" in answer.json()["error"]


def test_an_abandoned_key_leaves_nothing_to_unwrap_and_its_number_is_not_used_again(hospital: Hospital) -> None:
    hospital.make()
    signed_in_client(hospital.bruno).post(hospital.address("withdraw", 1))
    assert stored(SiteKey)[0].state is KeyState.WITHDRAWN
    assert [wrap.record for wrap in stored(KeyWrap)] == [None, None]
    assert hospital.make(key=MadeKey.of_site(hospital.site.id, 1)).status_code == 409
    assert hospital.make(key=MadeKey.of_site(hospital.site.id, 2)).status_code == 200


# --- Who may ---------------------------------------------------------------------------------------------------------
WRITES: dict[str, Callable[[Hospital], dict[str, Any]]] = {
    "keys": lambda h: {"record": h.key.record(), "wraps": h.key.first_wraps(), "succession": "", "reason": "first"},
    "wraps_reading": lambda _h: {"purpose": "unlock", "epoch": None},
    "wraps_adding": lambda h: {"epoch": 1, "record": h.key.wrap("passkey"), "label": "Clé"},
    "station_registering": lambda h: {"record": h.key.workstation(uuid7())},
    "data_keys": lambda h: {"record": h.key.data_key(h.site.id, 1)},
    "alarm": lambda _h: {"alarm": "key", "expected": "a", "found": "b"},
}


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("who", ["stranger", "operator", "delegate", "denis"])
def test_strangers_delegates_operators_and_colleagues_learn_nothing(hospital: Hospital, who: str, name: str) -> None:
    hospital.activate()
    before = acts()
    person = getattr(hospital, who)
    real = hospital.send(person, name, **WRITES[name](hospital))
    invented = signed_in_client(person).post(
        reverse(f"sealing:{name}", args=["S99999"]), json.dumps(WRITES[name](hospital)), content_type="application/json"
    )
    assert (real.status_code, real.content) == (invented.status_code, invented.content) == (404, real.content)
    assert signed_in_client(person).get(hospital.address("ring")).status_code == 404
    assert acts() == before


def test_an_administrator_without_the_habilitation_manages_and_does_not_unlock(hospital: Hospital) -> None:
    hospital.activate()
    assert hospital.send(hospital.adele, "wraps_reading", purpose="unlock", epoch=None).status_code == 403
    assert hospital.send(hospital.adele, "station_registering", record=hospital.key.workstation(uuid7())).status_code == 403
    assert hospital.send(hospital.adele, "wraps_reading", purpose="manage", epoch=None).status_code == 200


def test_a_reader_unlocks_and_does_not_manage(hospital: Hospital) -> None:
    hospital.activate()
    assert hospital.send(hospital.claire, "wraps_reading", purpose="manage", epoch=None).status_code == 403
    assert hospital.send(hospital.claire, "wraps_adding", epoch=1, record=hospital.key.wrap("kit"), label="").status_code == 403
    read = hospital.send(hospital.claire, "wraps_reading", purpose="unlock", epoch=None).json()
    assert sorted(wrap["method"] for wrap in read["wraps"]) == ["kit", "passphrase"]
    assert acts()[-1] == "sealing.wraps_read"


def test_a_habilitation_taken_away_closes_at_the_next_request(hospital: Hospital) -> None:
    hospital.activate()
    with as_maintenance():
        Habilitation.objects.all().delete()
    assert hospital.send(hospital.claire, "wraps_reading", purpose="unlock", epoch=None).status_code == 404


# --- What the database refuses by itself -----------------------------------------------------------------------------
def seen_by(scope_of: Scope) -> int:
    with scope.entered(scope_of):
        return KeyWrap.objects.count() + SiteKey.objects.count()


def test_a_scope_that_holds_the_site_is_not_enough_to_see_a_wrap(hospital: Hospital) -> None:
    """A support delegate, the operator: their scope may reach the site, they have no membership of their own in it."""
    hospital.activate()
    site = frozenset({hospital.site.id})
    assert seen_by(Scope(user_id=hospital.claire.id, site_ids=site)) == 3
    assert seen_by(Scope(user_id=hospital.adele.id, site_ids=site)) == 3
    with acting_as(hospital.delegate) as actor:
        assert actor.grant_at(hospital.site.id) is not None, "she does help this site"
        assert KeyWrap.objects.count() + SiteKey.objects.count() + Workstation.objects.count() == 0
    for person in (hospital.denis, hospital.stranger, hospital.operator, hospital.delegate):
        assert seen_by(Scope(user_id=person.id, site_ids=site, platform=True)) == 0
    assert seen_by(Scope(platform=True)) == 0


def test_a_reader_cannot_add_a_key_or_a_wrap_past_the_application(hospital: Hospital) -> None:
    hospital.activate()
    key = stored(SiteKey)[0]
    record = hospital.key.wrap("passkey")
    wrap = KeyWrap(
        id=record["id"],
        site=hospital.site,
        key=key,
        method="passkey",
        record=record,
        created_at=key.created_at,
        created_by=hospital.claire,
    )
    with acting_as(hospital.claire), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        wrap.save(force_insert=True)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sealing_sitekey SET record = 'x'",
        "UPDATE sealing_sitekey SET thumbprint = 'x'",
        "UPDATE sealing_confirmation SET record = 'x'",
        "UPDATE sealing_keywrap SET key_id = key_id",
        "DELETE FROM sealing_sitekey",
        "DELETE FROM sealing_confirmation",
        "UPDATE sealing_installation SET id = gen_random_uuid()",
    ],
)
def test_the_application_may_not_change_what_was_signed(hospital: Hospital, change: str) -> None:
    hospital.activate()
    with acting_as(hospital.adele), pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(change)


def test_one_person_is_not_two_in_the_database_either(hospital: Hospital) -> None:
    hospital.make()
    with as_maintenance(), pytest.raises(DatabaseError, match="sealing_key_two_administrators"), transaction.atomic():
        SiteKey.objects.update(proven_at="2026-01-01T00:00Z", confirmed_at="2026-01-01T00:00Z", confirmed_by=hospital.adele)


# --- Records: the exact form, or nothing -----------------------------------------------------------------------------
def swapped(hospital: Hospital, **changes: Any) -> str:
    return hospital.key.sign("sealed-key+jws", hospital.key.public_payload() | changes)


def _twice(hospital: Hospital) -> str:
    head, _body, signature = hospital.key.record().split(".")
    doubled = compact(hospital.key.public_payload())[:-1] + b',"v":1}'
    return f"{head}.{encoded(doubled)}.{signature}"


BAD_KEYS: dict[str, Callable[[Hospital], object]] = {
    "not a text": lambda _h: {"kty": "EC"},
    "not a jws": lambda _h: "eyJ.eyJ",
    "another site": lambda _h: MadeKey.of_site(uuid4()).record(),
    "a connector": lambda h: MadeKey(f"con:{h.site.id}#1").record(),
    "epoch zero": lambda h: MadeKey.of_site(h.site.id, 0).record(),
    "epoch two": lambda h: MadeKey.of_site(h.site.id, 2).record(),
    "leading zero": lambda h: MadeKey(f"site:{h.site.id}#01").record(),
    "another type": lambda h: h.key.sign("sealed-confirmation+jws", h.key.public_payload()),
    "a member more": lambda h: swapped(h, extra=1),
    "version two": lambda h: swapped(h, v=2),
    "version true": lambda h: swapped(h, v=True),
    "a private key": lambda h: swapped(h, enc=jwk(h.key.enc) | {"d": encoded(bytes(32))}),
    "another curve": lambda h: swapped(h, enc=jwk(h.key.enc) | {"crv": "P-384"}),
    "a point off the curve": lambda h: swapped(h, enc=jwk(h.key.enc) | {"x": encoded(bytes(32))}),
    "bits left over": lambda h: swapped(h, enc=jwk(h.key.enc) | {"x": jwk(h.key.enc)["x"][:-1] + "B"}),
    "padding": lambda h: swapped(h, enc=jwk(h.key.enc) | {"x": jwk(h.key.enc)["x"] + "="}),
    "signed by somebody else": lambda h: swapped(h, sig=jwk(new())),
    "a member more in the header": lambda h: h.key.sign("sealed-key+jws", h.key.public_payload(), crit="b64"),
    "a UUID of another version": lambda h: swapped(h, rev=str(uuid4())),
    "a check value in small letters": lambda h: swapped(h, check="7kq2-m9xd"),
    "a name given twice": _twice,
}


@pytest.mark.parametrize("name", BAD_KEYS)
def test_a_public_record_that_is_not_exact_is_refused(hospital: Hospital, name: str) -> None:
    answer = hospital.make(record=BAD_KEYS[name](hospital))
    assert answer.status_code in (409, 422), answer.content
    assert answer.json()["error"]
    assert stored(SiteKey) == []


BAD_WRAPS: dict[str, dict[str, Any]] = {
    "weaker Argon2id": {"kdf": {"alg": "argon2id", "m": 1024, "t": 3, "p": 1, "salt": encoded(bytes(16))}},
    "PBKDF2": {"kdf": {"alg": "pbkdf2", "m": 65536, "t": 3, "p": 1, "salt": encoded(bytes(16))}},
    "short salt": {"kdf": {"alg": "argon2id", "m": 65536, "t": 3, "p": 1, "salt": encoded(bytes(8))}},
    "lanes as a boolean": {"kdf": {"alg": "argon2id", "m": 65536, "t": 3, "p": True, "salt": encoded(bytes(16))}},
    "short tag": {"enc": {"iv": encoded(bytes(12)), "ciphertext": encoded(bytes(138)), "tag": encoded(bytes(12))}},
    "long nonce": {"sig": {"iv": encoded(bytes(16)), "ciphertext": encoded(bytes(138)), "tag": encoded(bytes(16))}},
    "too little to be a key": {"sig": {"iv": encoded(bytes(12)), "ciphertext": encoded(bytes(32)), "tag": encoded(bytes(16))}},
    "another epoch": {"kid": f"site:{uuid4()}#1"},
    "an unknown method": {"method": "sms"},
    "the secret itself": {"secret": "0000-0000"},
    "another version": {"v": 2},
}


@pytest.mark.parametrize("name", BAD_WRAPS)
def test_a_wrap_that_is_not_exact_is_refused(hospital: Hospital, name: str) -> None:
    wraps = [hospital.key.wrap("passphrase", **BAD_WRAPS[name]), hospital.key.wrap("kit")]
    assert hospital.make(wraps=wraps).status_code == 422
    assert stored(SiteKey) == []


@pytest.mark.parametrize("methods", [[], ["passphrase"], ["kit"], ["kit", "kit"], ["passphrase", "kit", "passkey"]])
def test_a_new_key_has_a_passphrase_and_a_kit(hospital: Hospital, methods: list[str]) -> None:
    assert hospital.make(wraps=[hospital.key.wrap(method) for method in methods]).status_code == 422
    assert stored(SiteKey) == []


def test_a_confirmation_is_hers_of_this_key_signed_with_it_a_moment_ago(hospital: Hospital) -> None:
    hospital.make()
    other, adele = MadeKey.of_site(hospital.site.id), hospital.adele.id
    good = hospital.key.confirmation_payload(adele)
    refused = [
        hospital.key.confirmation(hospital.bruno.id),
        other.confirmation(adele),
        hospital.key.sign("sealed-confirmation+jws", good | {"thumbprint": other.thumbprint}),
        hospital.key.sign("sealed-confirmation+jws", good | {"rev": old_revision(60)}),
        hospital.key.sign("sealed-workstation+jws", good),
        "",
        None,
    ]
    for confirmation in refused:
        assert hospital.send(hospital.adele, "key_confirmation", 1, confirmation=confirmation).status_code == 422
    assert stored(SiteKey)[0].state is KeyState.DRAFT


def _covering_others(hospital: Hospital) -> str:
    payload = hospital.key.data_key_payload(hospital.site.id, 1)
    payload["aad"] = hospital.key.data_key_payload(hospital.site.id, 1, [MadeKey.of_site(hospital.site.id)])["aad"]
    return hospital.key.sign("sealed-evk+jws", payload, rev=str(uuid7()))


BAD_DATA_KEYS: dict[str, Callable[[Hospital], str]] = {
    "another site": lambda h: h.key.data_key(uuid4()),
    "a number skipped": lambda h: h.key.data_key(h.site.id, 2),
    "a reader more": lambda h: h.key.data_key(h.site.id, 1, [h.key, MadeKey(f"con:{uuid4()}#1")]),
    "another reader": lambda h: h.key.data_key(h.site.id, 1, [MadeKey.of_site(h.site.id)]),
    "signed by another": lambda h: MadeKey.of_site(h.site.id).data_key(h.site.id, 1, [h.key]),
    "readers that its hash does not cover": _covering_others,
    "without a revision": lambda h: h.key.sign("sealed-evk+jws", h.key.data_key_payload(h.site.id, 1)),
    "another content encryption": lambda h: _with_protected(h, enc="A128GCM"),
}


def _with_protected(hospital: Hospital, **changes: str) -> str:
    payload = hospital.key.data_key_payload(hospital.site.id, 1)
    protected = {"enc": "A256GCM", "typ": "sealed-evk+jwe", "evk": f"dat:{hospital.site.id}#1"} | changes
    return hospital.key.sign("sealed-evk+jws", payload | {"protected": encoded(compact(protected))}, rev=str(uuid7()))


@pytest.mark.parametrize("name", BAD_DATA_KEYS)
def test_a_data_key_that_is_not_exact_is_refused(hospital: Hospital, name: str) -> None:
    hospital.activate()
    assert hospital.send(hospital.claire, "data_keys", record=BAD_DATA_KEYS[name](hospital)).status_code in (409, 422)
    assert stored(DataKey) == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"record": 1, "record": 2}', b'{"record": NaN}', b"\xff", b"{" * 9000, b'{"other": ""}'])
def test_a_body_that_is_not_the_json_expected_is_refused(hospital: Hospital, body: bytes) -> None:
    hospital.activate()
    answer = signed_in_client(hospital.claire).post(hospital.address("data_keys"), body, content_type="application/json")
    assert answer.status_code == 422


# --- Data keys, rotation ---------------------------------------------------------------------------------------------
def rotated(hospital: Hospital) -> MadeKey:
    """The second epoch, confirmed: Bruno made it."""
    new_key = MadeKey.of_site(hospital.site.id, 2)
    made = hospital.make(hospital.bruno, new_key, succession=hospital.key.succession(new_key), reason="rotation")
    assert made.status_code == 200, made.content
    hospital.send(hospital.bruno, "key_confirmation", 2, confirmation=new_key.confirmation(hospital.bruno.id))
    assert hospital.send(hospital.adele, "key_confirmation", 2, confirmation=new_key.confirmation(hospital.adele.id)).status_code == 200
    return new_key


def test_a_new_epoch_leaves_the_former_one_readable_until_all_is_wrapped_again(hospital: Hospital) -> None:
    hospital.activate()
    hospital.seal()
    new_key = rotated(hospital)
    assert {key.epoch: key.state for key in stored(SiteKey)} == {1: KeyState.SUPERSEDED, 2: KeyState.ACTIVE}
    read = hospital.send(hospital.claire, "wraps_reading", purpose="unlock", epoch=1).json()
    assert len(read["wraps"]) == 2

    answer = hospital.send(hospital.claire, "data_key_envelope", 1, record=new_key.data_key(hospital.site.id, 1))
    assert answer.json() == {"number": 1}
    assert {key.epoch: key.state for key in stored(SiteKey)} == {1: KeyState.RETIRED, 2: KeyState.ACTIVE}
    assert hospital.send(hospital.claire, "wraps_reading", purpose="unlock", epoch=1).json()["wraps"] == []
    with as_maintenance():
        assert not KeyWrap.objects.filter(key__epoch=1, record__isnull=False).exists()


def test_a_new_epoch_needs_the_word_of_the_former_one(hospital: Hospital) -> None:
    hospital.activate()
    new_key, stranger = MadeKey.of_site(hospital.site.id, 2), MadeKey.of_site(hospital.site.id, 1)
    for succession in ("", stranger.succession(new_key), hospital.key.succession(stranger)):
        assert hospital.make(hospital.bruno, new_key, succession=succession, reason="rotation").status_code == 422


def test_an_envelope_never_goes_back(hospital: Hospital) -> None:
    hospital.activate()
    early = uuid7()
    hospital.seal()
    answer = hospital.send(hospital.claire, "data_key_envelope", 1, record=hospital.key.data_key(hospital.site.id, 1, revision=early))
    assert answer.status_code == 409
    new_key = rotated(hospital)
    hospital.send(hospital.claire, "data_key_envelope", 1, record=new_key.data_key(hospital.site.id, 1))
    assert hospital.send(hospital.claire, "data_key_envelope", 1, record=hospital.key.data_key(hospital.site.id, 1)).status_code == 422


def test_a_data_key_sent_twice_is_stored_once(hospital: Hospital) -> None:
    hospital.activate()
    record = hospital.key.data_key(hospital.site.id, 1)
    for _time in range(2):
        assert hospital.send(hospital.claire, "data_keys", record=record).json() == {"number": 1}
    assert len(stored(DataKey)) == 1


def test_old_data_keys_go_when_nothing_is_sealed_with_them(hospital: Hospital) -> None:
    hospital.activate()
    hospital.seal(1)
    hospital.seal(2)
    assert hospital.send(hospital.adele, "data_keys_retiring").status_code == 403
    assert hospital.send(hospital.claire, "data_keys_retiring").json() == {"retired": 1}
    assert {key.number: bool(key.record) for key in stored(DataKey)} == {1: False, 2: True}


def test_the_ring_holds_public_records_and_envelopes(hospital: Hospital) -> None:
    hospital.activate()
    hospital.seal()
    client = signed_in_client(hospital.claire)
    ring = client.get(hospital.address("ring"), {"scope": f"dat:{hospital.site.id}"}).json()
    assert set(ring) == {"v", "instance", "site", "keys", "dataKeys", "confirmations", "withdrawn"}
    assert (len(ring["keys"]), len(ring["dataKeys"]), len(ring["confirmations"])) == (1, 1, 2)
    assert client.get(hospital.address("ring"), {"scope": f"evt:{uuid4()}"}).json()["dataKeys"] == []


# --- Ways to unlock --------------------------------------------------------------------------------------------------
def test_a_new_kit_replaces_the_former_one_when_it_is_proven_and_not_before(hospital: Hospital) -> None:
    hospital.activate()
    added = hospital.send(hospital.adele, "wraps_adding", epoch=1, record=hospital.key.wrap("kit"), label="").json()["id"]
    assert len([wrap for wrap in stored(KeyWrap) if wrap.method == "kit" and wrap.removed_at is None]) == 2
    hospital.send(hospital.adele, "wrap_proof", added, confirmation=hospital.key.confirmation(hospital.adele.id))
    left = [wrap for wrap in stored(KeyWrap) if wrap.method == "kit" and wrap.removed_at is None]
    assert [str(wrap.id) for wrap in left] == [added]


def test_a_passkey_is_added_proven_and_removed(hospital: Hospital) -> None:
    hospital.activate()
    record = hospital.key.wrap("passkey")
    assert hospital.send(hospital.adele, "wraps_adding", epoch=1, record=record, label=" ").status_code == 422
    added = hospital.send(hospital.adele, "wraps_adding", epoch=1, record=record, label="Clé du cadre").json()["id"]
    assert hospital.send(hospital.adele, "wraps_adding", epoch=1, record=record, label="Clé du cadre").json()["id"] == added
    client = signed_in_client(hospital.adele)
    assert "Clé du cadre" in client.post(hospital.address("method_remove", added)).content.decode()
    client.post(hospital.address("method_remove", added), {"confirmed": "1"})
    assert [wrap.record for wrap in stored(KeyWrap) if wrap.method == "passkey"] == [None]


def test_the_kit_and_the_passphrase_are_replaced_and_never_removed(hospital: Hospital) -> None:
    hospital.activate()
    for wrap in stored(KeyWrap):
        page = signed_in_client(hospital.adele).post(hospital.address("method_remove", wrap.id), {"confirmed": "1"}, follow=True)
        assert "se remplace" in page.content.decode()
    assert all(wrap.record for wrap in stored(KeyWrap))


# --- Workstations ----------------------------------------------------------------------------------------------------
def test_a_workstation_is_listed_with_who_unlocked_it_and_how(hospital: Hospital) -> None:
    hospital.activate()
    hospital.unlock(name="Accueil 2")
    page = signed_in_client(hospital.adele).get(hospital.address("stations")).content.decode()
    assert "Accueil 2" in page
    assert hospital.claire.full_name in page
    assert acts()[-1] == "sealing.station_unlocked"


def test_a_workstation_that_did_not_hold_the_key_is_not_listed(hospital: Hospital) -> None:
    hospital.activate()
    other = MadeKey.of_site(hospital.site.id)
    assert hospital.send(hospital.claire, "station_registering", record=other.workstation(uuid7())).status_code == 422
    assert hospital.unlock(check="0000-0000").status_code == 422
    assert stored(Workstation) == []


def test_a_revoked_workstation_is_told_to_forget_and_does_not_come_back(hospital: Hospital) -> None:
    hospital.activate()
    station = hospital.unlock()
    assert hospital.send(hospital.claire, "station_seen", station).status_code == 200
    client = signed_in_client(hospital.adele)
    assert "ne peut pas être oublié" in client.post(hospital.address("station_revoke", station)).content.decode()
    client.post(hospital.address("station_revoke", station), {"confirmed": "1"})
    assert hospital.send(hospital.claire, "station_seen", station).status_code == 410
    assert hospital.send(hospital.claire, "station_registering", record=hospital.key.workstation(station)).status_code == 410
    assert signed_in_client(hospital.claire).get(hospital.address("ring")).json()["withdrawn"] == [str(station)]


def test_a_member_handles_her_own_workstation_and_not_a_colleague_s(hospital: Hospital) -> None:
    with as_maintenance():
        emma = habilitated(hospital.site, Role.USER)
    hospital.activate()
    station = hospital.unlock()
    assert signed_in_client(emma).post(hospital.address("station_name", station), {"name": "À moi"}).status_code == 404
    signed_in_client(hospital.claire).post(hospital.address("station_name", station), {"name": "Box 3"})
    assert [one.name for one in stored(Workstation)] == ["Box 3"]
    hospital.send(emma, "station_forgotten", station)
    assert stored(Workstation)[0].forgotten_at is None
    hospital.send(hospital.claire, "station_forgotten", station)
    assert stored(Workstation)[0].forgotten_at is not None


def test_a_workstation_is_seen_when_it_asks_for_keys_and_a_colleague_s_is_not(hospital: Hospital) -> None:
    with as_maintenance():
        emma = habilitated(hospital.site, Role.USER)
    hospital.activate()
    station = hospital.unlock()
    with as_maintenance():
        Workstation.objects.update(seen_at=timezone.now() - timedelta(hours=2))
    for who, minutes in ((emma, 120), (hospital.claire, 0)):
        for asked in ("not-a-workstation", str(station)):
            assert signed_in_client(who).get(hospital.address("ring"), {"workstation": asked}).status_code == 200
        assert (timezone.now() - stored(Workstation)[0].seen_at).total_seconds() // 60 == minutes


# --- Connectors ------------------------------------------------------------------------------------------------------
def test_a_connector_reads_once_two_administrators_confirmed_it(hospital: Hospital) -> None:
    hospital.activate()
    made = MadeKey(f"con:{uuid7()}#1")
    form = {"name": "Dossier patient", "purpose": "Alimente le dossier", "record": made.record()}
    assert signed_in_client(hospital.adele).post(hospital.address("readers"), form).status_code == 302
    identifier = made.kid[4:40]
    alone = hospital.key.data_key(hospital.site.id, 1, [hospital.key, made])
    assert hospital.send(hospital.claire, "data_keys", record=alone).status_code == 422

    for status in (200, 403):
        answer = hospital.send(
            hospital.adele, "connector_confirmation", identifier, confirmation=hospital.key.confirmation(hospital.adele.id, made)
        )
        assert answer.status_code == status
    confirmation = hospital.key.confirmation(hospital.bruno.id, made)
    assert hospital.send(hospital.bruno, "connector_confirmation", identifier, confirmation=confirmation).status_code == 200
    assert hospital.send(hospital.claire, "data_keys", record=alone).status_code == 200
    assert "Dossier patient" in signed_in_client(hospital.claire).get(hospital.address("readers")).content.decode()


def test_a_connector_that_is_not_one_is_given_back_to_be_corrected(hospital: Hospital) -> None:
    hospital.activate()
    form = {"name": "Dossier patient", "purpose": "", "record": hospital.key.record()}
    page = signed_in_client(hospital.adele).post(hospital.address("readers"), form)
    assert page.status_code == 422
    assert "Dossier patient" in page.content.decode()
    assert signed_in_client(hospital.claire).post(hospital.address("readers"), form | {"purpose": "x"}).status_code in (403, 422)


# --- Alarms ----------------------------------------------------------------------------------------------------------
def test_an_alarm_of_a_browser_is_in_the_journal(hospital: Hospital) -> None:
    hospital.activate()
    assert hospital.send(hospital.claire, "alarm", alarm="key", expected="a", found="b").status_code == 200
    assert acts()[-1] == "sealing.alarm"
    for code in ("key", "recipient", "revision", "value", "instance"):
        assert hospital.send(hospital.claire, "alarm", alarm=code, expected="", found="changed-thumbprint").status_code == 200
    assert hospital.send(hospital.claire, "alarm", alarm="other", expected="a", found="b").status_code == 422
    # The journal holds no text of patients, even by mistake.
    assert hospital.send(hospital.claire, "alarm", alarm="key", expected="a", found="Léa Martin").status_code == 422


def test_what_is_sealed_again_is_later_and_under_the_newest_key() -> None:
    from vigie.foundation.errors import Invalid
    from vigie.sealing.records import resealed

    first, second = uuid7(), uuid7()
    good = {"record": f"patient:{uuid7()}", "field": "family_name", "former": token(1, first), "token": token(2, second)}
    assert resealed([good], number=2, most=10)[0].token == good["token"]
    for change in ({"token": token(1, second)}, {"token": token(2, first)}, {"token": "s2" + good["token"][2:]}, {"extra": "1"}):
        with pytest.raises(Invalid):
            resealed([good | change], number=2, most=10)


def test_a_vendor_a_support_site_and_an_authority_have_no_key(hospital: Hospital) -> None:
    for kind in (SiteKind.VENDOR, SiteKind.SUPPORT, SiteKind.AUTHORITY, SiteKind.REGION, SiteKind.OPERATOR):
        with as_maintenance():
            person = habilitated(site := SiteFactory.create(kind=kind), Role.ADMIN, Role.USER)
        assert signed_in_client(person).get(reverse("sealing:overview", args=[site.number])).status_code == 404


def test_pages_ask_for_two_strong_factors(hospital: Hospital) -> None:
    client = signed_in_client(hospital.adele, factors=False)
    for name in ("overview", "make", "stations", "ring"):
        assert client.get(hospital.address(name)).status_code in (302, 403)


def test_the_pages_of_a_site_cost_the_same_with_one_workstation_and_thirty(hospital: Hospital, steady_matrix: None) -> None:
    hospital.activate()
    counts = []
    for more in (1, 29):
        for _station in range(more):
            hospital.unlock()
        client = signed_in_client(hospital.adele)
        client.get(hospital.address("stations"))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(hospital.address("stations")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_workstations_are_paged_each_shown_once(hospital: Hospital, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigie.sealing.queries.STATIONS_A_PAGE", 2)
    hospital.activate()
    names = [f"Poste {number}" for number in range(5)]
    for name in names:
        hospital.unlock(name=name)
    shown, after = [], ""
    for _page in range(3):
        with acting_as(hospital.adele):
            page = stations_page(hospital.site, after=after)
        shown += [view.station.name for view in page.stations]
        after = page.after
    assert (shown, after) == (list(reversed(names)), "")
    client = signed_in_client(hospital.adele)
    assert "Vus avant" in client.get(hospital.address("stations")).content.decode()
    assert client.get(hospital.address("stations"), {"apres": "nonsense"}).status_code == 200
