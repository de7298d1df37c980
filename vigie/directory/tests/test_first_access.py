"""What somebody is given with her invitation: services, practitioners, habilitations (ACC-10); never by herself."""

from typing import Any

import pytest
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.directory import invitations
from vigie.directory.models import Habilitation, MedicalIdentity, Membership, Practitioner, Role, Site
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import SiteFactory, member
from vigie.foundation.errors import Invalid
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
PERSON: dict[str, Any] = {"email": "zoe@chu.example", "first_name": "Zoé", "last_name": "Blanc", "function": "Interne", "roles": ["user"]}


@pytest.fixture
def site(db: None) -> Site:
    with as_maintenance():
        created: Site = SiteFactory.create()
        for rpps, first_name, last_name in (
            ("10000000017", "Ana", "Cho"),
            ("10000000025", "Élise", "Roy"),
            ("10000000033", "Élise", "Roy"),
        ):
            Practitioner.objects.create(site=created, rpps=rpps, first_name=first_name, last_name=last_name)
        return created


@pytest.fixture
def adele(site: Site) -> User:
    with as_maintenance():
        return member(site, Role.ADMIN)


def add(user: User, site: Site, **changes: Any) -> Any:
    return signed_in_client(user).post(reverse("directory:member_add", args=[site.number]), PERSON | changes)


def given() -> tuple[set[str], set[str]]:
    """What Zoé has: the codes of her habilitations, the RPPS of her practitioners."""
    with as_maintenance():
        return (
            set(Habilitation.objects.filter(membership__email="zoe@chu.example").values_list("code", flat=True)),
            set(MedicalIdentity.objects.filter(membership__email="zoe@chu.example").values_list("practitioner__rpps", flat=True)),
        )


def test_habilitations_and_practitioners_come_with_the_invitation(site: Site, adele: User) -> None:
    answer = add(adele, site, habilitations=["patients.open"], practitioners="ana cho, 10000000033")
    assert answer.status_code == 302
    assert given() == ({"patients.open"}, {"10000000017", "10000000033"})


def test_a_name_that_two_practitioners_bear_asks_for_the_number(site: Site, adele: User) -> None:
    answer = add(adele, site, practitioners="Cho Ana ; Roy Élise")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Roy Élise. Donnez son numéro RPPS." in page
    assert 'value="Cho Ana ; Roy Élise"' in page
    assert given() == (set(), set())


def test_a_habilitation_that_does_not_exist_is_refused(site: Site, adele: User) -> None:
    assert add(adele, site, habilitations=["users.write"]).status_code == 422
    with acting_as(adele) as actor, pytest.raises(Invalid):
        invitations.invite(actor, site_id=site.id, **PERSON, habilitations=["users.write"])
    with as_maintenance():
        assert not Membership.objects.filter(email="zoe@chu.example").exists()


def test_a_site_without_practitioners_asks_for_none(adele: User, site: Site) -> None:
    with as_maintenance():
        Practitioner.objects.filter(site=site).delete()
    page = signed_in_client(adele).get(reverse("directory:member_add", args=[site.number])).content.decode()
    assert "Agit au nom de" not in page
    assert "Ouvrir le registre des patients" in page


def test_an_operator_does_not_invite_herself(site: Site) -> None:
    with as_maintenance():
        paul = member(SiteFactory.create(), Role.OPERATOR, email="paul@agence.example")
    answer = add(paul, site, email="PAUL@agence.example", roles=["referent"], habilitations=["patients.open"])
    assert answer.status_code == 422
    assert "On ne s’invite pas soi-même" in answer.content.decode()
    with as_maintenance():
        assert not Membership.objects.filter(site=site, email="paul@agence.example").exists()
