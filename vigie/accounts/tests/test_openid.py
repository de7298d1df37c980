"""OpenID Connect sign-in against a real provider process (ACC-2)."""

import html
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.conf import settings as configured_settings
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from tests.harness.identity_provider import SECRET, IdentityProvider, running_identity_provider
from vigie.accounts import actions, identities
from vigie.accounts.models import User
from vigie.accounts.openid import issuer as openid_issuer
from vigie.accounts.openid.configuration import OpenIDProvider
from vigie.accounts.tests.conftest import Letters
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
from vigie.foundation import scope
from vigie.foundation.scope import Scope
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db
SLUG = "essai"
RPPS = "810001234567"


@pytest.fixture(scope="module")
def process() -> Iterator[IdentityProvider]:
    address = f"{configured_settings.VIGIE_BASE_URL}{reverse('openid_callback', args=[SLUG])}"
    with running_identity_provider(address) as running:
        yield running


@pytest.fixture
def provider(process: IdentityProvider, settings: Any) -> IdentityProvider:
    """A provider that knows Alice by her address, and a doctor by her professional identifier."""
    settings.VIGIE_OPENID_PROVIDERS = (_configured(process.issuer),)
    process.arrange(
        {
            "alice-there": {"email": "Alice@CHU.example", "email_verified": True, "name": "Alice Durand"},
            "unverified": {"email": "alice@chu.example", "email_verified": False},
            "quoted": {"email": "alice@chu.example", "email_verified": "true"},
            "doctor": {"SubjectNameID": RPPS, "name": "Dr Durand"},
            "stranger": {"email": "inconnue@ailleurs.example", "email_verified": True},
        }
    )
    return process


def _configured(issuer: str, **changed: Any) -> OpenIDProvider:
    values = {
        "slug": SLUG,
        "name": "Pro Santé d’essai",
        "issuer": issuer,
        "client_id": "vigie",
        "client_secret": SECRET,
        "discovery_url": f"{issuer}/.well-known/openid-configuration",
        "scopes": ("openid", "profile", "email", "scope_all"),
        "required_acr": "eidas1",
        "two_factors_acr": "eidas2",
        "identifier_claim": "SubjectNameID",
    }
    return OpenIDProvider(**(values | changed))


def link(user: User, provider: IdentityProvider, subject: str, identifier: str = "") -> None:
    with scope.entered(Scope(user_id=user.pk)):
        identities.link(user, identities.Asserted(provider.issuer, subject, identifier))


def leave(client: Client, **data: str) -> str:
    """Press the button; return the address to which the browser is led."""
    return address_in(client.post(reverse("openid_sign_in", args=[SLUG]), data))


def address_in(answer: Answer) -> str:
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', answer.content.decode())
    assert found is not None, answer.content.decode()
    return html.unescape(found[1])


def come_back(client: Client, parameters: dict[str, str]) -> Answer:
    return client.get(reverse("openid_callback", args=[SLUG]), parameters)


def sign_in(client: Client, provider: IdentityProvider, account: str, acr: str = "eidas2", **data: str) -> Answer:
    return come_back(client, provider.sign_in(leave(client, **data), account, acr))


def refusal(answer: Answer) -> str:
    assert "openid/refused.html" in [template.name for template in answer.templates], answer
    return str(answer.context["reason"])


def test_linked_identity_with_two_factors_opens_the_account(
    client: Client, alice: User, provider: IdentityProvider, letters: Letters
) -> None:
    link(alice, provider, "alice-there")
    answer = sign_in(client, provider, "alice-there", next=reverse("accounts:preferences"))
    assert answer.headers["Location"] == reverse("accounts:preferences")
    assert is_signed_in(client)


def test_sign_in_page_shows_the_provider(client: Client, provider: IdentityProvider) -> None:
    page = client.get(reverse("account_login")).content.decode()
    assert "Se connecter avec Pro Santé d’essai" in page
    assert reverse("openid_sign_in", args=[SLUG]) in page


def test_request_is_made_of_the_configuration_and_of_nothing_that_the_visitor_says(client: Client, provider: IdentityProvider) -> None:
    wanted = "?scope=offline_access&auth_params=prompt%3Dnone%26acr_values%3Dnone&process=connect&state=mine&nonce=mine&redirect_uri=https://x.example"
    answer = client.post(
        reverse("openid_sign_in", args=[SLUG]) + wanted,
        {"scope": "offline_access", "auth_params": "login_hint=x", "process": "connect"},
        headers={"host": "127.0.0.1"},
    )
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address_in(answer)).query).items()}
    assert set(asked) == {
        "client_id",
        "redirect_uri",
        "scope",
        "response_type",
        "state",
        "nonce",
        "acr_values",
        "code_challenge",
        "code_challenge_method",
    }
    assert set(asked["scope"].split()) == {"openid", "profile", "email", "scope_all"}
    assert (asked["acr_values"], asked["code_challenge_method"], asked["response_type"]) == ("eidas1", "S256", "code")
    assert asked["redirect_uri"].startswith(configured_settings.VIGIE_BASE_URL)
    assert "mine" not in asked.values()
    assert len(asked["nonce"]) >= 32


