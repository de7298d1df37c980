"""Client certificates through the reverse proxy: a header, believed from the proxy alone (ACC-3)."""

from ipaddress import ip_network
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse

from vigie.accounts import identities
from vigie.accounts.client_certificates import ClientCertificates
from vigie.accounts.models import User
from vigie.accounts.tests.conftest import Letters
from vigie.accounts.tests.signing_in import Answer, give_code, is_signed_in, signed_in_client, totp_code
from vigie.foundation import scope
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
HEADER = "X-Client-Certificate-Subject"
PROXY = "10.1.2.3"
CARD = "899700218896"


def configured(*, are_two_factors: bool = False) -> ClientCertificates:
    return ClientCertificates(header=HEADER, proxies=(ip_network("10.1.2.0/29"),), are_two_factors=are_two_factors)


@pytest.fixture(autouse=True)
def _believed(settings: Any) -> None:
    settings.VIGIE_CLIENT_CERTIFICATES = configured()


def show(client: Client, subject: str = CARD, peer: str = PROXY, **headers: str) -> Answer:
    return client.post(reverse("certificate_sign_in"), headers={HEADER: subject, **headers}, REMOTE_ADDR=peer)


def link(user: User) -> None:
    with scope.entered(Scope(user_id=user.pk)):
        identities.link(user, identities.Asserted(identities.CERTIFICATE, CARD))


def test_linked_card_is_one_factor(client: Client, alice: User, letters: Letters) -> None:
    link(alice)
    assert show(client).headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    give_code(client, totp_code())
    assert is_signed_in(client)


def test_linked_card_is_two_factors_where_the_operator_says_so(client: Client, alice: User, letters: Letters, settings: Any) -> None:
    settings.VIGIE_CLIENT_CERTIFICATES = configured(are_two_factors=True)
    link(alice)
    assert show(client).headers["Location"] == "/"
    assert is_signed_in(client)


@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1", "10.1.2.8", "", "not an address"])
def test_header_from_elsewhere_is_ignored(client: Client, alice: User, settings: Any, peer: str) -> None:
    settings.VIGIE_CLIENT_CERTIFICATES = configured(are_two_factors=True)
    link(alice)
    answer = show(client, peer=peer, **{"X-Forwarded-For": PROXY})
    assert answer.status_code == 403
    assert not is_signed_in(client)


@pytest.mark.parametrize("subject", ["", "899700218897", f"{CARD},{CARD}", f"x,{CARD}", "a" * 300, "8\x0099700218896"])
def test_other_subjects_open_nothing(client: Client, alice: User, subject: str) -> None:
    link(alice)
    assert show(client, subject).status_code == 403
    assert not is_signed_in(client)


def test_without_configuration_the_header_is_ignored(client: Client, alice: User, settings: Any) -> None:
    settings.VIGIE_CLIENT_CERTIFICATES = None
    link(alice)
    assert show(client).status_code == 403


def test_sign_in_page_offers_the_card_that_it_sees(client: Client) -> None:
    offered = "Se connecter avec ma carte professionnelle"
    assert offered in client.get(reverse("account_login"), headers={HEADER: CARD}, REMOTE_ADDR=PROXY).content.decode()
    assert offered not in client.get(reverse("account_login"), headers={HEADER: CARD}).content.decode()


def test_owner_links_her_card_and_is_told(alice: User, letters: Letters) -> None:
    client = signed_in_client(alice)
    address = reverse("certificate_link")
    seen: dict[str, Any] = {"headers": {HEADER: CARD}, "REMOTE_ADDR": PROXY}
    assert CARD in client.get(address, **seen).content.decode()
    assert client.post(address, **seen).headers["Location"] == reverse("accounts:security")
    assert letters.kinds() == ["identity_linked"]
    with as_maintenance():
        assert SocialAccount.objects.get().user_id == alice.pk


def test_card_that_is_not_shown_cannot_be_linked(alice: User) -> None:
    assert signed_in_client(alice).post(reverse("certificate_link"), headers={HEADER: CARD}).status_code == 404


def test_card_of_somebody_else_stays_hers(alice: User, bob: User, letters: Letters) -> None:
    link(bob)
    signed_in_client(alice).post(reverse("certificate_link"), headers={HEADER: CARD}, REMOTE_ADDR=PROXY)
    with as_maintenance():
        assert SocialAccount.objects.get().user_id == bob.pk
    assert letters.kinds() == []
