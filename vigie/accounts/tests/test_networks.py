"""A place as second factor: narrow, ending, weak, and never an administrator's (ACC-1, ACC-15)."""

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver, path, reverse
from django.utils import timezone

from vigie.accounts import networks
from vigie.accounts.models import TrustedNetwork, User
from vigie.accounts.strength import strong_session
from vigie.accounts.tests.conftest import Letters
from vigie.accounts.tests.factories import PASSWORD
from vigie.accounts.tests.signing_in import code_in, give_code, give_mailed_code, give_password, is_signed_in, totp_code
from vigie.foundation import scope
from vigie.foundation.errors import Invalid
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
INSIDE, OUTSIDE = "203.0.113.20", "203.0.113.40"


@strong_session
def health_data(request: HttpRequest) -> HttpResponse:
    return HttpResponse("des données de santé")


def grant(user: User, network: str = "203.0.113.16/28", *, days: int = 30) -> TrustedNetwork:
    with as_maintenance():
        return TrustedNetwork.objects.create(
            user=user,
            name="Salle de garde",
            network=network,
            expires_at=timezone.now() + timedelta(days=days),
            granted_by_name="Paul Petit",
        )


def at(address: str) -> Client:
    return Client(REMOTE_ADDR=address)


@pytest.fixture
def ward(bob: User) -> TrustedNetwork:
    """Bob, whose only other second factor is the mailbox, may sign in from a range."""
    return grant(bob)


def test_place_is_the_second_factor_for_its_owner(ward: TrustedNetwork, bob: User, letters: Letters) -> None:
    here = at(INSIDE)
    give_password(here, bob.email)
    assert is_signed_in(here)
    assert "login_code" not in letters.kinds()
    with as_maintenance():
        assert TrustedNetwork.objects.get().last_used_at is not None


def test_place_spares_an_application_too(alice: User, letters: Letters) -> None:
    grant(alice)
    here = at(INSIDE)
    give_password(here, alice.email)
    assert is_signed_in(here)


@pytest.mark.parametrize("address", [OUTSIDE, "::1", "2001:db8::1", "10.0.0.20"])
def test_elsewhere_the_usual_second_factor_is_asked(ward: TrustedNetwork, bob: User, letters: Letters, address: str) -> None:
    there = at(address)
    assert give_password(there, bob.email).headers["Location"] == reverse("account_confirm_login_code")
    assert not is_signed_in(there)