def test_sign_in_begins_by_post_only(client: Client, provider: IdentityProvider) -> None:
    assert client.get(reverse("openid_sign_in", args=[SLUG])).status_code == 405
    assert Client(enforce_csrf_checks=True).post(reverse("openid_sign_in", args=[SLUG])).status_code == 403


def test_unknown_provider_does_not_exist(client: Client, provider: IdentityProvider) -> None:
    assert client.post(reverse("openid_sign_in", args=["autre"])).status_code == 404
    assert client.get(reverse("openid_callback", args=["autre"])).status_code == 404


@pytest.mark.parametrize("wanted", ["https://mechant.example/", "//mechant.example/", "javascript:alert(1)", "http:mechant.example"])
def test_return_never_leads_elsewhere(client: Client, alice: User, provider: IdentityProvider, letters: Letters, wanted: str) -> None:
    link(alice, provider, "alice-there")
    assert sign_in(client, provider, "alice-there", next=wanted).headers["Location"] == "/"


def test_verified_address_of_an_invited_account_opens_it_and_is_linked(
    client: Client, alice: User, provider: IdentityProvider, letters: Letters
) -> None:
    sign_in(client, provider, "alice-there")
    assert is_signed_in(client)
    assert "identity_linked" in letters.kinds()
    assert "Pro Santé d’essai" in letters.last("identity_linked")["text"]
    with as_maintenance():
        assert [(row.provider, row.uid) for row in SocialAccount.objects.filter(user=alice)] == [(provider.issuer, "alice-there")]


@pytest.mark.parametrize("account", ["unverified", "quoted", "stranger"])
def test_person_whom_nobody_can_find_gets_no_account(client: Client, alice: User, provider: IdentityProvider, account: str) -> None:
    with as_maintenance():
        before = User.objects.count()
    answer = sign_in(client, provider, account)
    assert (answer.status_code, refusal(answer)) == (403, "unknown")
    assert not is_signed_in(client)
    with as_maintenance():
        assert (User.objects.count(), SocialAccount.objects.count()) == (before, 0)


def test_address_is_believed_only_from_a_provider_that_is_trusted_with_it(
    client: Client, alice: User, provider: IdentityProvider, settings: Any
) -> None:
    settings.VIGIE_OPENID_PROVIDERS = (_configured(provider.issuer, trusts_email=False),)
    assert refusal(sign_in(client, provider, "alice-there")) == "unknown"


def test_address_that_passed_to_somebody_else_does_not_open_the_account(client: Client, alice: User, provider: IdentityProvider) -> None:
    link(alice, provider, "alice-before")
    assert refusal(sign_in(client, provider, "alice-there")) == "unknown"


def test_professional_identifier_finds_the_account_that_another_identity_stated(
    client: Client, alice: User, provider: IdentityProvider, letters: Letters
) -> None:
    with scope.entered(Scope(user_id=alice.pk)):
        identities.link(alice, identities.Asserted("https://autre.example", "her-subject-there", RPPS))
    sign_in(client, provider, "doctor")
    assert is_signed_in(client)
    assert "identity_linked" in letters.kinds()


def test_identifier_is_believed_only_from_a_provider_that_vouches_for_it(
    client: Client, alice: User, provider: IdentityProvider, settings: Any
) -> None:
    link(alice, provider, "her-subject-before", RPPS)
    settings.VIGIE_OPENID_PROVIDERS = (_configured(provider.issuer, identifier_claim=None),)
    assert refusal(sign_in(client, provider, "doctor")) == "unknown"


def test_one_factor_there_asks_for_the_second_here(client: Client, alice: User, provider: IdentityProvider, letters: Letters) -> None:
    answer = sign_in(client, provider, "alice-there", "eidas1")
    assert answer.headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert give_code(client, totp_code()).status_code == 302
    assert is_signed_in(client)


def test_one_factor_there_and_a_mailed_code_are_two(client: Client, bob: User, provider: IdentityProvider, letters: Letters) -> None:
    link(bob, provider, "bob-there")
    assert sign_in(client, provider, "bob-there", "eidas1").headers["Location"] == reverse("account_confirm_login_code")
    give_mailed_code(client, code_in(letters.last("login_code")["text"]))
    assert is_signed_in(client)


