"""A place as second factor, where memberships have a say (ACC-1, ACC-15)."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import TrustedNetwork, User
from vigie.accounts.tests.signing_in import give_password, is_signed_in
from vigie.directory.models import Membership, Role
from vigie.directory.tests.factories import SiteFactory, member
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
INSIDE = "203.0.113.20"


@pytest.fixture
def bob(db: None) -> User:
    """Somebody who may sign in from a ward."""
    cache.clear()
    with as_maintenance():
        user = member(SiteFactory.create())
        TrustedNetwork.objects.create(
            user=user,
            name="Salle de garde",
            network="203.0.113.16/28",
            expires_at=timezone.now() + timedelta(days=30),
            granted_by_name="Paul Petit",
        )
    return user


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OPERATOR])
def test_administrators_and_operators_are_helped_by_no_place(bob: User, role: Role) -> None:
    here = Client(REMOTE_ADDR=INSIDE)
    give_password(here, bob.email)
    assert is_signed_in(here)
    with as_maintenance():
        Membership.objects.filter(user=bob).update(roles=[Role.USER, role])
    assert not is_signed_in(here), "whoever becomes one loses the sessions that stand on a place"
    again = give_password(Client(REMOTE_ADDR=INSIDE), bob.email)
    assert again.headers["Location"] == reverse("account_confirm_login_code")


def test_administrator_of_the_past_is_helped_like_anybody(bob: User) -> None:
    with as_maintenance():
        Membership.objects.filter(user=bob).update(roles=[Role.ADMIN], is_active=False)
    here = Client(REMOTE_ADDR=INSIDE)
    give_password(here, bob.email)
    assert is_signed_in(here)
