"""The operator's console: its frame, spaces."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.directory import platform_urls
from vigie.directory.models import Role, Site
from vigie.directory.tests.factories import SiteFactory, SpaceFactory, member
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Platform:
    site: Site
    paul: User
    """Operator."""
    adele: User
    """Administrator of the site."""
    strangers: tuple[User, ...]

    def page(self, user: User, name: str, *args: object, **query: str) -> Any:
        return signed_in_client(user).get(reverse(f"directory:{name}", args=args), query)


@pytest.fixture
def platform(db: None) -> Platform:
    with as_maintenance():
        site = SiteFactory.create(name="CHU des Rives", number="S10000", space__name="GHT du Littoral")
        adele = member(site, Role.ADMIN, first_name="Adèle", last_name="Durand")
        others = tuple(member(site, role) for role in Role if role not in (Role.ADMIN, Role.OPERATOR))
        return Platform(site=site, paul=member(SiteFactory.create(), Role.OPERATOR), adele=adele, strangers=(adele, *others))


def test_the_console_is_in_the_navigation_of_operators_alone(platform: Platform) -> None:
    console = reverse("directory:platform")
    assert f'href="{console}"' in signed_in_client(platform.paul).get("/").content.decode()
    for stranger in platform.strangers:
        assert console not in signed_in_client(stranger).get("/").content.decode()


def test_the_console_opens_on_its_first_part(platform: Platform) -> None:
    answer = platform.page(platform.paul, "platform")
    assert answer.status_code == 302
    assert answer["Location"] == reverse("directory:platform_spaces")


def test_each_part_of_the_console_is_a_tab_of_the_others(platform: Platform) -> None:
    page = platform.page(platform.paul, "platform_spaces").content.decode()
    assert f'<a href="{reverse("directory:platform_spaces")}" aria-current="page">Espaces' in page


def test_addresses_of_the_console_do_not_exist_for_others(platform: Platform) -> None:
    names = [str(pattern.name) for pattern in platform_urls.urlpatterns if not pattern.pattern.converters]
    assert "platform_spaces" in names
    for stranger in platform.strangers:
        client = signed_in_client(stranger)
        for name in names:
            assert client.get(reverse(f"directory:{name}")).status_code in (404, 405), name


def test_spaces_are_listed_with_what_they_hold(platform: Platform) -> None:
    page = platform.page(platform.paul, "platform_spaces").content.decode()
    assert "GHT du Littoral" in page


def test_the_list_of_spaces_costs_the_same_at_1_and_at_30(platform: Platform) -> None:
    def statements() -> int:
        client = signed_in_client(platform.paul)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse("directory:platform_spaces")).status_code == 200
        return len(captured)

    one = statements()
    with as_maintenance():
        for space in SpaceFactory.create_batch(30):
            member(SiteFactory.create(space=space))
    assert statements() == one
