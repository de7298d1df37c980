"""`vigie createuser`."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from vigie.accounts.models import User
from vigie.directory.models import Membership, Site
from vigie.directory.tests.factories import SiteFactory
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
NAMES = ("--first-name", "Claire", "--last-name", "Moreau")
GOOD = "girafe plomb marée lanterne"


@pytest.fixture
def site(db: None) -> Site:
    with as_maintenance():
        return SiteFactory()


def make(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = GOOD) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    call_command("createuser", *arguments, "--password-stdin")


def accounts() -> list[User]:
    with as_maintenance():
        return list(User.objects.order_by("created_at"))


def test_account_and_membership_are_made(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    make(monkeypatch, "Claire@CHU.example", *NAMES, "--site", site.number, "--role", "agent", "--role", "admin")
    (user,) = accounts()
    assert user.email == "claire@chu.example"
    assert user.check_password(GOOD)
    with as_maintenance():
        membership = Membership.objects.get(user=user)
    assert (membership.site_id, set(membership.roles)) == (site.pk, {"agent", "admin"})


def test_generated_password_is_printed_once_and_works(capsys: Any, db: None) -> None:
    call_command("createuser", "claire@chu.example", *NAMES, "--generate-password")
    password = capsys.readouterr().out.partition("Password: ")[2].strip()
    assert accounts()[0].check_password(password)


@pytest.mark.parametrize(
    ("arguments", "password", "reason"),
    [
        (("pas une adresse", *NAMES), GOOD, "not an e-mail address"),
        (("claire@chu.example", *NAMES), "azertyuiop123", "devine"),
        (("claire@chu.example", *NAMES, "--site", "inconnu"), GOOD, "No site"),
        (("claire@chu.example", *NAMES, "--role", "agent"), GOOD, "--site"),
    ],
)
def test_bad_request_makes_nothing(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], password: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        make(monkeypatch, *arguments, password=password)
    assert accounts() == []


@pytest.mark.parametrize("again", ["claire@chu.example", "CLAIRE@chu.example", "ｃlaire@chu.example"])
def test_address_in_use_is_refused_in_any_form(monkeypatch: pytest.MonkeyPatch, again: str, db: None) -> None:
    make(monkeypatch, "claire@chu.example", *NAMES)
    with pytest.raises(CommandError, match="already"):
        make(monkeypatch, again, *NAMES)
