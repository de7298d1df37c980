"""The application of the demonstration: it shows what it receives. Nothing of it is reachable in production.

It plays by the rules of any other (code, PKCE, secret, signature), through the doors of the very server that it is in.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import jwt
from allauth.idp.oidc.models import Client
from django.conf import settings
from django.db.models import Model
from django.urls import reverse

from vigie.applications import keys
from vigie.applications.actions import OPENID, describe
from vigie.applications.models import Application, ApplicationSite, ClaimScope, SigningKey
from vigie.applications.provider import issuer
from vigie.directory.models import Site

CLIENT_ID: Final = "annuaire-des-gardes"
_SCOPES: Final = (ClaimScope.PROFILE, ClaimScope.SITES, ClaimScope.SERVICES, ClaimScope.PRACTITIONERS, ClaimScope.FEATURES)
_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Errand:
    """What the application remembers of somebody whom it sent to sign in."""

    state: str
    nonce: str
    verifier: str


class NotVouched(Exception):
    """The answer is not the one that was waited for."""


def rows(sites: Iterable[Site], *, name: str, text: str, now: datetime) -> list[Model]:
    """Return the application, its client and the key that signs, in an order that foreign keys accept."""
    application = Application(
        name=name,
        text=text,
        scopes=list(_SCOPES),
        is_trusted=True,
        client_id=CLIENT_ID,
        created_at=now,
        **_addresses(),
    )
    client = Client(id=CLIENT_ID)
    client.set_secret(_secret())
    describe(client, application)
    key = SigningKey(sealed=keys.sealed_key(), made_at=now, signs_from=now)
    return [key, application, client, *(ApplicationSite(application=application, site=site) for site in sites)]


def name() -> str:
    client = Client.objects.filter(pk=CLIENT_ID).first()
    return client.name if client is not None else CLIENT_ID


def follow_address(*, using: str) -> None:
    """Point the tile where the demonstration now answers: its port may be another one each time."""
    application = Application.objects.using(using).filter(client_id=CLIENT_ID).first()
    client = Client.objects.using(using).filter(pk=CLIENT_ID).first()
    if application is None or client is None:
        return
    for field, value in _addresses().items():
        setattr(application, field, value)
    application.save(using=using)
    describe(client, application)
    client.save(using=using)


def _addresses() -> dict[str, Any]:
    return {
        "address": issuer() + reverse("demonstration_application"),
        "redirect_addresses": [issuer() + reverse("demonstration_application_back")],
    }


def begin() -> tuple[Errand, str]:
    """Return what to remember of a person, and where to send her."""
    errand = Errand(*(secrets.token_urlsafe(48) for _field in range(3)))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(errand.verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "client_id": CLIENT_ID,
        "redirect_uri": _addresses()["redirect_addresses"][0],
        "response_type": "code",
        "scope": " ".join((OPENID, *_SCOPES)),
        "state": errand.state,
        "nonce": errand.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return errand, f"{reverse('idp:oidc:authorization')}?{urlencode(asked)}"


def remembered(errand: Errand) -> dict[str, str]:
    return asdict(errand)


def finish(errand: Errand | None, *, state: str, code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the ID token says, once it was checked, and what the page of claims says. Raises NotVouched."""
    if errand is None or not hmac.compare_digest(state.encode(), errand.state.encode()):
        raise NotVouched
    both = base64.b64encode(f"{CLIENT_ID}:{_secret()}".encode()).decode()
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _addresses()["redirect_addresses"][0],
        "code_verifier": errand.verifier,
    }
    try:
        tokens = _ask("token", {"Authorization": f"Basic {both}"}, sent)
        published = jwt.PyJWKSet.from_dict(_ask("jwks", {}))
        key = published[jwt.get_unverified_header(tokens["id_token"])["kid"]]
        said = jwt.decode(tokens["id_token"], key, algorithms=["RS256"], audience=CLIENT_ID, issuer=issuer())
        if said.get("nonce") != errand.nonce:
            raise NotVouched
        return said, _ask("userinfo", {"Authorization": f"Bearer {tokens['access_token']}"})
    except (OSError, KeyError, ValueError, jwt.PyJWTError) as error:
        raise NotVouched from error


def _ask(name: str, headers: dict[str, str], sent: dict[str, str] | None = None) -> dict[str, Any]:
    data = urlencode(sent).encode() if sent is not None else None
    request = Request(issuer() + reverse(f"idp:oidc:{name}"), data=data, headers=headers)  # noqa: S310 - our own address
    with urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310 - the same
        told: dict[str, Any] = json.load(answer)
    return told


def _secret() -> str:
    return hmac.new(settings.SECRET_KEY.encode(), b"the application of the demonstration", hashlib.sha256).hexdigest()
