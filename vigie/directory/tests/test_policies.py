"""Who may read and write members, cell by cell."""

from itertools import product
from uuid import uuid4

import pytest

from vigie.accounts.models import User
from vigie.directory import policies, rights
from vigie.directory.actors import Actor
from vigie.directory.models import Membership, Role, Site
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, SiteFactory, member
from vigie.foundation.errors import Unseen
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db

# (role, where) → (users.read, users.write) over the members of a site. « support » and « contacts » are cells of
# other objects: a granted site, an incident of the desk.
CELLS = {
    (Role.USER, "here"): (False, False),
    (Role.REFERENT, "here"): (True, False),
    (Role.AGENT, "here"): (False, False),
    (Role.ADMIN, "here"): (True, True),
    (Role.PLANNER, "here"): (False, False),
    (Role.EDITOR, "here"): (False, False),
    (Role.OPERATOR, "here"): (True, True),
    (Role.USER, "elsewhere"): (False, False),
    (Role.REFERENT, "elsewhere"): (False, False),
    (Role.AGENT, "elsewhere"): (False, False),
    (Role.ADMIN, "elsewhere"): (False, False),
    (Role.PLANNER, "elsewhere"): (False, False),
    (Role.EDITOR, "elsewhere"): (False, False),
    (Role.OPERATOR, "elsewhere"): (True, True),
}


@pytest.fixture
def site(db: None) -> Site:
    with as_maintenance():
        made: Site = SiteFactory.create()
    return made


def membership_of(user: User) -> Membership:
    with as_maintenance():
        return Membership.objects.get(user=user)


def test_every_role_is_told() -> None:
    assert set(CELLS) == set(product(Role, ("here", "elsewhere")))


@pytest.mark.parametrize(("role", "where"), CELLS, ids=str)
def test_each_cell_over_the_members_of_a_site(site: Site, role: Role, where: str) -> None:
    with as_maintenance():
        other_site = SiteFactory.create(space=site.space)
        asking = member(site if where == "here" else other_site, role)
        claire = MembershipFactory.create(site=site)
    may_read, may_write = CELLS[role, where]
    with acting_as(asking) as actor:
        assert policies.may_read_members(actor, site.id) is may_read
        assert policies.may_administer(actor, site.id) is may_write
        if may_read:
            assert policies.access_membership(actor, claire.id).may_administer is may_write
        else:
            with pytest.raises(Unseen):
                policies.access_membership(actor, claire.id)


def test_everybody_reads_her_own_membership_and_administers_it_not(site: Site) -> None:
    with as_maintenance():
        alice = member(site)
    with acting_as(alice) as actor:
        access = policies.access_membership(actor, membership_of(alice).id)
        assert access.is_self
        assert not access.may_administer


def test_what_the_matrix_does_not_say_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with as_maintenance():
        adele = member(site, Role.ADMIN)
    with acting_as(adele) as actor:
        monkeypatch.setattr(rights, "matrix", dict)
        assert not policies.may_administer(actor, site.id)
        assert not policies.administers_somewhere(actor)


def test_a_member_that_does_not_exist_is_unseen_even_by_operators(site: Site) -> None:
    with as_maintenance():
        paul = member(site, Role.OPERATOR)
    with acting_as(paul) as actor, pytest.raises(Unseen):
        policies.access_membership(actor, uuid4())


def test_only_operators_appoint(site: Site) -> None:
    def appoints(role: Role) -> bool:
        with as_maintenance():
            user = member(site, role)
        with acting_as(user) as actor:
            return policies.may_appoint(actor)

    assert {role for role in Role if appoints(role)} == {Role.OPERATOR}


def test_an_administrator_does_not_administer_operators_nor_give_herself_rights(site: Site) -> None:
    with as_maintenance():
        adele, paul = member(site, Role.ADMIN), member(site, Role.OPERATOR)
    with acting_as(adele) as actor:
        assert not policies.access_membership(actor, membership_of(paul).id).may_administer
        own = policies.access_membership(actor, membership_of(adele).id)
        assert own.may_administer
        assert not own.may_change_rights


def test_a_role_in_one_site_is_nothing_in_another(site: Site) -> None:
    with as_maintenance():
        other_site = SiteFactory.create(space=site.space)
        adele = member(site, Role.ADMIN)
        MembershipFactory.create(user=adele, site=other_site)
    with acting_as(adele) as actor:
        assert isinstance(actor, Actor)
        assert policies.administered_sites(actor) == {site.id}
