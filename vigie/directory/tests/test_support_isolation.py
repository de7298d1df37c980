"""What a grant opens in the database, and nothing more: raw SQL, as the application's role, in a delegate's scope (SEA-4)."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from vigie.accounts.models import User
from vigie.directory.models import Membership, Role, Site, SiteKind, SupportGrant
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import (
    MembershipFactory,
    SiteFactory,
    SupportGrantFactory,
    member,
)
from vigie.directory.tests.helping import Help, arranged
from vigie.foundation import scope
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db


@pytest.fixture
def aid(db: None) -> Help:
    return arranged()


def run(sql: str, *values: Any) -> int:
    """Run one statement in a savepoint; return how many rows it touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)


def refused(sql: str, *values: Any) -> bool:
    """Tell whether the database refused the statement, aloud or by touching nothing."""
    try:
        return run(sql, *values) == 0
    except DatabaseError:
        return True


def test_only_these_tables_have_a_policy_that_knows_of_grants() -> None:
    # A table that a delegate reaches is added here by somebody who has thought of it; sealing, incidents, files never are.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT polrelid::regclass::text FROM pg_policy"
            " WHERE pg_get_expr(polqual, polrelid) LIKE '%granted%' OR pg_get_expr(polwithcheck, polrelid) LIKE '%''granted%'"
        )
        assert {name for (name,) in cursor.fetchall()} == {
            "directory_habilitation",
            "directory_invitation",
            "directory_medicalidentity",
            "directory_membership",
            "directory_membershipevent",
            "directory_practitioner",
            "directory_practitionerfeature",
            "directory_service",
            "directory_servicefeature",
            "directory_servicemembership",
            "directory_site",
            "directory_sitefeature",
            # Ciphertext, whose keys are in tables that refuse.
            "patients_patient",
        }


INSERT = (
    "INSERT INTO directory_membership (id, site_id, email, first_name, last_name, function, roles, is_active, created_at, revision,"
    " user_id, accepted_at) VALUES (%s, %s, %s, 'A', 'B', '', %s::varchar[], true, now(), 1, %s, %s)"
)


def test_a_delegate_invites_but_makes_no_administrator_and_no_member_at_once(aid: Help) -> None:
    now = timezone.now()
    with acting_as(aid.sam) as actor:
        assert run(INSERT, uuid4(), aid.site.id, "neuve@chu.example", "{user}", None, None) == 1
        assert refused(INSERT, uuid4(), aid.site.id, "a@chu.example", "{admin}", None, None)
        assert refused(INSERT, uuid4(), aid.site.id, "b@chu.example", "{user,operator}", None, None)
        assert refused(INSERT, uuid4(), aid.site.id, "c@chu.example", "{user}", actor.id, now)
        assert refused(INSERT, uuid4(), aid.other.id, "d@chu.example", "{user}", None, None)


def test_a_delegate_never_makes_herself_or_a_colleague_a_user_of_the_site(aid: Help) -> None:
    with as_maintenance():
        colleague = member(aid.support)
    with acting_as(aid.sam):
        for address in (aid.sam.email, colleague.email):
            assert refused(INSERT, uuid4(), aid.site.id, address, "{user}", None, None), address
        assert refused("UPDATE directory_membership SET user_id = %s WHERE id = %s", aid.sam.id, aid.claire.id)
        assert refused("UPDATE directory_membership SET site_id = %s WHERE user_id = %s", aid.site.id, aid.sam.id)
        assert refused("UPDATE directory_membership SET email = %s WHERE id = %s", aid.sam.email, aid.claire.id)


def test_a_delegate_edits_members_and_leaves_administrators_alone(aid: Help) -> None:
    with as_maintenance():
        head = Membership.objects.get(user=aid.adele)
    change = "UPDATE directory_membership SET function = 'x' WHERE id = %s"
    with acting_as(aid.sam):
        assert run(change, aid.claire.id) == 1
        assert refused(change, head.id)
        assert refused("UPDATE directory_membership SET is_active = false WHERE id = %s", head.id)
        assert refused("UPDATE directory_membership SET roles = '{admin}' WHERE id = %s", aid.claire.id)
        assert refused("UPDATE directory_membership SET site_id = %s WHERE id = %s", aid.support.id, aid.claire.id)
        assert refused("DELETE FROM directory_membership WHERE id = %s", aid.claire.id)
        assert refused("DELETE FROM directory_membership WHERE id = %s", head.id)
        for table, column in (("directory_habilitation", "code"), ("directory_invitation", "digest")):
            assert refused(f"UPDATE {table} SET {column} = 'x' WHERE membership_id = %s", head.id)
        assert refused(
            "INSERT INTO directory_habilitation (site_id, membership_id, code) VALUES (%s, %s, 'patients.open')", aid.site.id, head.id
        )
        assert (
            run(
                "INSERT INTO directory_habilitation (site_id, membership_id, code) VALUES (%s, %s, 'documents.read')",
                aid.site.id,
                aid.claire.id,
            )
            == 1
        )


