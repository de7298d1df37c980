"""Nobody learns whether an account exists: the same answer, of the same length, for the same work (ACC-4)."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.passwords import Argon2idHasher
from vigie.accounts.tests.conftest import Letters
from vigie.accounts.tests.factories import UserFactory
from vigie.accounts.tests.signing_in import Answer, give_password
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
UNKNOWN = "inconnue@chu.example"
WRONG = "pas le bon mot de passe"


@pytest.fixture
def addresses(alice: User) -> list[str]:
    """One of each: with an application, closed, invited and without a password, unknown. All as long."""
    with as_maintenance():
        closed = UserFactory.create(email="fermee00@chu.example", is_active=False)
        silent = UserFactory.create(email="muette00@chu.example", password=make_password(None))
        User.objects.filter(pk=alice.pk).update(email="alice000@chu.example")
    return ["alice000@chu.example", closed.email, silent.email, UNKNOWN]


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each run of Argon2id, whether it makes a hash or checks one."""
    runs: list[str] = []
    encode, verify = Argon2idHasher.encode, Argon2idHasher.verify

    def counted_encode(self: Argon2idHasher, password: str, salt: str) -> str:
        runs.append("encode")
        return encode(self, password, salt)

    def counted_verify(self: Argon2idHasher, password: str, encoded: str) -> bool:
        runs.append("verify")
        return verify(self, password, encoded)

    monkeypatch.setattr(Argon2idHasher, "encode", counted_encode)
    monkeypatch.setattr(Argon2idHasher, "verify", counted_verify)
    return runs


def seen(answer: Answer, address: str) -> tuple[int, str, str]:
    """What a visitor sees, without what changes at each page and without the address that she typed herself."""
    page = re.sub(r'(nonce|value|content)="[^"]*"', "", answer.content.decode()).replace(address, "")
    return answer.status_code, answer.headers.get("Location", ""), page


def test_wrong_password_is_answered_alike_whatever_the_account(addresses: list[str], hashes: list[str]) -> None:
    answers, work = [], []
    for address in addresses:
        hashes.clear()
        answers.append(seen(give_password(Client(), address, WRONG), address))
        work.append(len(hashes))
    assert answers[1:] == answers[:-1]
    assert work == [1, 1, 1, 1], "one Argon2id each"


def test_locked_door_looks_alike_whether_somebody_lives_behind_it_or_not(addresses: list[str], hashes: list[str]) -> None:
    answers = []
    for address in (addresses[0], UNKNOWN):
        for _attempt in range(5):
            give_password(Client(), address, WRONG)
        hashes.clear()
        answers.append(seen(give_password(Client(), address, WRONG), address))
        assert hashes == [], "whoever is locked out costs nothing more"
    assert answers[0] == answers[1]
    assert "débloquer votre compte" in answers[0][2]


def test_writing_an_address_in_another_way_gives_no_more_attempts(alice: User) -> None:
    for attempt in ("alice@chu.example", "ALICE@chu.example", " alice@CHU.example", "Alice@Chu.Example", "aLICE@chu.example"):
        give_password(Client(), attempt, WRONG)
    assert "débloquer votre compte" in give_password(Client(), alice.email).content.decode()


def test_forgotten_password_is_answered_alike_whatever_the_account(addresses: list[str], letters: Letters) -> None:
    answers = []
    for address in addresses:
        client = Client()
        asked = client.post(reverse("account_reset_password"), {"email": address})
        page = client.get(asked.headers["Location"])
        answers.append((asked.status_code, asked.headers["Location"], seen(page, address)))
    assert answers[1:] == answers[:-1]
    told = {letter["recipient"].email for letter in letters.sent if letter["recipient"].is_active and letter["recipient"].first_name}
    assert told == {addresses[0], addresses[2]}, "a closed account receives nothing"


def test_offer_of_a_passkey_names_nobody_s_keys(alice: User) -> None:
    with as_maintenance():
        Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data={"name": "Clé", "credential": {}})
    offered = Client().get(reverse("mfa_login_webauthn"), headers={"Accept": "application/json"}).json()
    assert not offered["request_options"]["publicKey"].get("allowCredentials")
