"""Factors, sessions and locks of members, as administrators and the operator handle them (ACC-6, ACC-15, ACC-21)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import TrustedNetwork, User
from vigie.accounts.tests.factories import PASSWORD, AuthenticatorFactory
from vigie.accounts.tests.signing_in import give_code, give_password, is_signed_in, signed_in_client, totp_code
from vigie.audit.models import Act
from vigie.directory import factor_actions, factor_queries, member_queries
from vigie.directory.member_queries import MemberFilters, Position
from vigie.directory.models import Habilitation, Membership, Role, Site
from vigie.directory.policies import access_membership
from vigie.directory.tests.acting import acting_as
from vigie.directory.tests.factories import MembershipFactory, SiteFactory, member
from vigie.foundation.errors import NotAllowed, Unseen
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
CHECKED = {"checked": "on"}


@dataclass(frozen=True)
class Ward:
    site: Site
    other_site: Site
    adele: User
    """Administrator of the site."""
    paul: User
    """Operator."""
    claire: User
    """A user of the site, with an application and a key."""
    membership: Membership
    application: Authenticator
    key: Authenticator

    def url(self, name: str, *more: object) -> str:
        return reverse(f"directory:{name}", args=[self.membership.id, *more])

    def page(self, user: User, name: str = "member", *more: object) -> Any:
        return signed_in_client(user).get(self.url(name, *more))

    def post(self, user: User, page: str, *more: object, **fields: Any) -> Any:
        return signed_in_client(user).post(self.url(page, *more), fields)


def key_of(user: User, name: str = "Clé du bureau") -> Authenticator:
    return AuthenticatorFactory.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": {"secret": "FACETIOUS"}}
    )


@pytest.fixture
def ward(db: None) -> Ward:
    cache.clear()
    with as_maintenance():
        site, other_site, platform = (SiteFactory.create() for _ in range(3))
        claire = member(site, first_name="Claire", last_name="Moreau", second_factor=True)
        return Ward(
            site=site,
            other_site=other_site,
            adele=member(site, Role.ADMIN, first_name="Adèle", last_name="Durand"),
            paul=member(platform, Role.OPERATOR),
            claire=claire,
            membership=Membership.objects.get(user=claire),
            application=Authenticator.objects.get(user=claire),
            key=key_of(claire),
        )


def browser_of(user: User) -> Client:
    """A browser where she is signed in, as her list of sessions knows it."""
    client = signed_in_client(user)
    UserSession.objects.create(user=user, ip="192.0.2.7", user_agent="Firefox/130", session_key=client.session.session_key)
    return client


def held(user: User) -> set[str]:
    with as_maintenance():
        return set(Authenticator.objects.filter(user=user).values_list("type", flat=True))


def letters_to(user: User) -> list[str]:
    with as_maintenance():
        return [mail.subject for mail in apps.get_model("notifications", "OutgoingMail").objects.filter(address=user.email).order_by("pk")]


def acts() -> list[str]:
    with as_maintenance():
        return list(Act.objects.order_by("id").values_list("code", flat=True))


# --- What is shown ---------------------------------------------------------------------------------------------------
def test_record_lists_kinds_names_and_dates_and_no_secret(ward: Ward) -> None:
    page = ward.page(ward.adele).content.decode()
    assert "Authentification forte" in page
    assert "Clé du bureau" in page
    assert "Application d’authentification" in page
    assert "FACETIOUS" not in page
    assert ward.application.data["secret"] not in page


def test_secrets_are_not_even_read_for_an_administrator(ward: Ward) -> None:
    with acting_as(ward.adele) as actor, CaptureQueriesContext(connection) as queries:
        assert factor_queries.member_factors(access_membership(actor, ward.membership.id)) is not None
    read = [query["sql"] for query in queries.captured_queries if "mfa_authenticator" in query["sql"]]
    assert read
    assert all('"mfa_authenticator"."data",' not in sql for sql in read)


def test_sessions_are_listed_without_an_address(ward: Ward) -> None:
    browser = Client(REMOTE_ADDR="198.51.100.77", headers={"User-Agent": "Firefox/130 Windows"})
    give_password(browser, ward.claire.email)
    give_code(browser, totp_code())
    page = ward.page(ward.adele).content.decode()
    assert "Firefox sur Windows" in page
    assert "198.51.100.77" not in page


def test_whoever_has_not_accepted_yet_has_nothing_to_protect(ward: Ward) -> None:
    with as_maintenance():
        invited = MembershipFactory.create(site=ward.site, user=None, email="i@x.example", first_name="I", last_name="N", accepted_at=None)
    page = signed_in_client(ward.adele).get(reverse("directory:member", args=[invited.id])).content.decode()
    assert "Authentification forte" not in page


def test_record_costs_the_same_with_one_factor_and_with_thirty(ward: Ward) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert ward.page(ward.adele).status_code == 200
        return len(queries)

    with_two = statements()
    with as_maintenance():
        for number in range(28):
            key_of(ward.claire, f"Clé {number}")
            browser_of(ward.claire)
    assert statements() == with_two


# --- Removing --------------------------------------------------------------------------------------------------------
def test_administrator_removes_one_factor_and_its_owner_is_told(ward: Ward) -> None:
    elsewhere = browser_of(ward.claire)
    assert ward.page(ward.adele, "factor_remove", ward.key.pk).status_code == 200
    assert held(ward.claire) == {"totp", "webauthn"}, "a page that is read removes nothing"
    assert ward.post(ward.adele, "factor_remove", ward.key.pk).status_code == 302
    assert held(ward.claire) == {"totp"}
    assert not is_signed_in(elsewhere)
    assert letters_to(ward.claire) == ["Un facteur de votre compte a été retiré"]
    assert acts() == ["factor.removed"]


def test_reset_removes_all_and_lets_her_enrol_anew(ward: Ward) -> None:
    elsewhere = browser_of(ward.claire)
    with as_maintenance():
        User.objects.filter(pk=ward.claire.pk).update(is_password_from_email=True)
    assert ward.page(ward.adele, "factors_reset").status_code == 200
    assert ward.post(ward.adele, "factors_reset").status_code == 422, "her identity is checked first"
    assert held(ward.claire) == {"totp", "webauthn"}
    assert ward.post(ward.adele, "factors_reset", **CHECKED).status_code == 302
    assert held(ward.claire) == set()
    assert not is_signed_in(elsewhere)
    assert letters_to(ward.claire) == ["Votre compte est débloqué"]
    assert acts() == ["factor.all_removed"]
    assert give_password(Client(), ward.claire.email).headers["Location"] == reverse("account_confirm_login_code")


def test_unlocking_forgets_failures_and_keeps_factors(ward: Ward) -> None:
    for _attempt in range(5):
        give_password(Client(), ward.claire.email, "pas le bon mot de passe")
    assert "débloquer votre compte" in give_password(Client(), ward.claire.email.upper()).content.decode(), (
        "whatever the case, it is the same account"
    )
    assert ward.page(ward.adele, "member_unlock").status_code == 200
    assert ward.post(ward.adele, "member_unlock", **CHECKED).status_code == 302
    assert give_password(Client(), ward.claire.email).headers["Location"] == reverse("mfa_authenticate")
    assert held(ward.claire) == {"totp", "webauthn"}
    assert letters_to(ward.claire) == ["Votre compte est débloqué"]
    assert acts() == ["member.unlocked"]


def test_record_says_when_a_sign_in_stops_for_want_of_a_proof(ward: Ward) -> None:
    with as_maintenance():
        Authenticator.objects.all().delete()
        User.objects.filter(pk=ward.claire.pk).update(is_password_from_email=True)
    assert "sa connexion s’arrête" in ward.page(ward.adele).content.decode()
    assert give_password(Client(), ward.claire.email).headers["Location"] == reverse("accounts:mailbox_alone")
    ward.post(ward.adele, "member_unlock", **CHECKED)
    assert give_password(Client(), ward.claire.email).headers["Location"] == reverse("account_confirm_login_code")


def test_sessions_are_closed_one_by_one_or_all(ward: Ward) -> None:
    first, second, third = (browser_of(ward.claire) for _ in range(3))
    session = UserSession.objects.get(session_key=first.session.session_key)
    assert ward.post(ward.adele, "member_sessions_end", session=session.pk).status_code == 302
    assert [is_signed_in(browser) for browser in (first, second, third)] == [False, True, True]
    assert ward.post(ward.adele, "member_sessions_end").status_code == 302
    assert [is_signed_in(browser) for browser in (second, third)] == [False, False]
    assert acts() == ["member.sessions_ended"] * 2
    assert letters_to(ward.claire) == ["Vos sessions ont été fermées"] * 2
    assert ward.post(ward.adele, "member_sessions_end").status_code == 302
    # There was none left to close: nothing to tell.
    assert len(letters_to(ward.claire)) == 2


def test_a_linked_identity_is_removed_alone_and_its_owner_told(ward: Ward) -> None:
    with as_maintenance():
        register, card = (
            SocialAccount.objects.create(user=ward.claire, provider=issuer, uid="1", extra_data={"name": "Claire"})
            for issuer in ("https://idp.example", "https://other.example")
        )
    browser = browser_of(ward.claire)
    assert "https://idp.example" in ward.page(ward.adele, "identity_remove", register.pk).content.decode()
    assert ward.post(ward.adele, "identity_remove", register.pk).status_code == 302
    with as_maintenance():
        assert list(SocialAccount.objects.values_list("pk", flat=True)) == [card.pk]
    assert held(ward.claire) == {"totp", "webauthn"}
    assert not is_signed_in(browser)
    assert letters_to(ward.claire) == ["Un facteur de votre compte a été retiré"]
    assert acts() == ["factor.removed"]


def test_the_number_of_an_identity_removes_no_factor_and_the_other_way_round(ward: Ward) -> None:
    with as_maintenance():
        identity = SocialAccount.objects.create(pk=ward.application.pk + 1000, user=ward.claire, provider="https://idp.example", uid="1")
    assert ward.post(ward.adele, "identity_remove", ward.application.pk).status_code == 404
    assert ward.post(ward.adele, "factor_remove", identity.pk).status_code == 404
    assert held(ward.claire) == {"totp", "webauthn"}


def test_session_or_factor_of_somebody_else_does_not_exist_there(ward: Ward) -> None:
    with as_maintenance():
        bob = member(ward.site, second_factor=True)
        factor = Authenticator.objects.get(user=bob)
    browser = browser_of(bob)
    session = UserSession.objects.get(user=bob)
    assert ward.post(ward.adele, "member_sessions_end", session=session.pk).status_code == 404
    assert ward.post(ward.adele, "member_sessions_end", session="x").status_code == 404
    assert ward.page(ward.adele, "factor_remove", factor.pk).status_code == 404
    assert ward.post(ward.adele, "factor_remove", factor.pk).status_code == 404
    with acting_as(ward.adele) as actor, pytest.raises(Unseen):
        factor_actions.remove_factor(actor, ward.membership.id, factor.pk)
    assert is_signed_in(browser)
    assert held(bob) == {"totp"}


@pytest.mark.parametrize("name", ["member_unlock", "factors_reset"])
def test_administrator_proves_again_who_she_is_first(ward: Ward, name: str) -> None:
    client = signed_in_client(ward.adele)
    session = client.session
    session["account_authentication_methods"] = [{**one, "at": one["at"] - 3600} for one in session["account_authentication_methods"]]
    session.save()
    asked = client.post(ward.url(name), CHECKED)
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert held(ward.claire) == {"totp", "webauthn"}
    assert client.post(asked.headers["Location"], {"password": PASSWORD}).headers["Location"] == ward.url(name)
    assert client.post(ward.url(name), CHECKED).status_code == 302


# --- Whose factors an administrator may reset ------------------------------------------------------------------------
def refusal(ward: Ward, by: User) -> str:
    with acting_as(by) as actor:
        return str(access_membership(actor, ward.membership.id).reset_refusal or "")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.USER])
def test_whoever_is_more_than_a_user_elsewhere_is_left_to_the_operator(ward: Ward, role: Role) -> None:
    with as_maintenance():
        elsewhere = MembershipFactory.create(user=ward.claire, site=ward.other_site, roles=[Role.USER, role])
    assert "responsabilités hors des sites" in refusal(ward, ward.adele)
    assert refusal(ward, ward.paul) == ""
    page = ward.page(ward.adele).content.decode()
    assert "Clé du bureau" in page
    assert ward.url("factors_reset") not in page
    for name, more in (("factors_reset", ()), ("member_unlock", ()), ("factor_remove", (ward.key.pk,))):
        assert ward.post(ward.adele, name, *more, **CHECKED).status_code == 403
    with acting_as(ward.adele) as actor, pytest.raises(NotAllowed):
        factor_actions.reset_factors(actor, ward.membership.id)
    with as_maintenance():
        MembershipFactory.create(user=ward.adele, site=ward.other_site, roles=[Role.ADMIN])
    assert bool(refusal(ward, ward.adele)) == (role is Role.OPERATOR), "she administers that site too"
    with as_maintenance():
        Membership.objects.filter(pk=elsewhere.pk).update(is_active=False)
    assert refusal(ward, ward.adele) == ""


def test_user_of_another_site_too_is_reset_by_either_and_one_with_a_habilitation_there_is_not(ward: Ward) -> None:
    with as_maintenance():
        elsewhere = MembershipFactory.create(user=ward.claire, site=ward.other_site)
    assert refusal(ward, ward.adele) == ""
    with as_maintenance():
        Habilitation.objects.create(site=ward.other_site, membership=elsewhere, code="patients.open")
    assert refusal(ward, ward.adele)


def test_nobody_resets_herself_from_the_console(ward: Ward) -> None:
    with as_maintenance():
        own = Membership.objects.get(user=ward.adele)
    client = signed_in_client(ward.adele)
    assert "Vos propres facteurs" in client.get(reverse("directory:member", args=[own.id])).content.decode()
    assert client.post(reverse("directory:factors_reset", args=[own.id]), CHECKED).status_code == 403


def test_fellow_administrator_is_reset_and_an_operator_is_not(ward: Ward) -> None:
    with as_maintenance():
        Membership.objects.filter(pk=ward.membership.pk).update(roles=[Role.ADMIN])
    assert refusal(ward, ward.adele) == ""
    with as_maintenance():
        Membership.objects.filter(pk=ward.membership.pk).update(roles=[Role.OPERATOR])
    with acting_as(ward.adele) as actor, pytest.raises(NotAllowed):
        factor_actions.reset_factors(actor, ward.membership.id)


def test_bit_about_other_sites_is_not_told_to_strangers(ward: Ward) -> None:
    with as_maintenance():
        stranger = member(ward.other_site, Role.ADMIN)
    with acting_as(stranger), connection.cursor() as cursor:
        cursor.execute("SELECT directory_is_more_elsewhere(%s, '{}')", [ward.claire.pk])
        assert cursor.fetchone() == (True,)


# --- Ranges of addresses ---------------------------------------------------------------------------------------------
def asked(**changes: str) -> dict[str, str]:
    return {
        "name": "Salle de garde",
        "network": "203.0.113.17/28",
        "expires_on": (timezone.localdate() + timedelta(days=90)).isoformat(),
    } | changes


def test_operator_grants_a_range_and_its_owner_is_told(ward: Ward) -> None:
    assert ward.page(ward.paul, "network_add").status_code == 200
    assert ward.post(ward.paul, "network_add", **asked()).status_code == 302
    with as_maintenance():
        granted = TrustedNetwork.objects.get(user=ward.claire)
    assert (granted.network, granted.name, granted.granted_by_name) == ("203.0.113.16/28", "Salle de garde", ward.paul.full_name)
    assert timezone.localtime(granted.expires_at).date() == timezone.localdate() + timedelta(days=90)
    assert letters_to(ward.claire) == ["Une plage d’adresses vous dispense de code"]
    assert acts() == ["network.granted"]
    here = Client(REMOTE_ADDR="203.0.113.20")
    give_password(here, ward.claire.email)
    assert is_signed_in(here)
    assert "Salle de garde" in ward.page(ward.adele).content.decode()


def test_withdrawn_range_ends_the_sessions_that_stand_on_it(ward: Ward) -> None:
    ward.post(ward.paul, "network_add", **asked())
    here, elsewhere = Client(REMOTE_ADDR="203.0.113.20"), browser_of(ward.claire)
    give_password(here, ward.claire.email)
    with as_maintenance():
        granted = TrustedNetwork.objects.get()
    assert ward.post(ward.paul, "network_withdraw", granted.pk).status_code == 302
    assert not UserSession.objects.filter(session_key=here.session.session_key).exists()
    assert is_signed_in(elsewhere)
    assert letters_to(ward.claire)[-1] == "Une plage d’adresses ne vous dispense plus de code"
    assert acts() == ["network.granted", "network.withdrawn"]
    assert ward.post(ward.paul, "network_withdraw", granted.pk).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [{"network": "10.0.0.0/8"}, {"network": "chez moi"}, {"expires_on": "2020-01-01"}, {"expires_on": "2999-01-01"}, {"name": " "}],
)
def test_bad_range_is_refused_and_what_was_typed_is_given_back(ward: Ward, changes: dict[str, str]) -> None:
    answer = ward.post(ward.paul, "network_add", **asked(**changes))
    assert answer.status_code == 422
    if "network" in changes:
        assert changes["network"] in answer.content.decode()
    with as_maintenance():
        assert not TrustedNetwork.objects.exists()


def test_administrators_neither_grant_nor_receive_a_range(ward: Ward) -> None:
    assert ward.page(ward.adele, "network_add").status_code == 404
    assert ward.post(ward.adele, "network_add", **asked()).status_code == 404
    with acting_as(ward.adele) as actor, pytest.raises(NotAllowed):
        factor_actions.grant_network(
            actor, ward.membership.id, name="x", network="10.0.0.0/24", expires_at=timezone.now() + timedelta(days=1)
        )
    with as_maintenance():
        MembershipFactory.create(user=ward.claire, site=ward.other_site, roles=[Role.ADMIN])
    answer = ward.post(ward.paul, "network_add", **asked())
    assert answer.status_code == 422
    assert "ne lui suffit jamais" in answer.content.decode()


# --- The list --------------------------------------------------------------------------------------------------------
def found(ward: Ward, by: User, kind: str) -> set[str]:
    with acting_as(by):
        page = member_queries.members_page(ward.site, MemberFilters(factor=kind), Position())
        return {row.last_name for row in page.rows}


def test_members_are_sought_by_the_kind_of_factor_they_hold(ward: Ward) -> None:
    with as_maintenance():
        bob = member(ward.site, last_name="Bobin", second_factor=True)
        member(ward.site, last_name="Carpentier")
        ends_at = timezone.now() + timedelta(days=1)
        TrustedNetwork.objects.create(user=bob, name="x", network="10.0.0.0/24", expires_at=ends_at, granted_by_name="x")
    by_kind = {kind: found(ward, ward.adele, kind) for kind in ("weak", "webauthn", "totp", "network")}
    assert by_kind == {
        "weak": {"Durand", "Carpentier"},
        "webauthn": {"Moreau"},
        "totp": {"Moreau", "Bobin"},
        "network": {"Bobin"},
    }
    assert len(found(ward, ward.adele, "'; DROP")) == 4, "nonsense is ignored"
    page = signed_in_client(ward.adele).get(reverse("directory:members", args=[ward.site.number]), {"facteur": "weak"}).content.decode()
    assert "Carpentier" in page
    assert "Moreau" not in page


def test_kinds_of_factors_are_told_to_those_who_may_reset_them_alone(ward: Ward) -> None:
    with as_maintenance():
        colleague, stranger = member(ward.site, Role.USER, Role.REFERENT), member(ward.other_site, Role.ADMIN)
    for user, count in ((ward.adele, 1), (ward.paul, 1), (colleague, 0), (stranger, 0), (ward.claire, 0)):
        with acting_as(user), connection.cursor() as cursor:
            cursor.execute("SELECT directory_members_by_factor(%s, 'totp', now())", [ward.site.id])
            assert len(cursor.fetchall()) == count, user
