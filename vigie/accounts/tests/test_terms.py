"""Terms of use: nobody reaches a page with data before she has accepted the version in force (ACC-13)."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from vigie.accounts import terms
from vigie.accounts.models import TermsAcceptance, TermsOfUse, User
from vigie.accounts.tests.conftest import Letters
from vigie.accounts.tests.factories import UserFactory
from vigie.accounts.tests.signing_in import give_code, give_password, is_signed_in, signed_in_client, totp_code
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
PAGE = reverse("accounts:terms")


@pytest.fixture
def newcomer() -> User:
    with as_maintenance():
        return UserFactory(email="nina@chu.example", second_factor=True, terms=False)


def signs_in(user: User) -> Client:
    client = Client()
    give_password(client, user.email)
    give_code(client, totp_code())
    return client


def test_a_newcomer_reads_nothing_before_she_accepts(newcomer: User, letters: Letters) -> None:
    client = signs_in(newcomer)
    answer = client.get(reverse("accounts:preferences"))
    assert answer["Location"].startswith(PAGE)
    assert client.get(reverse("accounts:profile"), headers={"Accept": "application/json"}).status_code == 403
    refused = client.post(PAGE, {"next": "/"})
    assert refused.status_code == 422
    assert not is_signed_in(client)
    accepted = client.post(PAGE, {"accepted": "on", "next": reverse("accounts:preferences")}, REMOTE_ADDR="203.0.113.9")
    assert accepted["Location"] == reverse("accounts:preferences")
    assert is_signed_in(client)
    with as_maintenance():
        kept = TermsAcceptance.objects.get(user=newcomer)
    assert (kept.terms.version, kept.address) == (1, "203.0.113.9")


def test_who_has_accepted_is_not_asked_again(alice: User, letters: Letters) -> None:
    assert is_signed_in(signs_in(alice))


def test_a_new_version_asks_again_at_the_next_sign_in(alice: User, letters: Letters) -> None:
    before = signed_in_client(alice)
    with as_maintenance():
        TermsOfUse.objects.create(version=2, text_fr="Deux", text_en="Two", published_at=timezone.now())
    assert is_signed_in(before)
    client = signs_in(alice)
    assert not is_signed_in(client)
    assert "Deux" in client.get(PAGE, headers={"Accept-Language": "fr"}).content.decode()
    client.post(PAGE, {"accepted": "on"})
    with as_maintenance():
        assert TermsAcceptance.objects.filter(user=alice).count() == 2


def test_the_terms_are_read_in_the_persons_language(newcomer: User, letters: Letters) -> None:
    with as_maintenance():
        User.objects.filter(pk=newcomer.pk).update(language="en")
    assert "health territory" in signs_in(newcomer).get(PAGE).content.decode()


def test_accepting_never_leads_elsewhere(newcomer: User, letters: Letters) -> None:
    answer = signs_in(newcomer).post(PAGE, {"accepted": "on", "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"


def test_a_session_from_before_the_terms_is_asked_once(alice: User) -> None:
    client = signed_in_client(alice)
    session = client.session
    del session[terms.SESSION_KEY]
    session.save()
    assert client.get(reverse("accounts:profile"))["Location"].startswith(PAGE)
    assert client.get(PAGE).status_code == 302
    assert is_signed_in(client)


def test_signing_out_is_possible_without_accepting(newcomer: User, letters: Letters) -> None:
    client = signs_in(newcomer)
    assert client.post(reverse("account_logout")).status_code == 302
    assert client.get(PAGE)["Location"].startswith(reverse("account_login"))
