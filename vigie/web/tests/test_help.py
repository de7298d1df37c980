"""The help page: whom to ask."""

import pytest
from django.test import Client
from django.utils import translation

from vigie.accounts.tests.signing_in import signed_in_client
from vigie.directory.tests import factories as directory
from vigie.foundation.testing import as_maintenance
from vigie.incidents.tests.factories import DeskFactory
from vigie.web.queries import hours_in_words

pytestmark = pytest.mark.django_db

WEEK = {str(day): [["08:00", "12:30"], ["13:30", "18:00"]] for day in range(5)}


def test_hours_are_said_as_people_do() -> None:
    saturday = {"5": [["09:00", "12:00"]]}
    assert [line.replace("\u00a0", " ") for line in hours_in_words(WEEK | saturday)] == [
        "du lundi au vendredi : 8 h – 12 h 30, 13 h 30 – 18 h",
        "samedi : 9 h – 12 h",
    ]
    assert hours_in_words({}) == []


def test_hours_are_said_in_english_too() -> None:
    with translation.override("en"):
        assert hours_in_words({"5": [["09:00", "12:00"]]}) == ["Saturday: 9:00 – 12:00"]


def test_help_gives_the_desks_of_her_sites_and_no_other() -> None:
    with as_maintenance():
        hospital, elsewhere = directory.SiteFactory.create(), directory.SiteFactory.create()
        DeskFactory.create(serves=[hospital], name="Guichet voisin", phone="02 00 00 00 01", always_open=False, opening=WEEK)
        DeskFactory.create(serves=[elsewhere], name="Guichet lointain")
        alice = directory.member(hospital)
    page = signed_in_client(alice).get("/aide/").content.decode()
    assert "Guichet voisin" in page
    assert "tel:02 00 00 00 01" in page
    assert "du lundi au vendredi" in page
    assert "Guichet lointain" not in page


def test_help_asks_to_sign_in_first(client: Client) -> None:
    assert client.get("/aide/").status_code == 302
