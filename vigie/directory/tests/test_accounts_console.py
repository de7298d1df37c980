"""Accounts, as operators find them, change their address, close them and open them again (ACC-14, ACC-15)."""

from dataclasses import dataclass
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import KnownDevice, User
from vigie.accounts.tests.factories import PASSWORD, UserFactory
from vigie.accounts.tests.signing_in import is_signed_in, signed_in_client
from vigie.audit.models import Act
from vigie.directory import account_actions, invitations
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
    """The only administrator of the site."""
    claire: User
    """A user of the site."""

    def page(self, name: str, /, *args: object, **query: str) -> Any:
        return signed_in_client(self.paul).get(reverse(f"directory:{name}", args=args), query)

    def post(self, name: str, /, *args: object, **fields: Any) -> Any:
        return signed_in_client(self.paul).post(reverse(f"directory:{name}", args=args), fields)

    def change(self, email: str, former: str = "claire.moreau@chu.example") -> Any:
        return self.post("platform_account_address", self.claire.pk, email=email, former=former)


@pytest.fixture
def platform(db: None) -> Cast:
    with as_maintenance():
        site = SiteFactory.create(name="CHU des Rives")
        return Cast(
            site=site,
            paul=member(SiteFactory.create(), Role.OPERATOR, first_name="Paul", last_name="Delorme"),
            adele=member(site, Role.ADMIN, first_name="Adèle", last_name="Durand"),
            claire=member(site, first_name="Claire", last_name="Moreau", email="claire.moreau@chu.example"),
        )


def fresh(user: User) -> User:
    with as_maintenance():
        return User.objects.get(pk=user.pk)


def acts() -> list[str]:
    with as_maintenance():
        return list(Act.objects.order_by("id").values_list("code", flat=True))


def open_session(user: User) -> Client:
    client = signed_in_client(user)
    UserSession.objects.create(user=user, session_key=client.session.session_key, ip="192.0.2.1", data={})
    with as_maintenance():
        KnownDevice.objects.create(user=user, fingerprint="f" * 64)
    return client


def known_devices(user: User) -> int:
    with as_maintenance():
        return KnownDevice.objects.filter(user=user).count()


# --- The list --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("words", ["moreau", "CLAIRE moréau", "claire.moreau@chu", "moraeu"])
def test_accounts_are_found_by_name_and_address_without_exact_spelling(platform: Cast, words: str) -> None:
    page = platform.page("platform_accounts", q=words).content.decode()
    assert "Moreau Claire" in page
    assert "Durand Adèle" not in page


@pytest.mark.parametrize("words", ["%", "_", "\\", "zzzzzzz"])
def test_signs_of_the_search_are_searched_as_they_are(platform: Cast, words: str) -> None:
    assert "Moreau Claire" not in platform.page("platform_accounts", q=words).content.decode()


def test_accounts_are_filtered_by_state_and_role(platform: Cast) -> None:
    with as_maintenance():
        User.objects.filter(pk=platform.claire.pk).update(is_active=False)

    def names(**query: str) -> set[str]:
        page = platform.page("platform_accounts", **query).content.decode()
        return {name for name in ("Moreau Claire", "Durand Adèle", "Delorme Paul") if f">{name}</a>" in page}

    assert names() == {"Moreau Claire", "Durand Adèle", "Delorme Paul"}
    assert names(etat="0") == {"Moreau Claire"}
    assert names(role="admin") == {"Durand Adèle"}
    assert names(role="operator", etat="1") == {"Delorme Paul"}
    assert len(names(etat="x", role="x")) == 3


def test_the_list_costs_the_same_at_1_and_at_30(platform: Cast) -> None:
    client = signed_in_client(platform.paul)
    address = reverse("directory:platform_accounts")

    def statements(**query: str) -> int:
        client.get(address, query)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address, query).status_code == 200
        return len(captured)

    few, found = statements(), statements(q="moreau")
    with as_maintenance():
        for _ in range(30):
            user = member(platform.site, last_name="Moreau")
            MembershipFactory.create(user=user)
    assert statements() == few
    assert statements(q="moreau") == found


def test_the_search_answers_to_operators_only(platform: Cast) -> None:
    for user, count in ((platform.adele, 0), (platform.paul, 1)):
        with acting_as(user), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM accounts_search('moreau', false)")
            assert cursor.fetchone() == (count,)


# --- One account -----------------------------------------------------------------------------------------------------
def test_an_account_shows_its_sites_and_no_incident(platform: Cast) -> None:
    page = platform.page("platform_account", platform.adele.pk).content.decode()
    assert "CHU des Rives" in page
    assert "Administrateur" in page
    assert "Compte actif" in page


def test_the_page_of_an_account_costs_the_same_at_1_and_at_30_sites(platform: Cast) -> None:
    client = signed_in_client(platform.paul)
    address = reverse("directory:platform_account", args=[platform.claire.pk])

    def statements() -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    few = statements()
    with as_maintenance():
        for _ in range(30):
            MembershipFactory.create(user=platform.claire)
    assert statements() == few


