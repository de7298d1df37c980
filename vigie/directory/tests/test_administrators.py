"""Administrators of sites, as operators appoint and remove them (ACC-15)."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.signing_in import signed_in_client
from vigie.audit.models import Act
from vigie.directory import administrator_actions, member_actions
from vigie.directory.models import Invitation, Membership, Role, Site
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, SiteFactory, member
from vigie.directory.tests.letters import mails
from vigie.foundation.errors import NotAllowed, Unseen
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Cast:
    site: Site
    paul: User
    """Operator."""
    adele: User
    """Administrator of the site."""
    claire: Membership
    """A user of the site."""

    def page(self, name: str, /, *args: object, **query: str) -> Any:
        return signed_in_client(self.paul).get(reverse(f"directory:{name}", args=args), query)

    def post(self, name: str, /, *args: object, **fields: Any) -> Any:
        return signed_in_client(self.paul).post(reverse(f"directory:{name}", args=args), fields)

    def membership(self, user: User) -> Membership:
        with as_maintenance():
            return Membership.objects.get(user=user, site=self.site)


@pytest.fixture
def platform(db: None) -> Cast:
    with as_maintenance():
        site = SiteFactory.create(name="CHU des Rives")
        return Cast(
            site=site,
            paul=member(SiteFactory.create(), Role.OPERATOR, first_name="Paul", last_name="Delorme"),
            adele=member(site, Role.ADMIN, first_name="Adèle", last_name="Durand"),
            claire=MembershipFactory.create(site=site, user__first_name="Claire", user__last_name="Moreau"),
        )


def roles(membership: Membership) -> list[str]:
    with as_maintenance():
        return list(Membership.objects.values_list("roles", flat=True).get(pk=membership.pk))


def acts() -> list[str]:
    with as_maintenance():
        return list(Act.objects.order_by("id").values_list("code", flat=True))


@pytest.fixture
def invited(platform: Cast) -> Membership:
    with as_maintenance():
        found: Membership = MembershipFactory.create(
            site=platform.site,
            user=None,
            email="ines@chu.example",
            first_name="Inès",
            last_name="Fabre",
            accepted_at=None,
            activated_at=None,
            roles=[Role.USER.value],
        )
    return found


# --- Appointing ------------------------------------------------------------------------------------------------------
def test_a_member_is_found_and_appointed(platform: Cast) -> None:
    page = platform.page("platform_appoint", platform.site.id, q="moraeu").content.decode()
    assert reverse("directory:platform_appoint_member", args=[platform.claire.id]) in page
    assert platform.post("platform_appoint_member", platform.claire.id).status_code == 302
    assert roles(platform.claire) == ["user", "admin"]
    assert acts() == ["admin.appointed"]
    assert mails() == [(platform.claire.email, "Vous administrez un site dans Vigie")]
    assert "Claire Moreau" in platform.page("platform_site", platform.site.id).content.decode()


def test_the_search_for_somebody_to_appoint_costs_the_same_at_1_and_at_20(platform: Cast) -> None:
    client = signed_in_client(platform.paul)
    address = reverse("directory:platform_appoint", args=[platform.site.id])

    def statements() -> int:
        client.get(address, {"q": "moreau"})
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address, {"q": "moreau"}).status_code == 200
        return len(captured)

    few = statements()
    with as_maintenance():
        for _ in range(20):
            member(platform.site, last_name="Moreau")
    assert statements() == few


def test_appointing_twice_is_one_act_and_one_letter(platform: Cast) -> None:
    for _ in range(2):
        platform.post("platform_appoint_member", platform.claire.id)
    assert acts() == ["admin.appointed"]
    assert len(mails()) == 1


def test_the_letter_is_in_the_language_of_the_account(platform: Cast) -> None:
    with as_maintenance():
        User.objects.filter(memberships=platform.claire.pk).update(language="en")
    platform.post("platform_appoint_member", platform.claire.id)
    assert mails()[0][1] == "You administer a site in Vigie"


def test_somebody_who_has_not_accepted_yet_gets_a_new_link(platform: Cast, invited: Membership) -> None:
    assert platform.post("platform_appoint_member", invited.id).status_code == 302
    assert roles(invited) == ["user", "admin"]
    assert acts() == ["admin.appointed", "invitation.resent"]
    with as_maintenance():
        assert Invitation.objects.get(membership=invited, ended_at=None).invited_by_id == platform.paul.pk


def test_a_deactivated_member_is_not_appointed(platform: Cast) -> None:
    with as_maintenance():
        Membership.objects.filter(pk=platform.claire.pk).update(is_active=False)
    answer = signed_in_client(platform.paul).post(reverse("directory:platform_appoint_member", args=[platform.claire.id]), follow=True)
    assert "Réactivez-la d’abord" in answer.content.decode()
    assert roles(platform.claire) == ["user"]


def test_somebody_new_is_invited_as_an_administrator(platform: Cast) -> None:
    fields = {"email": "Marc@CHU.example", "first_name": "Marc", "last_name": "Petit", "function": "DSI", "is_user": "on"}
    answer = platform.post("platform_invite_administrator", platform.site.id, **fields)
    assert answer.status_code == 302
    with as_maintenance():
        found = Membership.objects.get(email="marc@chu.example")
    assert found.roles == ["user", "admin"]
    assert acts() == ["member.invited"]
    page = platform.page("platform_site", platform.site.id).content.decode()
    assert "Marc Petit" in page
    assert "Invitation envoyée" in page


def test_an_address_that_is_there_already_is_said_and_nothing_typed_is_lost(platform: Cast) -> None:
    fields = {"email": platform.claire.email.upper(), "first_name": "Claire", "last_name": "Moreau-Petit", "function": "Cadre"}
    answer = platform.post("platform_invite_administrator", platform.site.id, **fields)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Une personne de ce site a déjà cette adresse" in page
    assert 'value="Moreau-Petit"' in page


def test_a_wrong_address_is_said_beside_it(platform: Cast) -> None:
    answer = platform.post("platform_invite_administrator", platform.site.id, email="marc", first_name="Marc", last_name="Petit")
    assert answer.status_code == 422
    assert 'value="marc"' in answer.content.decode()


def test_nobody_appoints_herself(platform: Cast) -> None:
    with as_maintenance():
        own = MembershipFactory.create(user=platform.paul, site=platform.site)
    with acting_as(platform.paul) as actor:
        with pytest.raises(NotAllowed):
            administrator_actions.appoint(actor, own.id)
        with pytest.raises(NotAllowed):
            member_actions.change_access(
                actor, own.id, roles=[Role.USER, Role.ADMIN], service_ids=[], habilitations=[], revision=own.revision
            )
    assert roles(own) == ["user"]
    assert acts() == []


def test_administrators_neither_appoint_nor_remove(platform: Cast) -> None:
    with acting_as(platform.adele) as actor:
        own = platform.membership(platform.adele)
        for refused in (
            lambda: administrator_actions.appoint(actor, platform.claire.id),
            lambda: administrator_actions.remove(actor, own.id),
            lambda: administrator_actions.invite_administrator(
                actor, site_id=platform.site.id, email="m@chu.example", first_name="M", last_name="P", function="", is_user=True
            ),
        ):
            with pytest.raises(NotAllowed):
                refused()
    for name, argument in (("platform_appoint_member", platform.claire.id), ("platform_remove_administrator", own.id)):
        assert signed_in_client(platform.adele).post(reverse(f"directory:{name}", args=[argument])).status_code == 404
    assert roles(platform.claire) == ["user"]


def test_others_do_not_see_whom_they_would_appoint(platform: Cast) -> None:
    with as_maintenance():
        stranger = member(SiteFactory.create(), Role.ADMIN)
    with acting_as(stranger) as actor:
        for refused in (administrator_actions.appoint, administrator_actions.remove):
            with pytest.raises(Unseen):
                refused(actor, platform.claire.id)


def test_giving_the_role_from_the_record_is_told_too(platform: Cast) -> None:
    with acting_as(platform.paul) as actor:
        member_actions.change_access(
            actor, platform.claire.id, roles=[Role.USER, Role.ADMIN], service_ids=[], habilitations=[], revision=platform.claire.revision
        )
    assert mails() == [(platform.claire.email, "Vous administrez un site dans Vigie")]


# --- Removing --------------------------------------------------------------------------------------------------------
def test_the_operator_is_warned_before_a_site_loses_its_last_administrator(platform: Cast) -> None:
    own = platform.membership(platform.adele)
    page = platform.page("platform_remove_administrator", own.id).content.decode()
    assert "Plus personne n’administrera ce site" in page
    assert "elle devient utilisatrice du site" in page
    assert roles(own) == ["admin"]
    platform.post("platform_appoint_member", platform.claire.id)
    assert "Plus personne n’administrera" not in platform.page("platform_remove_administrator", own.id).content.decode()


def test_an_administrator_whose_account_is_deactivated_does_not_count(platform: Cast) -> None:
    platform.post("platform_appoint_member", platform.claire.id)
    with as_maintenance():
        User.objects.filter(memberships=platform.claire.pk).update(is_active=False)
    own = platform.membership(platform.adele)
    assert "Plus personne n’administrera ce site" in platform.page("platform_remove_administrator", own.id).content.decode()


def test_an_administrator_is_removed_and_keeps_her_other_roles(platform: Cast) -> None:
    platform.post("platform_appoint_member", platform.claire.id)
    assert platform.post("platform_remove_administrator", platform.claire.id).status_code == 302
    assert roles(platform.claire) == ["user"]
    assert acts() == ["admin.appointed", "admin.removed"]
    assert [subject for _address, subject in mails()] == [
        "Vous administrez un site dans Vigie",
        "Vous n’administrez plus un site dans Vigie",
    ]


def test_whoever_had_no_other_role_becomes_a_user_and_has_no_console_any_more(platform: Cast) -> None:
    own = platform.membership(platform.adele)
    client = signed_in_client(platform.adele)
    assert client.get(reverse("directory:members", args=[platform.site.number])).status_code == 200
    platform.post("platform_remove_administrator", own.id)
    assert roles(own) == ["user"]
    assert client.get(reverse("directory:members", args=[platform.site.number])).status_code == 404


def test_removing_twice_is_one_act(platform: Cast) -> None:
    own = platform.membership(platform.adele)
    for _ in range(2):
        assert platform.post("platform_remove_administrator", own.id).status_code == 302
    assert acts() == ["admin.removed"]


def test_somebody_only_invited_to_administer_is_not_invited_any_more(platform: Cast) -> None:
    fields = {"email": "marc@chu.example", "first_name": "Marc", "last_name": "Petit"}
    platform.post("platform_invite_administrator", platform.site.id, **fields)
    with as_maintenance():
        found = Membership.objects.get(email="marc@chu.example")
    assert "Son invitation est retirée" in platform.page("platform_remove_administrator", found.id).content.decode()
    platform.post("platform_remove_administrator", found.id)
    with as_maintenance():
        assert not Membership.objects.filter(email="marc@chu.example").exists()


def test_somebody_invited_to_more_gets_a_link_without_the_administration(platform: Cast, invited: Membership) -> None:
    platform.post("platform_appoint_member", invited.id)
    platform.post("platform_remove_administrator", invited.id)
    assert roles(invited) == ["user"]
    assert acts() == ["admin.appointed", "invitation.resent", "admin.removed", "invitation.resent"]