def test_two_factors_there_need_none_here(client: Client, bob: User, provider: IdentityProvider, letters: Letters) -> None:
    link(bob, provider, "bob-there")
    sign_in(client, provider, "bob-there", "eidas3")
    assert is_signed_in(client)
    assert "login_code" not in letters.kinds()


def test_level_from_which_two_factors_count_is_configured(
    client: Client, alice: User, provider: IdentityProvider, letters: Letters, settings: Any
) -> None:
    settings.VIGIE_OPENID_PROVIDERS = (_configured(provider.issuer, two_factors_acr="eidas1"),)
    sign_in(client, provider, "alice-there", "eidas1")
    assert is_signed_in(client)


@pytest.mark.parametrize("acr", ["eidas1", "substantial", ""])
def test_weaker_level_than_required_is_refused(client: Client, alice: User, provider: IdentityProvider, settings: Any, acr: str) -> None:
    settings.VIGIE_OPENID_PROVIDERS = (_configured(provider.issuer, required_acr="eidas2"),)
    answer = sign_in(client, provider, "alice-there", acr)
    assert (answer.status_code, refusal(answer)) == (403, "weak")
    assert not is_signed_in(client)


FAULTS: dict[str, dict[str, Any]] = {
    "another issuer in the token": {"claims": {"iss": "https://mechant.example"}},
    "another audience": {"claims": {"aud": "autre"}},
    "several audiences without the party it is for": {"claims": {"aud": ["vigie", "autre"]}},
    "made for another party": {"claims": {"azp": "autre"}},
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "expired": {"claims": {"exp": int(time.time()) - 120}},
    "from the future": {"claims": {"iat": int(time.time()) + 600}},
    "without a subject": {"claims": {"sub": ""}},
    "of another access token": {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
    "forged signature": {"signature": "forged"},
    "no signature": {"algorithm": "none"},
    "signed with the shared secret": {"algorithm": "HS256"},
    "somebody else's details": {"userinfo": {"sub": "bob-there"}},
    "a discovery for another issuer": {"discovery": {"issuer": "https://mechant.example"}},
    "keys without TLS elsewhere": {"discovery": {"jwks_uri": "http://mechant.example/keys"}},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_answer_that_does_not_prove_itself_is_refused(client: Client, alice: User, provider: IdentityProvider, fault: str) -> None:
    link(alice, provider, "alice-there")
    parameters = provider.sign_in(leave(client), "alice-there", "eidas2")
    provider.arrange(**FAULTS[fault])
    cache.clear()
    answer = come_back(client, parameters)
    assert (answer.status_code, refusal(answer)) == (400, "refused")
    assert not is_signed_in(client)


def test_genuine_token_that_was_signed_again_is_accepted(client: Client, alice: User, provider: IdentityProvider, letters: Letters) -> None:
    """The faults above are refused for what they change, not for having been touched."""
    link(alice, provider, "alice-there")
    parameters = provider.sign_in(leave(client), "alice-there", "eidas2")
    provider.arrange(claims={"amr": ["pin"]})
    come_back(client, parameters)
    assert is_signed_in(client)


def test_state_serves_once(client: Client, alice: User, provider: IdentityProvider, letters: Letters) -> None:
    link(alice, provider, "alice-there")
    parameters = provider.sign_in(leave(client), "alice-there", "eidas2")
    come_back(client, parameters)
    client.post(reverse("account_logout"))
    assert refusal(come_back(client, parameters)) == "state"
    assert not is_signed_in(client)


def test_answer_belongs_to_the_browser_that_asked(client: Client, alice: User, provider: IdentityProvider) -> None:
    link(alice, provider, "alice-there")
    parameters = provider.sign_in(leave(client), "alice-there", "eidas2")
    assert refusal(come_back(Client(), parameters)) == "state"


def test_answer_of_another_issuer_is_refused_before_its_code_is_used(client: Client, provider: IdentityProvider) -> None:
    parameters = provider.sign_in(leave(client), "alice-there", "eidas2")
    provider.arrange()
    assert refusal(come_back(client, parameters | {"iss": "https://mechant.example"})) == "refused"
    assert "/token" not in provider.seen()


def test_person_may_change_her_mind(client: Client, provider: IdentityProvider) -> None:
    parameters = provider.sign_in(leave(client), "alice-there", error="access_denied")
    assert refusal(come_back(client, parameters)) == "cancelled"


def test_provider_that_is_down_is_said_to_be(client: Client, provider: IdentityProvider, settings: Any) -> None:
    settings.VIGIE_OPENID_PROVIDERS = (_configured("http://127.0.0.1:9"),)
    answer = client.post(reverse("openid_sign_in", args=[SLUG]))
    assert (answer.status_code, refusal(answer)) == (503, "unavailable")


@pytest.mark.django_db(transaction=True)
def test_provider_that_was_down_is_not_waited_for_by_everybody(client: Client, provider: IdentityProvider) -> None:
    provider.arrange(broken="/.well-known/openid-configuration")
    assert client.post(reverse("openid_sign_in", args=[SLUG])).status_code == 503
    provider.arrange()
    assert client.post(reverse("openid_sign_in", args=[SLUG])).status_code == 503
    assert provider.seen() == []


@pytest.mark.parametrize("where", ["/token", "/jwks", "/me"])
def test_slow_provider_is_given_up(
    client: Client, alice: User, provider: IdentityProvider, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(openid_issuer, "_TIMEOUT", (0.5, 0.5))
    link(alice, provider, "alice-there")
    parameters = provider.sign_in(leave(client), "alice-there", "eidas2")
    provider.arrange(slow=where, seconds=2)
    began = time.monotonic()
    assert refusal(come_back(client, parameters)) == "unavailable"
    assert time.monotonic() - began < 2
    assert not is_signed_in(client)


def test_deactivated_account_stays_closed(client: Client, alice: User, provider: IdentityProvider) -> None:
    with scope.entered(Scope(user_id=alice.pk)):
        actions.deactivate(alice)
    assert sign_in(client, provider, "alice-there").headers["Location"] == reverse("account_inactive")
    assert not is_signed_in(client)
    with as_maintenance():
        assert not SocialAccount.objects.exists()


def test_identity_is_linked_and_unlinked_by_its_owner(alice: User, provider: IdentityProvider, letters: Letters) -> None:
    client = signed_in_client(alice)
    address = reverse("openid_link", args=[SLUG])
    assert client.get(address).status_code == 200
    answer = come_back(client, provider.sign_in(address_in(client.post(address)), "doctor", "eidas1"))
    assert answer.headers["Location"] == reverse("accounts:security")
    page = client.get(reverse("accounts:security"))
    assert "Dr Durand" in page.content.decode()
    assert letters.kinds() == ["identity_linked"]
    ((_name, identity),) = page.context["identities"]
    assert client.post(reverse("openid_unlink", args=[identity.pk])).status_code == 302
    assert letters.kinds() == ["identity_linked", "identity_unlinked"]
    with as_maintenance():
        assert not SocialAccount.objects.exists()


def test_linking_and_unlinking_ask_who_is_there_again(alice: User, provider: IdentityProvider) -> None:
    link(alice, provider, "alice-there")
    client = signed_in_client(alice)
    session = client.session
    session["account_authentication_methods"] = [
        record | {"at": time.time() - 3600} for record in session["account_authentication_methods"]
    ]
    session.save()
    with as_maintenance():
        identity = SocialAccount.objects.get()
    for address in (reverse("openid_link", args=[SLUG]), reverse("openid_unlink", args=[identity.pk])):
        for answer in (client.get(address), client.post(address)):
            assert answer.headers["Location"].startswith("/compte/confirmer/")


def test_identity_of_somebody_else_cannot_be_linked_nor_removed(
    alice: User, bob: User, provider: IdentityProvider, letters: Letters
) -> None:
    link(bob, provider, "doctor", RPPS)
    client = signed_in_client(alice)
    address = reverse("openid_link", args=[SLUG])
    answer = come_back(client, provider.sign_in(address_in(client.post(address)), "doctor", "eidas2"))
    assert (answer.status_code, refusal(answer)) == (409, "taken")
    with as_maintenance():
        held = SocialAccount.objects.filter(user=bob, uid="doctor").get()
    assert client.post(reverse("openid_unlink", args=[held.pk])).status_code == 404
    assert letters.kinds() == []


def test_link_begun_by_one_person_is_not_finished_by_another(alice: User, bob: User, provider: IdentityProvider) -> None:
    client = signed_in_client(alice)
    parameters = provider.sign_in(address_in(client.post(reverse("openid_link", args=[SLUG]))), "doctor", "eidas2")
    states = client.session["socialaccount_states"]
    other = signed_in_client(bob)
    session = other.session
    session["socialaccount_states"] = states
    session.save()
    assert refusal(come_back(other, parameters)) == "state"
    with as_maintenance():
        assert not SocialAccount.objects.exists()


def test_password_alone_does_not_finish_a_link(alice: User, provider: IdentityProvider) -> None:
    client = signed_in_client(alice, factors=False)
    assert client.post(reverse("openid_link", args=[SLUG])).status_code == 302


def test_half_finished_password_sign_in_is_not_completed_by_somebody_elses_identity(
    client: Client, alice: User, bob: User, provider: IdentityProvider, letters: Letters
) -> None:
    link(bob, provider, "bob-there")
    give_password(client, alice.email)
    sign_in(client, provider, "bob-there")
    assert client.get(reverse("accounts:profile")).context["request"].user == bob
