"""The whole dance, as an application does it: what it is told, and every way in which it is told nothing (ACC-42, INT-5)."""

import base64
import hashlib
import re
import time
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
import time_machine
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.idp.oidc.models import Client as RegisteredClient
from allauth.idp.oidc.models import Token
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from vigie.accounts import actions as accounts
from vigie.accounts.models import TrustedNetwork, User
from vigie.accounts.tests.signing_in import Answer, signed_in_client
from vigie.applications import actions, grants
from vigie.applications.models import Application
from vigie.applications.tests.factories import BACK, SECRET, ApplicationFactory
from vigie.audit.models import Act
from vigie.directory.models import (
    Feature,
    MedicalIdentity,
    Membership,
    PractitionerFeature,
    Role,
    Service,
    ServiceFeature,
    ServiceMembership,
    Site,
    SiteFeature,
)
from vigie.directory.tests import factories as directory
from vigie.directory.tests.acting import acting_as
from vigie.foundation.testing import as_maintenance

pytestmark = pytest.mark.django_db

VERIFIER = "a" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


class RelyingParty:
    """An application before Vigie, as a program: strict about what it receives."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.http = Client()

    def asking(self, **changes: str | None) -> str:
        """Return the address where it sends people; None takes a parameter away."""
        parameters = {
            "client_id": self.application.client_id,
            "redirect_uri": BACK,
            "response_type": "code",
            "scope": "openid profile email sites services practitioners features",
            "state": "état 1",
            "nonce": "n-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        return f"{reverse('idp:oidc:authorization')}?{urlencode({name: value for name, value in parameters.items() if value is not None})}"

    def code(self, person: Client, **changes: str | None) -> str:
        answer = person.get(self.asking(**changes))
        assert answer.status_code == 302, answer.content
        told = parameters_of(answer["Location"])
        assert told["state"] == "état 1"
        assert told["pied"] == "de-page"
        return told["code"]

    def redeem(self, given: str, *, secret: str = SECRET, **changes: str) -> Answer:
        sent = {"grant_type": "authorization_code", "code": given, "redirect_uri": BACK, "code_verifier": VERIFIER} | changes
        return self._post("token", sent, secret)

    def refresh(self, token: str) -> Answer:
        return self._post("token", {"grant_type": "refresh_token", "refresh_token": token}, SECRET)

    def revoke(self, token: str) -> Answer:
        return self._post("revoke", {"token": token}, SECRET)

    def _post(self, name: str, sent: dict[str, str], secret: str) -> Answer:
        both = base64.b64encode(f"{self.application.client_id}:{secret}".encode()).decode()
        return self.http.post(reverse(f"idp:oidc:{name}"), sent, headers={"Authorization": f"Basic {both}"})

    def userinfo(self, token: str) -> Answer:
        return self.http.get(reverse("idp:oidc:userinfo"), headers={"Authorization": f"Bearer {token}"})

    def verified(self, id_token: str, *, nonce: str | None = "n-1") -> dict[str, Any]:
        """Check all that a strict client checks; return the claims."""
        discovery = self.http.get("/.well-known/openid-configuration").json()
        published = self.http.get(urlsplit(discovery["jwks_uri"]).path).json()
        header = jwt.get_unverified_header(id_token)
        key = next(key for key in jwt.PyJWKSet.from_dict(published).keys if key.key_id == header["kid"])
        claims: dict[str, Any] = jwt.decode(
            id_token,
            key,
            algorithms=["RS256"],
            audience=self.application.client_id,
            issuer=discovery["issuer"],
            options={"require": ["iss", "aud", "exp", "iat", "sub", "acr", "auth_time"]},
        )
        assert claims.get("nonce") == nonce
        return claims

    def enter(self, person: Client, **changes: str | None) -> dict[str, Any]:
        answer = self.redeem(self.code(person, **changes))
        assert answer.status_code == 200, answer.content
        told: dict[str, Any] = answer.json()
        return told


def parameters_of(address: str) -> dict[str, str]:
    assert address.startswith("https://planning.example/retour?"), address
    return dict(parse_qsl(urlsplit(address).query))


@pytest.fixture
def site() -> Site:
    with as_maintenance():
        made: Site = directory.SiteFactory.create()
    return made


@pytest.fixture
def alice(site: Site) -> User:
    with as_maintenance():
        return directory.member(site, first_name="Alice", last_name="Martin")


@pytest.fixture
def party(site: Site) -> RelyingParty:
    with as_maintenance():
        return RelyingParty(ApplicationFactory.create(name="Planning", serves=[site]))


@pytest.fixture
def operator() -> User:
    with as_maintenance():
        return directory.member(directory.SiteFactory.create(), Role.OPERATOR)


# --- What an application is told -------------------------------------------------------------------------------------
def test_application_learns_who_is_there_and_how_she_signed_in(alice: User, party: RelyingParty) -> None:
    told = party.enter(signed_in_client(alice))
    claims = party.verified(told["id_token"])
    assert claims["sub"] == party.userinfo(told["access_token"]).json()["sub"]
    assert claims["acr"] == grants.TWO_FACTORS
    assert claims["amr"] == ["mfa", "otp", "pwd"]
    assert abs(claims["auth_time"] - time.time()) < 60
    # Applications write ID tokens in addresses: nothing of her is there.
    assert set(claims) == {"iss", "aud", "exp", "iat", "jti", "nonce", "at_hash", "sub", "acr", "amr", "auth_time"}
    assert claims["exp"] - claims["iat"] == told["expires_in"] == 300


def test_each_scope_says_its_part_and_nothing_else(alice: User, party: RelyingParty) -> None:
    person = signed_in_client(alice)
    said = {
        "profile": {"name", "given_name", "family_name", "locale", "zoneinfo"},
        "email": {"email"},
        "sites": {"sites"},
        "services": {"services"},
        "practitioners": {"practitioners"},
        "features": {"features"},
    }
    for scope, names in said.items():
        token = party.enter(person, scope=f"openid {scope}")["access_token"]
        assert set(party.userinfo(token).json()) == {"sub"} | names


def test_application_learns_of_sites_that_it_serves_and_of_no_other(alice: User, party: RelyingParty, site: Site) -> None:
    with as_maintenance():
        elsewhere = directory.SiteFactory.create()
        directory.MembershipFactory.create(user=alice, site=elsewhere)
        member, other = (Membership.objects.get(user=alice, site=one) for one in (site, elsewhere))
        cardiology: Service = directory.ServiceFactory.create(site=site, name="Cardiologie")
        secret: Service = directory.ServiceFactory.create(site=elsewhere, name="Ailleurs")
        doctor = directory.PractitionerFactory.create(site=site)
        ServiceMembership.objects.create(site=site, membership=member, service=cardiology)
        ServiceMembership.objects.create(site=elsewhere, membership=other, service=secret)
        MedicalIdentity.objects.create(site=site, membership=member, practitioner=doctor)
        for code in ("par-service", "par-medecin"):
            SiteFeature.objects.create(site=site, feature=Feature.objects.create(code=code, name=code))
        ServiceFeature.objects.create(site=site, service=cardiology, feature=Feature.objects.get(code="par-service"))
        PractitionerFeature.objects.create(site=site, practitioner=doctor, feature=Feature.objects.get(code="par-medecin"))
    told = party.userinfo(party.enter(signed_in_client(alice))["access_token"]).json()
    assert [one["number"] for one in told["sites"]] == [site.number]
    assert told["services"] == {site.number: [{"id": str(cardiology.pk), "name": "Cardiologie"}]}
    assert told["practitioners"] == {site.number: [{"rpps": doctor.rpps, "name": str(doctor)}]}
    assert told["features"] == {site.number: ["par-medecin", "par-service"]}
    assert told["given_name"] == "Alice"
    assert told["email"] == alice.email


def test_session_that_stands_on_a_place_says_so(alice: User, party: RelyingParty) -> None:
    person = signed_in_client(alice, factors=False)
    with as_maintenance():
        network = TrustedNetwork.objects.create(
            user=alice, name="Garde", network="127.0.0.0/24", expires_at=timezone.now() + timedelta(days=1)
        )
    session = person.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] += [{"method": "network", "id": str(network.pk), "at": time.time()}]
    session.save()
    claims = party.verified(party.enter(person)["id_token"])
    assert claims["acr"] == grants.PLACE
    assert claims["amr"] == ["network", "pwd"]


def test_discovery_promises_what_is_kept(party: RelyingParty) -> None:
    told = party.http.get("/.well-known/openid-configuration").json()
    assert told["response_types_supported"] == ["code"]
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert "device_authorization_endpoint" not in told
    assert "registration_endpoint" not in told
    for name in ("authorization", "token", "userinfo", "revocation"):
        assert told[f"{name}_endpoint"].startswith(told["issuer"])
    published = party.http.get(urlsplit(told["jwks_uri"]).path).json()["keys"]
    assert len(published) == 1
    assert not {"d", "p", "q"} & set(published[0])


# --- Consent ---------------------------------------------------------------------------------------------------------
def test_application_that_nobody_vouches_for_waits_for_consent(alice: User, party: RelyingParty) -> None:
    _untrust(party)
    person = signed_in_client(alice)
    page = person.get(party.asking(scope="openid email features"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "adresse électronique" in text
    assert "fonctionnalités effectives" in text
    assert "nom et prénom" not in text
    accepted = person.post(reverse("idp:oidc:authorization"), _consent_form(text, "grant"))
    # By a page, since a form of ours leads to ourselves only.
    assert accepted.status_code == 200
    assert "form-action 'self'" in accepted["Content-Security-Policy"]
    code = parameters_of(_leads_to(accepted))["code"]
    assert party.redeem(code).status_code == 200
    with as_maintenance():
        act = Act.objects.get(code="application.consented")
    assert (act.subject_id, act.object_name, act.details) == (alice.pk, "Planning", {"claim_scopes": ["email", "features", "openid"]})


def test_refusing_tells_the_application_and_nothing_more(alice: User, party: RelyingParty) -> None:
    _untrust(party)
    person = signed_in_client(alice)
    page = person.get(party.asking())
    refused = person.post(reverse("idp:oidc:authorization"), _consent_form(page.content.decode(), "cancel"))
    assert parameters_of(_leads_to(refused)) == {"pied": "de-page", "error": "access_denied", "state": "état 1"}
    with as_maintenance():
        assert not Act.objects.filter(code="application.consented").exists()


def test_consent_that_was_tampered_with_leads_nowhere(alice: User, party: RelyingParty) -> None:
    person = signed_in_client(alice)
    answer = person.post(reverse("idp:oidc:authorization"), {"request": "forged:signature", "action": "grant", "scopes": "openid"})
    assert answer.status_code == 400


def test_silent_request_never_shows_a_page(alice: User, party: RelyingParty) -> None:
    assert parameters_of(Client().get(party.asking(prompt="none"))["Location"])["error"] == "login_required"
    person = signed_in_client(alice)
    assert "code" in parameters_of(person.get(party.asking(prompt="none"))["Location"])
    _untrust(party)
    assert parameters_of(person.get(party.asking(prompt="none"))["Location"])["error"] == "consent_required"


def test_fresher_proof_is_asked_for_when_the_application_wants_it(alice: User, party: RelyingParty) -> None:
    person = signed_in_client(alice)
    asked = person.get(party.asking(prompt="login"))
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert "prompt" not in asked["Location"]
    session = person.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{**one, "at": time.time() - 600} for one in session[AUTHENTICATION_METHODS_SESSION_KEY]]
    session.save()
    assert person.get(party.asking(max_age="300"))["Location"].startswith(reverse("account_reauthenticate"))
    assert "code" in parameters_of(person.get(party.asking(max_age="3600"))["Location"])


# --- Refusals before anything is given -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "back",
    [
        "https://planning.example/retour",
        f"{BACK}&autre=1",
        f"{BACK}#x",
        "https://planning.example.attaque.example/retour?pied=de-page",
        "http://planning.example/retour?pied=de-page",
        "",
        None,
    ],
)
def test_address_that_was_not_declared_to_the_letter_is_never_gone_to(alice: User, party: RelyingParty, back: str | None) -> None:
    answer = signed_in_client(alice).get(party.asking(redirect_uri=back))
    assert answer.status_code == 400
    assert "Location" not in answer
    page = answer.content.decode()
    assert "http-equiv" not in page
    assert 'href="http' not in page


def test_unknown_application_and_doubled_parameters_are_refused_on_our_page(alice: User, party: RelyingParty) -> None:
    person = signed_in_client(alice)
    assert person.get(party.asking(client_id="inconnue")).status_code == 400
    assert person.get(party.asking() + "&redirect_uri=https%3A%2F%2Fattaque.example%2F").status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "court"}, "invalid_request"),
        ({"response_type": "id_token"}, "unauthorized_client"),
        ({"response_type": "code id_token"}, "unauthorized_client"),
        ({"scope": "openid admin"}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"request": "e30."}, "request_not_supported"),
        ({"response_mode": "fragment"}, "request_not_supported"),
    ],
)
def test_flow_that_is_not_ours_is_refused(alice: User, party: RelyingParty, changes: dict[str, str | None], error: str) -> None:
    answer = signed_in_client(alice).get(party.asking(**changes))
    told = parameters_of(answer["Location"])
    assert told["error"] == error
    assert "code" not in told


def test_person_of_a_site_that_is_not_served_is_refused_without_a_reason(party: RelyingParty) -> None:
    with as_maintenance():
        stranger = directory.member(directory.SiteFactory.create())
    answer = signed_in_client(stranger).get(party.asking())
    assert parameters_of(answer["Location"]) == {"pied": "de-page", "error": "access_denied", "state": "état 1"}


def test_operator_enters_no_application_of_sites_where_she_is_not(party: RelyingParty, operator: User) -> None:
    answer = signed_in_client(operator).get(party.asking())
    assert parameters_of(answer["Location"])["error"] == "access_denied"


def test_nobody_is_vouched_for_before_two_factors(alice: User, party: RelyingParty) -> None:
    for person in (Client(), signed_in_client(alice, factors=False)):
        answer = person.get(party.asking())
        assert answer.status_code == 302
        assert answer["Location"].startswith("/compte/")


def test_after_a_form_of_ours_she_leaves_by_a_page(alice: User, party: RelyingParty) -> None:
    # Browsers hold a form to where its redirections lead, and ours lead to ourselves only.
    answer = signed_in_client(alice).get(party.asking(), headers={"Referer": "http://testserver/compte/connexion/facteur/"})
    assert answer.status_code == 200
    assert "code" in parameters_of(_leads_to(answer))
    assert "no-store" in answer["Cache-Control"]


# --- Refusals of codes and tokens ------------------------------------------------------------------------------------
def test_code_serves_once_and_what_it_gave_dies_when_it_comes_back(alice: User, party: RelyingParty) -> None:
    code = party.code(signed_in_client(alice))
    told = party.redeem(code).json()
    assert party.userinfo(told["access_token"]).status_code == 200
    again = party.redeem(code)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert party.userinfo(told["access_token"]).status_code == 401
    assert party.refresh(told["refresh_token"]).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": "b" * 64}, {"code_verifier": ""}, {"redirect_uri": "https://planning.example/"}, {"code": "autre"}],
)
def test_stolen_code_gives_nothing(alice: User, party: RelyingParty, changes: dict[str, str]) -> None:
    answer = party.redeem(party.code(signed_in_client(alice)), **changes)
    assert answer.status_code == 400
    assert Token.objects.count() == 0


def test_code_is_useless_without_the_secret_and_to_another_application(alice: User, party: RelyingParty, site: Site) -> None:
    assert party.redeem(party.code(signed_in_client(alice)), secret="autre").status_code == 401
    with as_maintenance():
        other = RelyingParty(ApplicationFactory.create(serves=[site]))
    assert other.redeem(party.code(signed_in_client(alice))).status_code == 400
    assert Token.objects.count() == 0


def test_code_and_tokens_expire(alice: User, party: RelyingParty) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        person = signed_in_client(alice)
        told = party.enter(person)
        assert party.userinfo(told["access_token"]).status_code == 200
        clock.shift(timedelta(seconds=301))
        assert party.userinfo(told["access_token"]).status_code == 401
        renewed = party.refresh(told["refresh_token"]).json()
        assert party.userinfo(renewed["access_token"]).status_code == 200
        clock.shift(timedelta(hours=2, seconds=1))
        assert party.refresh(renewed["refresh_token"]).status_code == 400


def test_refreshing_ends_with_the_day_of_work(alice: User, party: RelyingParty) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        told = party.enter(signed_in_client(alice))
        for _hour in range(12):
            clock.shift(timedelta(minutes=59))
            told = party.refresh(told["refresh_token"]).json()
        clock.shift(timedelta(minutes=30))
        assert party.refresh(told["refresh_token"]).json() == {"error": "invalid_grant"}


def test_refresh_token_serves_once(alice: User, party: RelyingParty) -> None:
    first = party.enter(signed_in_client(alice))
    second = party.refresh(first["refresh_token"])
    assert second.status_code == 200
    assert party.verified(second.json()["id_token"], nonce=None)["amr"] == ["mfa", "otp", "pwd"]
    assert party.refresh(first["refresh_token"]).status_code == 400


def test_application_gives_its_tokens_back(alice: User, party: RelyingParty) -> None:
    told = party.enter(signed_in_client(alice))
    assert party.revoke(told["access_token"]).status_code == 200
    assert party.userinfo(told["access_token"]).status_code == 401


@pytest.mark.parametrize("grant", ["client_credentials", "password", "urn:ietf:params:oauth:grant-type:device_code", ""])
def test_other_grants_do_not_exist(party: RelyingParty, grant: str) -> None:
    answer = party.redeem("x", grant_type=grant)
    assert (answer.status_code, answer.json()) == (400, {"error": "unsupported_grant_type"})


def test_token_in_an_address_is_no_token(alice: User, party: RelyingParty) -> None:
    told = party.enter(signed_in_client(alice))
    answer = party.http.get(f"{reverse('idp:oidc:userinfo')}?access_token={told['access_token']}")
    assert answer.status_code == 401


# --- Ends ------------------------------------------------------------------------------------------------------------
def _deactivate(alice: User) -> None:
    with as_maintenance():
        accounts.deactivate(alice)


def _leave_the_site(alice: User) -> None:
    with as_maintenance():
        Membership.objects.filter(user=alice).update(is_active=False)


def _close_the_site(alice: User) -> None:
    with as_maintenance():
        Site.objects.filter(memberships__user=alice).update(is_active=False)


def _sign_out_everywhere(alice: User) -> None:
    with as_maintenance():
        accounts.end_sessions(alice)


@pytest.mark.parametrize("end", [_deactivate, _leave_the_site, _close_the_site, _sign_out_everywhere])
def test_tokens_die_with_what_gave_them(alice: User, party: RelyingParty, end: Any) -> None:
    told = party.enter(signed_in_client(alice))
    waiting = party.code(signed_in_client(alice))
    end(alice)
    assert party.userinfo(told["access_token"]).status_code == 401
    assert party.refresh(told["refresh_token"]).status_code == 400
    assert party.redeem(waiting).json() == {"error": "invalid_grant"}


def test_tokens_of_a_session_die_when_she_leaves_it_and_no_others(alice: User, party: RelyingParty) -> None:
    here, there = signed_in_client(alice), signed_in_client(alice)
    of_here, of_there = party.enter(here), party.enter(there)
    waiting = party.code(here)
    here.post(reverse("account_logout"))
    assert party.redeem(waiting).json() == {"error": "invalid_grant"}
    assert party.userinfo(of_here["access_token"]).status_code == 401
    assert party.userinfo(of_there["access_token"]).status_code == 200


def test_application_out_of_service_learns_nothing_more(alice: User, party: RelyingParty, operator: User) -> None:
    person = signed_in_client(alice)
    told, waiting = party.enter(person), party.code(person)
    with acting_as(operator) as actor:
        actions.withdraw_application(actor, party.application.pk)
    assert party.userinfo(told["access_token"]).status_code == 401
    assert party.refresh(told["refresh_token"]).status_code == 400
    assert party.redeem(waiting).status_code == 400
    assert person.get(party.asking()).status_code == 400


def _untrust(party: RelyingParty) -> None:
    with as_maintenance():
        Application.objects.update(is_trusted=False)
        RegisteredClient.objects.update(skip_consent=False)


def _consent_form(page: str, action: str) -> dict[str, Any]:
    form = page[page.index('name="request"') - 200 :]
    signed = re.search(r'name="request" value="([^"]+)"', form)
    assert signed is not None, form
    return {"request": signed[1], "scopes": re.findall(r'name="scopes" value="([^"]+)"', form), "action": action}


def _leads_to(page: Answer) -> str:
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', page.content.decode())
    assert found is not None, page.content.decode()
    return found[1].replace("&amp;", "&")