def test_a_delegate_does_not_touch_the_site_nor_what_its_operator_gives(aid: Help) -> None:
    with acting_as(aid.sam):
        assert refused("UPDATE directory_site SET name = 'x' WHERE id = %s", aid.site.id)
        assert refused("DELETE FROM directory_site WHERE id = %s", aid.site.id)
        assert refused("INSERT INTO directory_sitefeature (site_id, feature_id) SELECT %s, id FROM directory_feature LIMIT 1", aid.site.id)
        assert refused("UPDATE directory_rightscell SET role = 'support'")


@pytest.mark.parametrize("capabilities", [["users.read"], ["users.read", "features.activate"]], ids=str)
def test_a_grant_to_read_writes_no_member(aid: Help, capabilities: list[str]) -> None:
    with as_maintenance():
        grant = SupportGrantFactory.create(capabilities=capabilities)
        sam, claire = member(grant.support_site, Role.ADMIN), MembershipFactory.create(site=grant.site)
    with acting_as(sam):
        assert Membership.objects.filter(id=claire.id).exists()
        assert refused("UPDATE directory_membership SET function = 'x' WHERE id = %s", claire.id)
        assert refused(INSERT, uuid4(), grant.site_id, "neuve@chu.example", "{user}", None, None)
        assert refused("INSERT INTO directory_service (id, site_id, name) VALUES (%s, %s, 'x')", uuid4(), grant.site_id)


# --- The grants themselves --------------------------------------------------------------------------------------------
GRANT = (
    "INSERT INTO directory_supportgrant (id, site_id, support_site_id, site_name, site_number, support_name, support_number,"
    ' support_city, purpose, note, capabilities, granted_by_id, granted_by_name, granted_at, expires_at, renewals, ended_by_name, "end")'
    " VALUES (%s, %s, %s, '', '', '', '', '', 'setup', '', '{users.read}', %s, 'A', %s, %s, 0, '', '')"
)


def granting(by: User, site: Site, support: Site, *, days: float = 1) -> bool:
    now = timezone.now()
    return not refused(GRANT, uuid4(), site.id, support.id, by.id, now, now + timedelta(days=days))


def test_an_administrator_grants_to_a_support_site_for_ninety_days_at_most(aid: Help) -> None:
    with as_maintenance():
        second, third, hospital = (SiteFactory.create(kind=kind) for kind in (SiteKind.SUPPORT, SiteKind.SUPPORT, SiteKind.HOSPITAL))
    with acting_as(aid.adele):
        assert granting(aid.adele, aid.site, second, days=90)
        assert not granting(aid.adele, aid.site, third, days=91)
        assert not granting(aid.adele, aid.site, third, days=-1)
        assert not granting(aid.adele, aid.site, hospital)
        assert not granting(aid.adele, aid.site, aid.support), "one alive for each support site"
        assert not granting(aid.adele, aid.other, third)
        names = SupportGrant.objects.get(support_site=second)
    assert (names.site_name, names.support_name, names.support_number) == (aid.site.name, second.name, second.number)


def test_nobody_else_grants(aid: Help) -> None:
    with as_maintenance():
        second = SiteFactory.create(kind=SiteKind.SUPPORT)
        colleague = member(aid.site, Role.USER, Role.REFERENT, Role.PLANNER)
        operator = member(aid.other, Role.OPERATOR, Role.ADMIN)
    for person in (colleague, aid.sam, operator):
        with acting_as(person):
            assert not granting(person, aid.site, second)
            assert not granting(aid.adele, aid.site, second)


def test_a_grant_is_read_by_both_sites_and_ended_by_the_supported_one_or_the_operator(aid: Help) -> None:
    end = "UPDATE directory_supportgrant SET ended_at = clock_timestamp(), \"end\" = 'withdrawn' WHERE id = %s"
    with as_maintenance():
        stranger = member(aid.other, Role.ADMIN)
        colleague = member(aid.site)
        operator = member(aid.other, Role.OPERATOR)
    for person, reads in ((aid.sam, True), (colleague, True), (stranger, False)):
        with acting_as(person):
            assert SupportGrant.objects.filter(id=aid.grant.id).exists() is reads
            assert refused(end, aid.grant.id)
    with acting_as(operator):
        assert refused("UPDATE directory_supportgrant SET expires_at = expires_at + interval '1 day' WHERE id = %s", aid.grant.id)
        assert run(end, aid.grant.id) == 1
    with acting_as(aid.adele):
        assert refused("UPDATE directory_supportgrant SET ended_at = NULL, \"end\" = '' WHERE id = %s", aid.grant.id)


