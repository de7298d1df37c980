"""A membership that is deactivated: what its owner had open ends, in every browser (ACC-14)."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from vigie.accounts.models import KnownDevice, User
from vigie.accounts.tests.signing_in import give_code, give_password, is_signed_in, signed_in_client, totp_code
from vigie.directory import member_actions
from vigie.directory.models import Membership, Role
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import SiteFactory, member
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people(db: None) -> tuple[User, User]:
    """An administrator and a user of one site."""
    cache.clear()
    with as_maintenance():
        site = SiteFactory.create()
        return member(site, Role.ADMIN), member(site, second_factor=True)


def test_deactivation_ends_all_and_reactivation_brings_nothing_back(people: tuple[User, User]) -> None:
    adele, claire = people
    with as_maintenance():
        membership = Membership.objects.get(user=claire).pk
    listed, unlisted, under_way = Client(), signed_in_client(claire), Client()
    give_password(listed, claire.email)
    give_code(listed, totp_code())
    give_password(under_way, claire.email)
    assert is_signed_in(listed)
    with acting_as(adele) as actor:
        member_actions.deactivate_member(actor, membership)
    with as_maintenance():
        assert not KnownDevice.objects.filter(user=claire).exists()
    with acting_as(adele) as actor:
        member_actions.reactivate_member(actor, membership)
    assert give_code(under_way, totp_code(steps=1)).headers["Location"].startswith(reverse("account_login"))
    assert [is_signed_in(browser) for browser in (listed, unlisted, under_way)] == [False, False, False]
