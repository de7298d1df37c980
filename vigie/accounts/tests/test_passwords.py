"""Which passwords are accepted, and how they are kept (ACC-5)."""

import math
import time
from pathlib import Path

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from vigie.accounts import breached
from vigie.accounts.demonstration import DEMO_PASSWORD
from vigie.accounts.models import User
from vigie.accounts.passwords import Argon2idHasher

CLAIRE = User(email="claire.moreau@chu-nantes.example", first_name="Claire", last_name="Moreau")


@pytest.mark.parametrize(
    "password",
    [
        "court",
        "motdepasse123",
        "azertyuiop123",
        "aaaaaaaaaaaaaaaa",
        "123456789012345",
        "claire.moreau",
        "Moreau-Claire",
        "chu-nantes.example",
        "vigievigievigie",
    ],
)
def test_guessable_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, CLAIRE)


@pytest.mark.parametrize("password", ["girafe plomb marée lanterne", "K7v!pQ2z#Lm9", DEMO_PASSWORD, "é" * 3 + "tuile bocal vent"])
def test_long_or_random_password_is_accepted(password: str) -> None:
    validate_password(password, CLAIRE)


@pytest.mark.parametrize("password", ["phinhung250691", "PhinHung250691", "princessdelrey", "anastasiasycheva1996"])
def test_password_known_from_a_breach_is_refused_in_whatever_case(password: str) -> None:
    with pytest.raises(ValidationError, match="listes volées"):
        validate_password(password, CLAIRE)


def test_breach_list_knows_what_it_was_given_and_takes_next_to_nothing_else_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = [f"Mot volé {number}" for number in range(1000)]
    path = tmp_path / "known.bloom"
    assert breached.write_filter(path, [*known, "MOT VOLÉ 7"], header="Liste d’essai") == 1000
    assert path.read_bytes().startswith("Liste d’essai".encode())
    monkeypatch.setattr(breached, "FILTER", path)
    breached._mapped.cache_clear()
    try:
        assert all(breached.is_breached(password) for password in known)
        assert not any(breached.is_breached(f"Mot gardé {number}") for number in range(1000))
    finally:
        breached._mapped.cache_clear()


def test_breach_list_holds_more_than_a_million_passwords() -> None:
    # A Bloom filter with n passwords has m·(1 − e^(−kn/m)) of its m bits set.
    content = breached.FILTER.read_bytes()[breached.HEADER_BYTES :]
    assert len(content) * 8 == breached.SIZE_BITS
    share = sum(byte.bit_count() for byte in content) / breached.SIZE_BITS
    assert -breached.SIZE_BITS / breached.PROBES * math.log(1 - share) > 1_200_000
    assert share**breached.PROBES < 1e-4, "a good password is hardly ever refused"


def test_endless_password_is_refused_at_once() -> None:
    started = time.process_time()
    with pytest.raises(ValidationError, match="trop long"):
        validate_password("girafe plomb " * 100_000, CLAIRE)
    assert time.process_time() - started < 1


def test_hostile_password_is_judged_quickly() -> None:
    started = time.process_time()
    validate_password("4@8({[<369&#!1/|0$5+7%2" * 4, CLAIRE)
    assert time.process_time() - started < 2


def test_refusal_says_what_to_do_in_french() -> None:
    with pytest.raises(ValidationError, match="quatre mots"):
        validate_password("azertyuiop123", CLAIRE)


def test_passwords_are_kept_by_argon2id_within_the_memory_budget() -> None:
    encoded = make_password("girafe plomb marée lanterne")
    assert isinstance(identify_hasher(encoded), Argon2idHasher)
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in encoded
