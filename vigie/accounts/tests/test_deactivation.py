"""What ends when an account is closed, and does not come back when it opens again (ACC-14)."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from vigie.accounts import actions
from vigie.accounts.models import KnownDevice, User
from vigie.accounts.tests.conftest import Letters
from vigie.accounts.tests.factories import PASSWORD
from vigie.accounts.tests.signing_in import code_in, give_code, give_mailed_code, give_password, is_signed_in, signed_in_client, totp_code
from vigie.foundation import live, scope
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance

# A session that has ended is removed beside the request's transaction, which only reads.
pytestmark = pytest.mark.django_db(transaction=True)
NEW = "girafe plomb marée lanterne"


def close(user: User) -> None:
    with scope.entered(Scope(user_id=user.pk)):
        actions.deactivate(user)


def open_again(user: User) -> None:
    with as_maintenance():
        User.objects.filter(pk=user.pk).update(is_active=True)


def test_sessions_end_at_once_and_stay_ended(alice: User, letters: Letters) -> None:
    listed, unlisted = Client(), signed_in_client(alice)
    give_password(listed, alice.email)
    give_code(listed, totp_code())
    assert is_signed_in(listed)
    assert is_signed_in(unlisted)
    close(alice)
    assert not is_signed_in(listed)
    assert not UserSession.objects.filter(user=alice).exists()
    open_again(alice)
    assert not is_signed_in(listed)
    assert not is_signed_in(unlisted), "nor does one that no list knew"
    again = Client()
    give_password(again, alice.email)
    give_code(again, totp_code(steps=1))
    assert is_signed_in(again)


def test_live_streams_are_closed(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    revoked: list[object] = []
    monkeypatch.setattr(live, "publish_revocation", lambda user_id, **_session: revoked.append(user_id))
    close(alice)
    assert revoked == [alice.pk]


def test_browsers_are_forgotten(alice: User, letters: Letters) -> None:
    browser = Client()
    give_password(browser, alice.email)
    give_code(browser, totp_code())
    close(alice)
    with as_maintenance():
        assert not KnownDevice.objects.filter(user=alice).exists()
    open_again(alice)
    letters.sent.clear()
    give_password(browser, alice.email)
    give_code(browser, totp_code(steps=1))
    assert letters.kinds() == ["new_device"]


def test_sign_in_under_way_does_not_end_in_a_session_even_when_the_account_opens_again(alice: User, letters: Letters) -> None:
    under_way = Client()
    assert give_password(under_way, alice.email).headers["Location"] == reverse("mfa_authenticate")
    close(alice)
    assert give_code(under_way, totp_code()).headers["Location"].startswith(reverse("account_login"))
    open_again(alice)
    give_code(under_way, totp_code(steps=1))
    assert not is_signed_in(under_way)


def test_mailed_code_of_before_opens_nothing_after(bob: User, letters: Letters) -> None:
    under_way = Client()
    give_password(under_way, bob.email)
    code = code_in(letters.last("login_code")["text"])
    close(bob)
    open_again(bob)
    give_mailed_code(under_way, code)
    assert not is_signed_in(under_way)


def test_change_of_a_forgotten_password_under_way_changes_nothing(alice: User, letters: Letters) -> None:
    under_way = Client()
    under_way.post(reverse("account_reset_password"), {"email": alice.email})
    code = code_in(letters.last("password_reset_code")["text"])
    close(alice)
    open_again(alice)
    under_way.post(reverse("account_confirm_password_reset_code"), {"code": code})
    under_way.post(reverse("account_complete_password_reset"), {"password1": NEW, "password2": NEW})
    with as_maintenance():
        assert User.objects.get(pk=alice.pk).check_password(PASSWORD)


def test_closed_account_is_refused_like_a_wrong_password_until_the_password_is_right(alice: User, letters: Letters) -> None:
    close(alice)
    assert give_password(Client(), alice.email, "pas le bon mot de passe").status_code == 200
    assert give_password(Client(), alice.email).headers["Location"] == reverse("account_inactive")
    assert letters.sent == []