def test_others_do_not_learn_that_an_account_exists(platform: Cast) -> None:
    client = signed_in_client(platform.adele)
    for name in ("platform_account", "platform_account_activity"):
        assert client.get(reverse(f"directory:{name}", args=[platform.claire.pk])).status_code == 404
    with acting_as(platform.adele) as actor:
        for refused in (account_actions.deactivate_account, account_actions.reactivate_account):
            with pytest.raises(NotAllowed):
                refused(actor, platform.claire.pk)
        with pytest.raises(NotAllowed):
            account_actions.change_email(actor, platform.claire.pk, email="x@chu.example", former=platform.claire.email)
    assert acts() == []


def test_an_account_that_does_not_exist_is_not_found(platform: Cast) -> None:
    assert platform.page("platform_account", platform.site.pk).status_code == 404
    with acting_as(platform.paul) as actor, pytest.raises(Unseen):
        account_actions.deactivate_account(actor, platform.site.pk)


# --- Another address -------------------------------------------------------------------------------------------------
def test_an_address_is_changed_both_are_told_and_sessions_end(platform: Cast) -> None:
    client = open_session(platform.claire)
    assert platform.change("Claire.Petit@CHU.example").status_code == 302
    assert fresh(platform.claire).email == "claire.petit@chu.example"
    assert mails() == [
        ("claire.moreau@chu.example", "Votre compte Vigie a changé d’adresse"),
        ("claire.petit@chu.example", "Cette adresse est celle de votre compte Vigie"),
    ]
    assert not is_signed_in(client)
    assert known_devices(platform.claire) == 0
    with as_maintenance():
        assert Membership.objects.get(user=platform.claire).email == "claire.petit@chu.example"
        assert not EmailAddress.objects.filter(user=platform.claire).exists()
        details = Act.objects.get(code="account.email_changed").details
    assert acts() == ["account.email_changed", "member.email_changed"]
    assert details == {"records": 1, "invitations": 0}


def test_both_letters_are_in_the_language_of_the_account(platform: Cast) -> None:
    with as_maintenance():
        User.objects.filter(pk=platform.claire.pk).update(language="en")
    platform.change("claire.petit@chu.example")
    assert [subject for _address, subject in mails()] == [
        "Your Vigie account has another address",
        "This is the address of your Vigie account",
    ]


def test_she_signs_in_with_the_new_address_and_not_with_the_former(platform: Cast) -> None:
    platform.change("claire.petit@chu.example")
    for email, status in (("claire.moreau@chu.example", 200), ("Claire.Petit@chu.example", 302)):
        answer = Client().post(reverse("account_login"), {"login": email, "password": PASSWORD})
        assert answer.status_code == status, email


@pytest.mark.parametrize("variant", ["ines@chu.example", "INES@chu.example", "\uff29nes@chu.example", "  ines@chu.example "])
def test_an_address_serves_one_account_whatever_its_case_or_unicode_form(platform: Cast, variant: str) -> None:
    with as_maintenance():
        UserFactory.create(email="ines@chu.example")
    answer = platform.change(variant)
    assert answer.status_code == 422
    assert "Un autre compte a déjà cette adresse" in answer.content.decode()
    assert fresh(platform.claire).email == "claire.moreau@chu.example"
    assert acts() == []
    assert mails() == []


def test_a_wrong_address_is_said_and_not_lost(platform: Cast) -> None:
    for wrong, reason in (("claire", "adresse électronique valide"), ("Claire.Moreau@chu.example", "déjà l’adresse de ce compte")):
        answer = platform.change(wrong)
        assert answer.status_code == 422
        assert reason in answer.content.decode()
        assert f'value="{wrong}"' in answer.content.decode()


def test_the_second_of_two_operators_is_told_and_loses_nothing(platform: Cast) -> None:
    platform.change("claire.petit@chu.example")
    late = platform.change("claire.grand@chu.example")
    page = late.content.decode()
    assert late.status_code == 409
    assert "Un autre opérateur a changé cette adresse" in page
    assert 'value="claire.grand@chu.example"' in page
    assert 'name="former" value="claire.petit@chu.example"' in page
    assert platform.change("claire.grand@chu.example", former="claire.petit@chu.example").status_code == 302


def invited(platform: Cast, site: Site, email: str, *roles: Role) -> Membership:
    with acting_as(platform.paul) as actor:
        return invitations.invite(
            actor, site_id=site.id, email=email, first_name="Claire", last_name="Moreau", function="", roles=roles or (Role.USER,)
        )


def test_invitations_that_wait_for_her_follow_and_the_former_mailbox_opens_nothing(platform: Cast) -> None:
    with as_maintenance():
        elsewhere = SiteFactory.create()
    waiting = invited(platform, elsewhere, "claire.moreau@chu.example")
    with as_maintenance():
        former = Invitation.objects.get(membership=waiting)
    platform.change("claire.petit@chu.example")
    with as_maintenance():
        waiting.refresh_from_db()
        former.refresh_from_db()
        alive = Invitation.objects.get(membership=waiting, ended_at=None)
    assert waiting.email == "claire.petit@chu.example"
    assert former.ended_at is not None
    assert alive.bound == invitations.bond_of(waiting)
    assert acts().count("invitation.resent") == 1
    assert mails()[-1] == ("claire.petit@chu.example", "Votre invitation dans Vigie")