def test_address_that_a_visitor_writes_herself_is_not_believed(ward: TrustedNetwork, bob: User, letters: Letters, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    liar = Client(REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": f"{INSIDE}, {OUTSIDE}"})
    assert give_password(liar, bob.email).headers["Location"] == reverse("account_confirm_login_code")
    behind = Client(REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": f"{OUTSIDE}, {INSIDE}"})
    give_password(behind, bob.email)
    assert is_signed_in(behind)


@pytest.mark.parametrize(("network", "address"), [("2001:db8:12::/56", "2001:db8:12:3::7"), ("203.0.113.16/28", f"::ffff:{INSIDE}")])
def test_both_families_of_addresses_are_known_in_all_their_forms(bob: User, letters: Letters, network: str, address: str) -> None:
    grant(bob, network)
    here = at(address)
    give_password(here, bob.email)
    assert is_signed_in(here)


def test_place_of_somebody_else_is_nobody_else_s(ward: TrustedNetwork, alice: User, letters: Letters) -> None:
    assert give_password(at(INSIDE), alice.email).headers["Location"] == reverse("mfa_authenticate")


def test_wrong_password_is_refused_in_the_right_place(ward: TrustedNetwork, bob: User, letters: Letters) -> None:
    here = at(INSIDE)
    assert give_password(here, bob.email, "pas le bon mot de passe").status_code == 200
    assert not is_signed_in(here)


def test_range_that_has_ended_counts_no_more(ward: TrustedNetwork, bob: User, letters: Letters) -> None:
    here = at(INSIDE)
    give_password(here, bob.email)
    with as_maintenance():
        TrustedNetwork.objects.update(expires_at=timezone.now())
    assert not is_signed_in(here), "an open session that stood on it ends with it"
    assert give_password(at(INSIDE), bob.email).headers["Location"] == reverse("account_confirm_login_code")


def test_session_carried_out_of_the_place_opens_nothing_more(ward: TrustedNetwork, bob: User, letters: Letters) -> None:
    browser = at(INSIDE)
    give_password(browser, bob.email)
    answer = browser.get(reverse("accounts:profile"), REMOTE_ADDR=OUTSIDE)
    assert answer.headers["Location"] == f"{reverse('accounts:stronger')}?next=%2Fcompte%2Fprofil%2F"
    page = browser.get(answer.headers["Location"], REMOTE_ADDR=OUTSIDE)
    assert page.status_code == 200
    assert browser.get(reverse("accounts:profile")).status_code == 200, "back in the place, it goes on"


def test_place_does_not_complete_a_password_chosen_by_mail(ward: TrustedNetwork, bob: User, letters: Letters) -> None:
    with as_maintenance():
        User.objects.filter(pk=bob.pk).update(is_password_from_email=True)
    assert give_password(at(INSIDE), bob.email).headers["Location"] == reverse("accounts:mailbox_alone")


# --- What it does not open -------------------------------------------------------------------------------------------
STRONG_ONLY = [
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_view_recovery_codes",
    "mfa_download_recovery_codes",
]


@pytest.mark.parametrize("name", STRONG_ONLY)
def test_place_does_not_let_add_or_read_factors(ward: TrustedNetwork, bob: User, letters: Letters, name: str) -> None:
    here = at(INSIDE)
    give_password(here, bob.email)
    for method in (here.get, here.post):
        assert method(reverse(name)).headers["Location"].startswith(reverse("accounts:stronger"))


@pytest.fixture
def with_health_data(settings: Any) -> None:
    module = ModuleType("urls_with_health_data")
    module.urlpatterns = [path("sante/", health_data), *get_resolver().url_patterns]  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = module


@pytest.mark.usefixtures("with_health_data")
def test_health_data_asks_for_more_than_a_place(ward: TrustedNetwork, bob: User, letters: Letters) -> None:
    here = at(INSIDE)
    give_password(here, bob.email)
    asked = here.get("/sante/")
    assert asked.headers["Location"] == f"{reverse('accounts:stronger')}?next=%2Fsante%2F"
    assert here.get("/sante/", headers={"Accept": "application/json"}).status_code == 403
    assert here.get("/sante/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == asked.headers["Location"]
    again = here.post(reverse("accounts:stronger"), {"next": "/sante/"})
    assert again.headers["Location"] == f"{reverse('account_login')}?next=%2Fsante%2F"
    assert not is_signed_in(here)
    stage = here.post(again.headers["Location"], {"login": bob.email, "password": PASSWORD})
    assert stage.headers["Location"] == reverse("account_confirm_login_code")
    give_mailed_code(here, code_in(letters.last("login_code")["text"]))
    assert here.get("/sante/").content.decode() == "des données de santé"


@pytest.mark.usefixtures("with_health_data")
def test_showing_an_application_makes_the_session_strong(alice: User, letters: Letters) -> None:
    grant(alice)
    here = at(INSIDE)
    give_password(here, alice.email)
    assert UserSession.objects.get(user=alice).data == {"by_network": True}
    assert "plage d’adresses" in here.get(reverse("accounts:sessions")).content.decode()
    assert reverse("mfa_reauthenticate") in here.get(reverse("accounts:stronger")).content.decode()
    here.post(f"{reverse('mfa_reauthenticate')}?next=/sante/", {"code": totp_code()})
    assert here.get("/sante/").status_code == 200
    assert here.get("/sante/", REMOTE_ADDR=OUTSIDE).status_code == 200
    assert UserSession.objects.get(user=alice).data == {}


@pytest.mark.usefixtures("with_health_data")
def test_session_of_two_own_factors_is_strong_everywhere(alice: User, letters: Letters) -> None:
    there = at(OUTSIDE)
    give_password(there, alice.email)
    give_code(there, totp_code())
    assert there.get("/sante/").status_code == 200
    assert UserSession.objects.get(user=alice).data == {}


# --- Rules -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("203.0.113.17/28", "203.0.113.16/28"),
        (" 192.168.4.0/24 ", "192.168.4.0/24"),
        ("10.3.2.1", "10.3.2.1/32"),
        ("2001:DB8:12:00::/56", "2001:db8:12::/56"),
        ("2a01:e0a::7", "2a01:e0a::7/128"),
    ],
)
def test_range_has_one_form(typed: str, stored: str) -> None:
    assert str(networks.read_network(typed)) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "hôpital",
        "203.0.113.0/24",
        "10.0.0.0/8",
        "192.168.0.0/23",
        "0.0.0.0/0",
        "0.0.0.0",  # noqa: S104 - refused
        "2001:db8::/48",
        "::/0",
        "127.0.0.1",
        "::1",
        "224.0.0.1",
        "169.254.1.1",
        "fe80::1",
        "1.2.3.4/33",
        "1.2.3",
        "'; DROP",
        "203.0.113.16/28\x00",
    ],
)
def test_range_that_is_wide_or_no_place_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        networks.read_network(typed)


@pytest.mark.parametrize("days", [-1, 0, 367, 4000])
def test_end_is_to_come_and_within_a_year(days: int) -> None:
    with pytest.raises(Invalid):
        networks.check_end(timezone.now() + timedelta(days=days))
    networks.check_end(timezone.now() + timedelta(days=365))


@pytest.mark.parametrize(("network", "days"), [("203.0.0.0/16", 30), ("2001:db8::/32", 30), ("203.0.113.16/28", 400)])
def test_database_refuses_what_is_wide_or_endless_too(bob: User, network: str, days: int) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        grant(bob, network, days=days)


def test_owner_names_her_range_and_does_nothing_else_to_it(ward: TrustedNetwork, bob: User, letters: Letters) -> None:
    here = at(INSIDE)
    give_password(here, bob.email)
    assert "Salle de garde" in here.get(reverse("accounts:security")).content.decode()
    address = reverse("accounts:rename_network", args=[ward.pk])
    assert here.get(address).status_code == 200
    assert here.post(address, {"name": "  Bloc   B "}).status_code == 302
    assert here.post(address, {"name": ""}).status_code == 422
    with scope.entered(Scope(user_id=bob.pk)):
        assert TrustedNetwork.objects.get().name == "Bloc B"
        assert not TrustedNetwork.objects.all().delete()[0], "row-level security hides it from deletion"
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            TrustedNetwork.objects.update(expires_at=timezone.now() + timedelta(days=300))
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            TrustedNetwork.objects.create(user=bob, name="x", network="10.0.0.0/24", expires_at=timezone.now(), granted_by_name="x")


def test_range_of_somebody_else_does_not_exist(ward: TrustedNetwork, alice: User, letters: Letters) -> None:
    browser = Client()
    give_password(browser, alice.email)
    give_code(browser, totp_code())
    assert browser.get(reverse("accounts:rename_network", args=[ward.pk])).status_code == 404
    with scope.entered(Scope(user_id=alice.pk)), connection.cursor() as cursor:
        cursor.execute("SELECT accounts_network_around(%s, %s::inet, now())", [ward.user_id, INSIDE])
        assert cursor.fetchone() == (None,)
