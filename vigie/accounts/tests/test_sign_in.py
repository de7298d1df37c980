"""Signing in: two factors, always (ACC-1)."""

import time
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from vigie.accounts import actions
from vigie.accounts.models import User
from vigie.accounts.tests.conftest import Letters
from vigie.accounts.tests.factories import PASSWORD
from vigie.accounts.tests.signing_in import (
    code_in,
    give_code,
    give_mailed_code,
    give_password,
    is_signed_in,
    signed_in_client,
    totp_code,
)
from vigie.foundation import scope
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db


def test_password_then_application_opens_a_session(client: Client, alice: User, letters: Letters) -> None:
    step = give_password(client, "alice@chu.example")
    assert step.headers["Location"] == reverse("mfa_authenticate")
    assert client.get(step.headers["Location"]).status_code == 200
    assert not is_signed_in(client)
    assert give_code(client, totp_code()).headers["Location"] == "/"
    assert is_signed_in(client)
    assert letters.kinds() == ["new_device"]


def test_password_then_mailed_code_opens_a_session(client: Client, bob: User, letters: Letters) -> None:
    step = give_password(client, "bob@chu.example")
    assert step.headers["Location"] == reverse("account_confirm_login_code")
    assert "bob@chu.example" in client.get(step.headers["Location"]).content.decode()
    letter = letters.last("login_code")
    code = code_in(letter["text"])
    assert letter["recipient"] == bob
    assert letter["secret"] is True
    assert code not in letter["subject"]
    assert not is_signed_in(client)
    assert give_mailed_code(client, code).headers["Location"] == "/"
    assert is_signed_in(client)


def test_password_then_recovery_code_opens_a_session_once(alice: User, letters: Letters) -> None:
    with as_maintenance():
        code = RecoveryCodes.activate(alice).generate_codes()[0]
    first, second = Client(), Client()
    give_password(first, alice.email)
    give_code(first, code)
    give_password(second, alice.email)
    refused = give_code(second, code)
    assert is_signed_in(first)
    assert refused.status_code == 200
    assert not is_signed_in(second)


@pytest.mark.parametrize("typed", ["  ALICE@CHU.EXAMPLE ", "alice@chu.example\u200b"])
def test_address_is_found_in_any_case_and_unicode_form(client: Client, alice: User, letters: Letters, typed: str) -> None:
    assert give_password(client, typed).headers["Location"] == reverse("mfa_authenticate")


@pytest.mark.parametrize(
    ("email", "password"),
    [("alice@chu.example", "pas le bon mot de passe"), ("inconnue@chu.example", PASSWORD), ("\u0430lice@chu.example", PASSWORD)],
)
def test_wrong_password_and_unknown_account_get_the_same_answer(client: Client, alice: User, email: str, password: str) -> None:
    answer = give_password(client, email, password)
    assert answer.status_code == 200
    assert "ne sont pas corrects" in answer.content.decode() or "adresse" in answer.content.decode()
    assert alice.first_name not in answer.content.decode()


