"""Which passwords are accepted, and how they are kept (ACC-5)."""

import time

import pytest
from django.contrib.auth.hashers import identify_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

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