def test_a_grant_is_not_changed_nor_deleted(aid: Help) -> None:
    with as_maintenance():
        second = SiteFactory.create(kind=SiteKind.SUPPORT)
    with acting_as(aid.adele):
        for change in ("capabilities = '{users.read}'", "purpose = 'other'", "granted_by_name = 'x'", "site_name = 'x'", "note = 'x'"):
            assert refused(f"UPDATE directory_supportgrant SET {change} WHERE id = %s", aid.grant.id), change
        assert refused("UPDATE directory_supportgrant SET support_site_id = %s WHERE id = %s", second.id, aid.grant.id)
        assert refused("UPDATE directory_supportgrant SET expires_at = now() + interval '91 days' WHERE id = %s", aid.grant.id)
        assert refused("DELETE FROM directory_supportgrant WHERE id = %s", aid.grant.id)


# --- Who acts under a grant -------------------------------------------------------------------------------------------
def reach(user: User) -> frozenset[UUID]:
    with acting_as(user) as actor, connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(scope_ids('granted'), '{}')")
        in_database = frozenset(cursor.fetchone()[0])
        assert in_database == actor.scope.granted_ids
        return in_database


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN], ids=str)
def test_only_administrators_of_the_support_site_act(aid: Help, role: Role) -> None:
    with as_maintenance():
        person = member(aid.support, role)
    assert reach(person) == frozenset()
    assert reach(aid.sam) == {aid.site.id}


def test_administrators_of_another_support_site_do_not(aid: Help) -> None:
    with as_maintenance():
        eve = member(SiteFactory.create(kind=SiteKind.SUPPORT), Role.ADMIN)
    assert reach(eve) == frozenset()


def test_a_grant_that_expired_opens_nothing_even_before_its_end_is_written_down(aid: Help) -> None:
    with as_maintenance():
        long_ago = timezone.now() - timedelta(hours=9)
        late = SupportGrantFactory.create(support_site=aid.support, granted_at=long_ago)
        assert late.ended_at is None
    assert reach(aid.sam) == {aid.site.id}


def test_a_grant_that_was_withdrawn_opens_nothing(aid: Help) -> None:
    assert reach(aid.sam) == {aid.site.id}
    with as_maintenance():
        SupportGrant.objects.filter(id=aid.grant.id).update(ended_at=timezone.now(), end="withdrawn")
    assert reach(aid.sam) == frozenset()


@pytest.mark.parametrize("change", ["site", "support", "kind", "member", "appointed"])
def test_a_grant_opens_nothing_once_one_of_its_ends_is_gone(aid: Help, change: str) -> None:
    with as_maintenance():
        match change:
            case "site":
                Site.objects.filter(id=aid.site.id).update(is_active=False)
            case "support":
                Site.objects.filter(id=aid.support.id).update(is_active=False)
            case "kind":
                Site.objects.filter(id=aid.support.id).update(kind=SiteKind.VENDOR)
            case "member":
                Membership.objects.filter(user=aid.sam).update(is_active=False)
            case _:
                Membership.objects.filter(user=aid.sam).update(roles=["user"])
    assert reach(aid.sam) == frozenset()


def test_a_member_of_the_site_comes_in_by_her_own_roles_alone(aid: Help) -> None:
    with as_maintenance():
        MembershipFactory.create(user=aid.sam, site=aid.site, roles=["user"])
    assert reach(aid.sam) == frozenset()


def test_a_nested_scope_gives_the_granted_sites_back(aid: Help) -> None:
    with acting_as(aid.sam):
        with scope.entered(Scope(site_ids=frozenset({aid.other.id}))):
            assert not Membership.objects.filter(site=aid.site).exists()
        assert Membership.objects.filter(id=aid.claire.id).exists()


def test_support_sites_are_found_by_name_or_number_with_what_tells_homonyms_apart(aid: Help) -> None:
    with as_maintenance():
        twins = [SiteFactory.create(kind=SiteKind.SUPPORT, name="Soutien Éclair", city=city) for city in ("Nantes", "Dinan")]
        SiteFactory.create(kind=SiteKind.HOSPITAL, name="Soutien Éclair")
        SiteFactory.create(kind=SiteKind.SUPPORT, name="Soutien Éclair", is_active=False)
    with acting_as(aid.adele), connection.cursor() as cursor:
        cursor.execute("SELECT number, city FROM directory_find_support_sites('SOUTIEN ECLAIR')")
        assert set(cursor.fetchall()) == {(twin.number, twin.city) for twin in twins}
        cursor.execute("SELECT id FROM directory_find_support_sites(%s)", [twins[0].number.lower()])
        assert cursor.fetchall() == [(twins[0].id,)]
        cursor.execute("SELECT id FROM directory_find_support_sites('  ')")
        assert cursor.fetchall() == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM directory_find_support_sites('aide')")
        assert cursor.fetchall() == [], "nobody who has not said who she is"