def test_an_expired_invitation_follows_without_being_sent_again(platform: Cast) -> None:
    with as_maintenance():
        elsewhere = SiteFactory.create()
    waiting = invited(platform, elsewhere, "claire.moreau@chu.example")
    with as_maintenance():
        Invitation.objects.update(expires_at=timezone.now())
    platform.change("claire.petit@chu.example")
    with as_maintenance():
        waiting.refresh_from_db()
    assert waiting.email == "claire.petit@chu.example"
    assert "invitation.resent" not in acts()


def test_an_address_invited_in_the_same_site_is_refused_with_the_reason(platform: Cast) -> None:
    invited(platform, platform.site, "claire.petit@chu.example")
    answer = platform.change("claire.petit@chu.example")
    assert answer.status_code == 422
    assert "Une autre fiche de CHU des Rives porte déjà cette adresse" in answer.content.decode()
    assert fresh(platform.claire).email == "claire.moreau@chu.example"


# --- Closed and opened again -----------------------------------------------------------------------------------------
def test_closing_an_account_ends_its_sessions_and_opening_it_does_not_bring_them_back(platform: Cast) -> None:
    client = open_session(platform.claire)
    assert platform.post("platform_account_activity", platform.claire.pk, deactivate="1").status_code == 302
    assert not is_signed_in(client)
    assert known_devices(platform.claire) == 0
    refused = Client().post(reverse("account_login"), {"login": platform.claire.email, "password": PASSWORD})
    assert not is_signed_in(refused.client)
    platform.post("platform_account_activity", platform.claire.pk, reactivate="1")
    assert not is_signed_in(client)
    with acting_as(platform.claire) as actor:
        assert [membership.site_id for membership in actor.memberships] == [platform.site.id]
    assert acts() == ["account.deactivated", "account.reactivated"]


def test_closing_twice_is_one_act(platform: Cast) -> None:
    for _ in range(2):
        platform.post("platform_account_activity", platform.claire.pk, deactivate="1")
    assert acts() == ["account.deactivated"]


def test_the_operator_is_warned_of_sites_left_without_administrator(platform: Cast) -> None:
    page = platform.page("platform_account_activity", platform.adele.pk).content.decode()
    assert "Des sites n’auront plus d’administrateur" in page
    assert "CHU des Rives" in page
    with as_maintenance():
        member(platform.site, Role.ADMIN)
    assert "n’auront plus d’administrateur" not in platform.page("platform_account_activity", platform.adele.pk).content.decode()


def test_operators_do_not_close_their_own_account(platform: Cast) -> None:
    assert "Désactiver le compte" not in platform.page("platform_account", platform.paul.pk).content.decode()
    platform.post("platform_account_activity", platform.paul.pk, deactivate="1")
    assert fresh(platform.paul).is_active
    assert acts() == []


# --- Unlocked --------------------------------------------------------------------------------------------------------
def test_somebody_stopped_by_her_mailbox_is_shown_and_unlocked(platform: Cast) -> None:
    with as_maintenance():
        User.objects.filter(pk=platform.claire.pk).update(is_password_from_email=True)
    assert "sa connexion s’arrête" in platform.page("platform_account", platform.claire.pk).content.decode()
    assert platform.post("platform_account_unlock", platform.claire.pk, is_checked="on").status_code == 302
    assert not fresh(platform.claire).is_password_from_email
    assert "sa connexion s’arrête" not in platform.page("platform_account", platform.claire.pk).content.decode()
    assert acts() == ["account.unlocked"]
    assert [address for address, _subject in mails()] == [platform.claire.email]


def test_identity_is_checked_first(platform: Cast) -> None:
    answer = platform.post("platform_account_unlock", platform.claire.pk, removing_factors="on")
    assert answer.status_code == 422
    assert acts() == []


def test_lost_factors_are_removed_with_the_sessions(platform: Cast) -> None:
    with as_maintenance():
        holder = UserFactory.create(second_factor=True)
    client = open_session(holder)
    platform.post("platform_account_unlock", holder.pk, is_checked="on", removing_factors="on")
    with as_maintenance():
        assert not Authenticator.objects.filter(user=holder).exists()
        assert Act.objects.get().details == {"count": 1}
    assert acts() == ["account.factors_removed"]
    assert not is_signed_in(client)


def test_operators_do_not_unlock_themselves_nor_administrators_accounts(platform: Cast) -> None:
    for user in (platform.paul, platform.adele):
        with acting_as(user) as actor, pytest.raises(NotAllowed):
            account_actions.unlock_account(actor, platform.paul.pk, removing_factors=True)
    assert acts() == []
