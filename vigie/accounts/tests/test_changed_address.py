"""An account with another address: whatever the former mailbox proved is over (ACC-15)."""

import pytest
from django.test import Client
from django.urls import reverse

from vigie.accounts import actions
from vigie.accounts.models import User
from vigie.accounts.tests.conftest import Letters
from vigie.accounts.tests.factories import PASSWORD
from vigie.accounts.tests.signing_in import code_in, give_code, give_mailed_code, give_password, is_signed_in, totp_code
from vigie.foundation import scope
from vigie.foundation.scope import Scope

pytestmark = pytest.mark.django_db
NEW = "girafe plomb marée lanterne"


def move(user: User, address: str = "moved@chu.example") -> None:
    with scope.entered(Scope(user_id=user.pk)):
        actions.change_email(User.objects.get(pk=user.pk), address)


def test_both_mailboxes_are_told_without_learning_the_other(alice: User, letters: Letters) -> None:
    move(alice)
    assert [(letter["address"], letter["event"].partition(":")[0]) for letter in letters.sent] == [
        ("alice@chu.example", "account.email_left"),
        ("moved@chu.example", "account.email_given"),
    ]
    assert "moved@chu.example" not in letters.sent[0]["text"] + letters.sent[0]["subject"]
    assert "alice@chu.example" not in letters.sent[1]["text"] + letters.sent[1]["subject"]


def test_a_code_under_way_to_the_former_mailbox_chooses_no_password(client: Client, alice: User, letters: Letters) -> None:
    client.post(reverse("account_reset_password"), {"email": alice.email})
    client.post(reverse("account_confirm_password_reset_code"), {"code": code_in(letters.last("password_reset_code")["text"])})
    move(alice)
    client.post(reverse("account_complete_password_reset"), {"password1": NEW, "password2": NEW})
    assert give_password(Client(), "moved@chu.example", NEW).status_code == 200
    assert give_password(Client(), "moved@chu.example", PASSWORD).status_code == 302


def test_a_sign_in_code_under_way_to_the_former_mailbox_opens_nothing(client: Client, bob: User, letters: Letters) -> None:
    give_password(client, bob.email)
    code = code_in(letters.last("login_code")["text"])
    move(bob)
    give_mailed_code(client, code)
    assert not is_signed_in(client)
    again = Client()
    give_password(again, "moved@chu.example")
    assert letters.last("login_code")["address"] == "moved@chu.example"
    give_mailed_code(again, code_in(letters.last("login_code")["text"]))
    assert is_signed_in(again)


def test_password_and_factors_stay_the_same(client: Client, alice: User, letters: Letters) -> None:
    move(alice)
    give_password(client, "Moved@CHU.example")
    give_code(client, totp_code())
    assert is_signed_in(client)