def test_unknown_account_costs_the_same_work(client: Client, alice: User, django_assert_num_queries: Any) -> None:
    """One Argon2id and as many queries, whether the account exists or not."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for email in ("alice@chu.example", "inconnue@chu.example"):
        with CaptureQueriesContext(connection) as queries:
            give_password(client, email, "pas le bon mot de passe")
        counts.append(len([query for query in queries.captured_queries if "foundation_cacheentry" not in query["sql"]]))
    assert counts[0] == counts[1]


def test_application_code_is_accepted_once(alice: User, letters: Letters) -> None:
    code = totp_code()
    first, second = Client(), Client()
    give_password(first, alice.email)
    assert give_code(first, code).status_code == 302
    give_password(second, alice.email)
    assert give_code(second, code).status_code == 200
    assert not is_signed_in(second)


def test_application_code_is_not_accepted_again_within_the_tolerance(alice: User, letters: Letters) -> None:
    # Five seconds into a step of the application; the database's clock, which counts expiries, does not travel.
    beginning = time.time() // 30 * 30 + 5
    with time_machine.travel(beginning, tick=False) as clock:
        code = totp_code(steps=1)
        first, second = Client(), Client()
        give_password(first, alice.email)
        assert give_code(first, code).status_code == 302
        clock.shift(40)
        give_password(second, alice.email)
        assert give_code(second, code).status_code == 200


def test_clock_that_is_half_a_minute_late_is_forgiven(client: Client, alice: User, letters: Letters) -> None:
    give_password(client, alice.email)
    assert give_code(client, totp_code(steps=-1)).status_code == 302


def test_code_of_two_minutes_ago_is_refused(client: Client, alice: User) -> None:
    give_password(client, alice.email)
    assert give_code(client, totp_code(steps=-4)).status_code == 200


def test_mailed_code_dies_after_three_wrong_ones(client: Client, bob: User, letters: Letters) -> None:
    give_password(client, bob.email)
    code = code_in(letters.last("login_code")["text"])
    for _attempt in range(3):
        give_mailed_code(client, "0000-0000")
    give_mailed_code(client, code)
    assert not is_signed_in(client)


def test_mailed_code_dies_after_ten_minutes(client: Client, bob: User, letters: Letters) -> None:
    with time_machine.travel("2026-03-02 08:00:00+00:00", tick=False) as clock:
        give_password(client, bob.email)
        clock.shift(11 * 60)
        give_mailed_code(client, code_in(letters.last("login_code")["text"]))
        assert not is_signed_in(client)


def test_mailed_codes_are_limited_by_account(bob: User, letters: Letters) -> None:
    for _attempt in range(8):
        assert give_password(Client(), bob.email).status_code == 302
    assert give_password(Client(), bob.email).status_code == 429
    assert letters.kinds().count("login_code") == 8


def test_guesses_at_mailed_codes_are_counted_by_account(bob: User, letters: Letters, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {"code_guess": "4/h/key"}
    for _session in range(2):
        guessing = Client()
        give_password(guessing, bob.email)
        for _guess in range(2):
            give_mailed_code(guessing, "0000-0000")
    client = Client()
    give_password(client, bob.email)
    give_mailed_code(client, code_in(letters.last("login_code")["text"]))
    assert not is_signed_in(client)


def test_wrong_passwords_lock_the_account_and_not_the_hospital(alice: User, bob: User, letters: Letters) -> None:
    for _attempt in range(5):
        give_password(Client(), alice.email, "pas le bon mot de passe")
    locked = give_password(Client(), alice.email)
    assert locked.status_code == 200
    assert give_password(Client(), bob.email).status_code == 302


def test_wrong_codes_lock_the_second_step(client: Client, alice: User) -> None:
    give_password(client, alice.email)
    for _attempt in range(5):
        give_code(client, "000000")
    give_code(client, totp_code())
    assert not is_signed_in(client)


def test_deactivated_account_is_told_so_only_after_its_password(client: Client, alice: User) -> None:
    with scope.entered(Scope(user_id=alice.pk)):
        actions.deactivate(alice)
    assert give_password(client, alice.email, "pas le bon mot de passe").status_code == 200
    assert give_password(client, alice.email).headers["Location"] == reverse("account_inactive")


def test_deactivation_ends_sessions(alice: User, letters: Letters) -> None:
    client = Client()
    give_password(client, alice.email)
    give_code(client, totp_code())
    with scope.entered(Scope(user_id=alice.pk)):
        actions.deactivate(alice)
        assert not UserSession.objects.filter(user=alice).exists()
        alice.is_active = True
        alice.save()
    assert not is_signed_in(client), "a session must not come back with the account"


def test_known_browser_is_not_told_again(client: Client, alice: User, letters: Letters) -> None:
    give_password(client, alice.email)
    give_code(client, totp_code())
    client.post(reverse("account_logout"))
    give_password(client, alice.email)
    give_code(client, totp_code(steps=1))
    assert is_signed_in(client)
    assert letters.kinds() == ["new_device"]
    notice = letters.last("new_device")
    assert "127.0.0.1" in notice["text"]
    assert "127.0.0.1" not in notice["subject"]


def test_somebody_else_on_the_same_computer_is_told(client: Client, alice: User, bob: User, letters: Letters) -> None:
    give_password(client, alice.email)
    give_code(client, totp_code())
    client.post(reverse("account_logout"))
    give_password(client, bob.email)
    give_mailed_code(client, code_in(letters.last("login_code")["text"]))
    assert letters.kinds().count("new_device") == 2


def test_sign_up_is_closed(client: Client) -> None:
    assert client.post("/compte/inscription/", {"email": "moi@chu.example"}).status_code == 404
    assert client.post("/compte/signup/", {"email": "moi@chu.example"}).status_code == 404


def test_sign_in_leads_back_to_the_page_that_was_wanted(client: Client, alice: User, letters: Letters) -> None:
    wall = client.get(reverse("accounts:preferences"))
    assert wall.headers["Location"] == f"{reverse('account_login')}?next={reverse('accounts:preferences')}"
    client.post(wall.headers["Location"], {"login": alice.email, "password": PASSWORD, "next": reverse("accounts:preferences")})
    assert give_code(client, totp_code()).headers["Location"] == reverse("accounts:preferences")


def test_sign_in_never_leads_to_another_site(client: Client, alice: User, letters: Letters) -> None:
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD, "next": "https://mechant.example/"})
    assert give_code(client, totp_code()).headers["Location"] == "/"


def test_secret_of_the_application_is_encrypted_at_rest(alice: User) -> None:
    client = signed_in_client(alice)
    with as_maintenance():
        Authenticator.objects.filter(user=alice).delete()
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    added = client.post(reverse("mfa_activate_totp"), {"code": totp_code(secret)})
    assert added.status_code == 302
    with as_maintenance():
        stored = {factor.type: str(factor.data) for factor in Authenticator.objects.filter(user=alice)}
    assert set(stored) == {"totp", "recovery_codes"}
    assert secret not in stored["totp"]
