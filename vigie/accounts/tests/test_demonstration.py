"""What the demonstration tells everybody, and nothing else does."""

import io
import json
from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse

from vigie.accounts import demonstration
from vigie.accounts.demonstration import DEMO_PASSWORD, DemonstrationAccount

CAMILLE = DemonstrationAccount(email="camille@demo.example", name="Camille Renaud", site="CH de Saint-Aubrin", role="Utilisatrice")


@pytest.fixture(autouse=True)
def _register(tmp_path: Path, settings: Any) -> None:
    settings.VIGIE_FILES_FOLDER = tmp_path / "files"


def test_accounts_are_read_as_the_seed_recorded_them() -> None:
    assert demonstration.demonstration_accounts() == []
    demonstration.record_accounts([CAMILLE])
    assert demonstration.demonstration_accounts() == [CAMILLE]


def test_any_authenticator_application_takes_the_secret() -> None:
    assert pyotp.TOTP(CAMILLE.totp_secret).verify(demonstration.demo_code(CAMILLE.email), valid_window=1)


def test_programs_read_the_accounts() -> None:
    demonstration.record_accounts([CAMILLE])
    out = io.StringIO()
    call_command("demo_accounts", "--json", stdout=out)
    (account,) = json.loads(out.getvalue())
    assert account == {
        "email": CAMILLE.email,
        "password": DEMO_PASSWORD,
        "totp_secret": CAMILLE.totp_secret,
        "passphrase": CAMILLE.passphrase,
        "name": CAMILLE.name,
        "site": CAMILLE.site,
        "role": CAMILLE.role,
    }


def test_people_are_told_to_seed_first() -> None:
    with pytest.raises(CommandError, match="vigie seed"):
        call_command("demo_accounts")


@pytest.mark.django_db
def test_outside_of_the_demonstration_nothing_is_shown(client: Client) -> None:
    demonstration.record_accounts([CAMILLE])
    page = client.get(reverse("account_login"), {"compte": CAMILLE.email}).content.decode()
    assert CAMILLE.email not in page
    assert DEMO_PASSWORD not in page
    assert client.get("/compte/demonstration/code/", {"adresse": CAMILLE.email}).status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("accounts:demonstration_code")
