"""A forgotten password: an e-mail code after an e-mail reset is one factor, not two (ACC-1, ACC-6)."""

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from vigie.accounts.models import User
from vigie.accounts.tests.conftest import Letters
from vigie.accounts.tests.factories import PASSWORD
from vigie.accounts.tests.signing_in import (
    Answer,
    code_in,
    give_code,
    give_mailed_code,
    give_password,
    is_signed_in,
    signed_in_client,
    totp_code,
)
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
NEW = "girafe plomb marée lanterne"


def ask(client: Client, email: str) -> Answer:
    return client.post(reverse("account_reset_password"), {"email": email})


def reset(client: Client, user: User, letters: Letters, password: str = NEW) -> Answer:
    ask(client, user.email)
    code = code_in(letters.last("password_reset_code")["text"])
    client.post(reverse("account_confirm_password_reset_code"), {"code": code})
    return client.post(reverse("account_complete_password_reset"), {"password1": password, "password2": password})


def test_reset_changes_the_password_and_signs_nobody_in(client: Client, alice: User, letters: Letters) -> None:
    done = reset(client, alice, letters)
    assert done.headers["Location"] == reverse("account_password_reset_completed")
    assert client.get(done.headers["Location"]).status_code == 200
    assert not is_signed_in(client)
    assert letters.kinds() == ["password_reset_code", "password_reset"]
    assert give_password(client, alice.email, PASSWORD).status_code == 200
    assert give_password(client, alice.email, NEW).status_code == 302
    give_code(client, totp_code())
    assert is_signed_in(client)


@pytest.mark.django_db(transaction=True)
def test_reset_ends_open_sessions(alice: User, letters: Letters) -> None:
    elsewhere = signed_in_client(alice)
    assert is_signed_in(elsewhere)
    reset(Client(), alice, letters)
    assert not is_signed_in(elsewhere)


def test_mailbox_alone_opens_no_session(client: Client, bob: User, letters: Letters) -> None:
    reset(client, bob, letters)
    stopped = give_password(client, bob.email, NEW)
    assert stopped.headers["Location"] == reverse("accounts:mailbox_alone")
    page = client.get(stopped.headers["Location"])
    assert "administrateur" in page.content.decode()
    assert "login_code" not in letters.kinds()
    assert not is_signed_in(client)


def test_recovery_code_opens_a_session_after_a_reset(client: Client, bob: User, letters: Letters) -> None:
    with as_maintenance():
        code = RecoveryCodes.activate(bob).generate_codes()[0]
    reset(client, bob, letters)
    assert give_password(client, bob.email, NEW).headers["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("mfa_authenticate")).status_code == 200
    give_code(client, code)
    assert is_signed_in(client)


def test_changing_the_password_from_a_full_session_makes_the_mailbox_count_again(client: Client, bob: User, letters: Letters) -> None:
    with as_maintenance():
        code = RecoveryCodes.activate(bob).generate_codes()[0]
    reset(client, bob, letters)
    give_password(client, bob.email, NEW)
    give_code(client, code)
    other = "chaussure nuage orchestre tunnel"
    client.post(reverse("account_change_password"), {"oldpassword": NEW, "password1": other, "password2": other})
    assert is_signed_in(client), "the session that changes the password stays"
    again = Client()
    assert give_password(again, bob.email, other).headers["Location"] == reverse("account_confirm_login_code")
    give_mailed_code(again, code_in(letters.last("login_code")["text"]))
    assert is_signed_in(again)


def test_administrator_unlocks_an_account(client: Client, bob: User, letters: Letters) -> None:
    reset(client, bob, letters)
    call_command("unlock_account", bob.email)
    assert letters.kinds()[-1] == "unlocked"
    assert give_password(client, bob.email, NEW).headers["Location"] == reverse("account_confirm_login_code")


def test_administrator_removes_lost_factors(client: Client, alice: User, letters: Letters) -> None:
    call_command("unlock_account", alice.email, "--remove-factors")
    assert give_password(client, alice.email).headers["Location"] == reverse("account_confirm_login_code")


def test_unknown_address_gets_the_same_answer_for_the_same_work_and_no_mail(alice: User) -> None:
    answers, work = [], []
    for address in (alice.email, "inconnue@chu.example"):
        client = Client()
        with CaptureQueriesContext(connection) as queries:
            answer = ask(client, address)
        page = client.get(answer.headers["Location"])
        answers.append((answer.status_code, answer.headers["Location"], page.status_code, len(page.content) - len(address)))
        work.append(len([query for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]]))
    assert answers[0] == answers[1]
    assert abs(work[0] - work[1]) <= 2
    with as_maintenance():
        outbox = apps.get_model("notifications", "OutgoingMail")
        assert [mail.address for mail in outbox.objects.all()] == [alice.email]


def test_wrong_codes_end_the_reset(client: Client, alice: User, letters: Letters) -> None:
    ask(client, alice.email)
    code = code_in(letters.last("password_reset_code")["text"])
    for _attempt in range(3):
        client.post(reverse("account_confirm_password_reset_code"), {"code": "0000-0000"})
    client.post(reverse("account_confirm_password_reset_code"), {"code": code})
    refused = client.post(reverse("account_complete_password_reset"), {"password1": NEW, "password2": NEW})
    assert refused.headers["Location"] == reverse("account_reset_password")
    assert give_password(Client(), alice.email, PASSWORD).status_code == 302


def test_resets_are_limited_by_address(alice: User, letters: Letters) -> None:
    for _attempt in range(5):
        assert ask(Client(), alice.email).status_code == 302
    assert ask(Client(), alice.email).status_code == 429


def test_code_is_nowhere_in_a_subject(client: Client, alice: User, letters: Letters) -> None:
    ask(client, alice.email)
    letter = letters.last("password_reset_code")
    assert code_in(letter["text"]) not in letter["subject"]
    assert alice.last_name not in letter["subject"]
