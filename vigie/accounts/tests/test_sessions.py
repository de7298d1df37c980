"""Sessions: listed, closed by their owner, ended by the server (ACC-4)."""

import time
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import User
from vigie.accounts.session_store import SessionStore
from vigie.accounts.tasks import delete_ended_sessions
from vigie.accounts.tests.conftest import Letters
from vigie.accounts.tests.signing_in import give_code, give_password, is_signed_in, totp_code

pytestmark = pytest.mark.django_db(transaction=True)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(user: User, *, steps: int = 0, **headers: Any) -> Client:
    client = Client(headers=headers)
    give_password(client, user.email)
    give_code(client, totp_code(steps=steps))
    return client


@pytest.fixture
def client(alice: User, letters: Letters) -> Client:
    return sign_in(alice, user_agent=FIREFOX)


def test_list_names_each_device_and_this_one(client: Client) -> None:
    page = client.get(reverse("accounts:sessions")).content.decode()
    assert "Firefox sur Windows" in page
    assert "cet appareil" in page


def test_owner_closes_one_of_her_sessions(client: Client, alice: User) -> None:
    other = sign_in(alice, steps=1)
    row = next(row for row in client.get(reverse("accounts:sessions")).context["rows"] if not row["is_current"])
    client.post(reverse("accounts:end_session"), {"session": row["session"].pk})
    assert not is_signed_in(other)
    assert is_signed_in(client)


def test_owner_closes_all_other_sessions(client: Client, alice: User) -> None:
    other = sign_in(alice, steps=1)
    client.post(reverse("accounts:end_other_sessions"))
    assert not is_signed_in(other)
    assert is_signed_in(client)


@pytest.mark.parametrize("session", ["0", "999999999", "", "x", "1 OR 1=1"])
def test_session_of_somebody_else_does_not_exist(client: Client, session: str) -> None:
    assert client.post(reverse("accounts:end_session"), {"session": session}).status_code == 404


def test_stranger_cannot_close_her_session(client: Client, alice: User, bob: User) -> None:
    from vigie.accounts.tests.signing_in import signed_in_client

    stranger = signed_in_client(bob)
    row = UserSession.objects.get(user=alice)
    assert stranger.post(reverse("accounts:end_session"), {"session": row.pk}).status_code == 404
    assert is_signed_in(client)


def test_session_ends_after_two_hours_without_use(client: Client) -> None:
    with time_machine.travel(time.time() + 2 * 3600 + 5, tick=False):
        assert not is_signed_in(client)


def test_use_puts_the_end_off(client: Client) -> None:
    beginning = time.time()
    for hour in range(1, 6):
        with time_machine.travel(beginning + hour * 3600, tick=False):
            assert is_signed_in(client), f"after {hour} hours of use"


def test_session_ends_twelve_hours_after_the_sign_in_whatever_its_use(client: Client) -> None:
    beginning = time.time()
    for hour in range(1, 12):
        with time_machine.travel(beginning + hour * 3600, tick=False):
            assert is_signed_in(client)
    with time_machine.travel(beginning + 12 * 3600 + 5, tick=False):
        assert not is_signed_in(client)


def test_session_is_touched_at_most_once_a_minute(client: Client) -> None:
    row = Session.objects.get(session_key=client.session.session_key)
    client.get(reverse("accounts:profile"))
    assert Session.objects.get(pk=row.pk).expire_date == row.expire_date
    with time_machine.travel(time.time() + 90, tick=False):
        client.get(reverse("accounts:profile"))
        assert Session.objects.get(pk=row.pk).expire_date > row.expire_date
        assert UserSession.objects.get(session_key=row.pk).last_seen_at == timezone.now()


def test_touching_keeps_what_another_request_stored(client: Client) -> None:
    store = SessionStore(client.session.session_key)
    store.load()
    other = SessionStore(client.session.session_key)
    other["note"] = "stored meanwhile"
    other.save()
    with time_machine.travel(time.time() + 90, tick=False):
        assert store.touch()
    assert SessionStore(client.session.session_key)["note"] == "stored meanwhile"


def test_sign_out_closes_the_session_on_the_server(client: Client) -> None:
    key = client.session.session_key
    client.post(reverse("account_logout"))
    assert not Session.objects.filter(session_key=key).exists()
    assert not UserSession.objects.filter(session_key=key).exists()


def test_sign_in_changes_the_key_of_the_session(alice: User, letters: Letters) -> None:
    client = Client()
    give_password(client, alice.email)
    before = client.session.session_key
    give_code(client, totp_code())
    assert client.session.session_key != before


def test_what_a_session_holds_is_unreadable_in_the_database(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_data FROM django_session WHERE session_key = %s", [client.session.session_key])
        (stored,) = cursor.fetchone()
    assert "account" not in stored
    assert SessionStore().decode(stored[:-4] + "AAA=") == {}
    assert SessionStore().decode(stored)["account_authentication_methods"]


def test_expiry_never_passes_the_absolute_limit() -> None:
    store = SessionStore()
    store["vigie_started"] = time.time() - 11.5 * 3600
    assert store.get_expiry_date() - timezone.now() < timedelta(minutes=31)


def test_ended_sessions_are_swept_and_others_stay(client: Client, alice: User) -> None:
    other = sign_in(alice, steps=1)
    Session.objects.filter(session_key=other.session.session_key).update(expire_date=timezone.now() - timedelta(minutes=1))
    delete_ended_sessions(0)
    assert not Session.objects.filter(session_key=other.session.session_key).exists()
    assert UserSession.objects.filter(user=alice).count() == 1
    assert is_signed_in(client)
