"""The door of the provider: what an application must ask, before allauth's own page judges the rest.

allauth accepts more than Vigie does (no PKCE for applications with a secret, redirections with other parameters, any
port of this machine): what is refused here never reaches it.
"""

import json
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from allauth.core.internal.httpkit import add_query_params
from allauth.idp.oidc.models import Client
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from vigie.accounts.models import User
from vigie.applications.actions import OPENID
from vigie.applications.grants import authenticated_at

_ONCE: Final = ("client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method")
_CHALLENGE_LENGTH: Final = 43
_REQUEST_OBJECTS: Final = ("request", "request_uri", "registration", "response_mode")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose application and way back are known: whatever else is wrong is told to the application."""

    client: Client
    back: str
    state: str
    scopes: tuple[str, ...]
    prompts: frozenset[str]
    fault: str

    def refused(self, request: HttpRequest, error: str) -> HttpResponse:
        """Send the person back with an error of the protocol: never why, when that would tell something of her."""
        parameters = {"error": error} | ({"state": self.state} if self.state else {})
        return leave(request, self, add_query_params(self.back, parameters))


def read(parameters: QueryDict) -> Asked | None:
    """Return what is asked; None when one cannot tell by whom, and nobody must be sent anywhere."""
    if any(len(parameters.getlist(name)) > 1 for name in _ONCE):
        return None
    client = Client.objects.filter(pk=parameters.get("client_id", "")).first()
    back = parameters.get("redirect_uri", "")
    # To the letter: what looks like a registered address is another one.
    if client is None or back not in client.get_redirect_uris():
        return None
    scopes = tuple(parameters.get("scope", "").split())
    return Asked(
        client=client,
        back=back,
        state=parameters.get("state", ""),
        scopes=scopes,
        prompts=frozenset(parameters.get("prompt", "").split()),
        fault=_fault(parameters, scopes),
    )


def read_consent(signed: str) -> Asked | None:
    """Return what was asked, from what the page of consent gives back."""
    try:
        scopes, stated = Signer().unsign_object(signed)
        values = {name: value for name, value in stated.items() if isinstance(value, str)}
    except (BadSignature, AttributeError, TypeError, ValueError):
        return None
    given = QueryDict(mutable=True)
    given.update(values | {"scope": " ".join(scopes)})
    return read(given)


def _fault(parameters: QueryDict, scopes: tuple[str, ...]) -> str:
    if any(name in parameters for name in _REQUEST_OBJECTS):
        return "request_not_supported"
    challenge = parameters.get("code_challenge", "")
    if parameters.get("code_challenge_method") != "S256" or len(challenge) != _CHALLENGE_LENGTH:
        return "invalid_request"
    return "" if OPENID in scopes else "invalid_scope"


def is_too_old(request: HttpRequest, user: User) -> bool:
    """Tell whether the application wants a fresher proof than the one this session stands on (max_age)."""
    age = request.GET.get("max_age", "")
    if not (age.isascii() and age.isdigit() and len(age) < 10):
        return False
    # Never so fresh that she could not come back in time.
    return time.time() - authenticated_at(request, user) > max(int(age), 30)


def ask_again(request: HttpRequest) -> HttpResponse:
    """Ask who she is again, then come back here without asking twice."""
    kept = request.GET.copy()
    kept["prompt"] = " ".join(word for word in kept.get("prompt", "").split() if word != "login")
    if not kept["prompt"]:
        del kept["prompt"]
    back = f"{request.path}?{kept.urlencode()}"
    return redirect(f"{reverse('account_reauthenticate')}?{urlencode({REDIRECT_FIELD_NAME: back})}")


def without_prompt(request: HttpRequest) -> None:
    """Take « none » away from a request that can be answered without a page: allauth would want tokens given before."""
    kept = request.GET.copy()
    kept.pop("prompt", None)
    request.META["QUERY_STRING"] = kept.urlencode()
    request.GET = kept  # type: ignore[assignment] # as immutable as needed


def code_in(address: str) -> str:
    """Return the code that an answer carries, empty when it is a refusal."""
    return QueryDict(urlsplit(address).query).get("code", "") or ""


def tokens_in(response: HttpResponse) -> list[str]:
    """Return the tokens that an answer gives."""
    told = json.loads(response.content)
    return [told[name] for name in ("access_token", "refresh_token") if name in told]


def leave(request: HttpRequest, asked: Asked, address: str) -> HttpResponse:
    """Lead the person back to the application.

    By a page after one of our own forms, sign-in among them: our policy lets forms lead to ourselves only, redirections
    included, and is not loosened for anybody.
    """
    if request.method == "POST" or _comes_from_us(request):
        return render(request, "applications/leaving.html", {"name": asked.client.name, "address": address})
    response = HttpResponse(status=302)
    response["Location"] = address
    return response


def _comes_from_us(request: HttpRequest) -> bool:
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return True
    return urlsplit(request.headers.get("Referer", "")).netloc == request.get_host()
