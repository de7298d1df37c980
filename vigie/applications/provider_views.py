"""The pages and doors of the OpenID provider (ACC-42): allauth's, behind what Vigie asks of them."""

from typing import Final

from allauth.idp.oidc import app_settings
from allauth.idp.oidc.models import Client, Token
from allauth.idp.oidc.views import AuthorizationView, UserInfoView
from allauth.idp.oidc.views import jwks as allauth_jwks
from allauth.idp.oidc.views import revoke as allauth_revoke
from allauth.idp.oidc.views import token as allauth_token
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.applications import actions, authorizing, grants, queries
from vigie.applications.actions import OPENID
from vigie.applications.authorizing import Asked
from vigie.applications.grants import Grant
from vigie.applications.models import Application, ClaimScope
from vigie.applications.provider import Served, issuer, serve
from vigie.directory.access import everyone, signed_in
from vigie.directory.entry import SignedInRequest, enter_as
from vigie.foundation.scope import writes_on_get

_ERROR: Final = 400
_UNKNOWN: Final = 401


# --- Before the person -----------------------------------------------------------------------------------------------
class _Authorization(AuthorizationView):
    """allauth's page, with our consent."""

    template_name = "applications/consent.html"


_allauth_authorization = _Authorization.as_view()


@writes_on_get
@require_http_methods(["GET", "POST"])
@never_cache
def authorize(request: HttpRequest) -> HttpResponseBase:
    """Let an application know who is there, if she may use it."""
    asked = authorizing.read(request.GET) if request.method == "GET" else authorizing.read_consent(request.POST.get("request", ""))
    if asked is None:
        return render(request, "applications/refused.html", status=_ERROR)
    if asked.fault:
        return asked.refused(request, asked.fault)
    if "none" in asked.prompts and getattr(request, "actor", None) is None:
        return asked.refused(request, "login_required")
    return _authorize(request, asked)


# Two factors are asked for by the wall itself: it reads the audience of this function.
authorize.audience = "signed_in"  # type: ignore[attr-defined]


@signed_in
def _authorize(request: SignedInRequest, asked: Asked) -> HttpResponseBase:
    application = queries.usable_application(request.actor, asked.client.pk)
    if application is None:
        # Nothing of her, nor of why: the same answer as if she had refused.
        return asked.refused(request, "access_denied")
    if request.method == "GET":
        if "login" in asked.prompts or authorizing.is_too_old(request, request.user):
            return asked.refused(request, "login_required") if "none" in asked.prompts else authorizing.ask_again(request)
        if "none" in asked.prompts:
            if not application.is_trusted:
                return asked.refused(request, "consent_required")
            authorizing.without_prompt(request)
    response: HttpResponse = _allauth_authorization(request)
    return _answered(request, asked, application, response)


def _answered(request: SignedInRequest, asked: Asked, application: Application, response: HttpResponse) -> HttpResponse:
    if response.status_code != 302:
        if hasattr(response, "context_data"):
            response.context_data |= {"application": application, "told": _told(asked)}
        return response
    address = response["Location"]
    code = authorizing.code_in(address)
    if code:
        grants.remember(request, request.user, client=asked.client.pk, code=code)
        if request.method == "POST":
            actions.record_consent(request.actor, application, asked.scopes)
    return authorizing.leave(request, asked, address)


def _told(asked: Asked) -> list[str]:
    return [str(scope.label) for scope in ClaimScope if scope in asked.scopes]


# --- Between programs ------------------------------------------------------------------------------------------------
@everyone
@csrf_exempt
@never_cache
@require_POST
def token(request: HttpRequest) -> HttpResponse:
    """Give tokens for a code, or new ones for the former ones."""
    kind = request.POST.get("grant_type", "")
    if "resource" in request.POST:
        return _error("invalid_target")
    if kind == Client.GrantType.AUTHORIZATION_CODE:
        grant = grants.spend(request.POST.get("code", ""))
    elif kind == Client.GrantType.REFRESH_TOKEN:
        found = grants.of_token(Token.Type.REFRESH_TOKEN, request.POST.get("refresh_token", ""))
        grant = found[1] if found is not None else None
    else:
        return _error("unsupported_grant_type")
    if grant is None or not _enter(request, grant):
        return _error("invalid_grant")
    response: HttpResponse = allauth_token(request)
    if response.status_code == 200:
        given = authorizing.tokens_in(response)
        grants.keep(grant, given)
    return response


@everyone
@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def userinfo(request: HttpRequest) -> HttpResponse:
    """Say of a person what the token's scopes allow, as it is now."""
    kind, _space, value = request.headers.get("Authorization", "").partition(" ")
    found = grants.of_token(Token.Type.ACCESS_TOKEN, value) if kind.lower() == "bearer" else None
    if found is None or not _enter(request, found[1]):
        response = _error("invalid_token", status=_UNKNOWN)
        response["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return response
    answer: HttpResponse = UserInfoView.as_view()(request)
    return answer


def _enter(request: HttpRequest, grant: Grant) -> bool:
    """Enter the scope of the person, if she is still there and still served: it is asked at each use of a token."""
    actor = enter_as(grant.user, read_only=request.method == "GET")
    application = queries.usable_application(actor, grant.client) if actor is not None else None
    if actor is None or application is None or grant.is_over_for(actor.user):
        return False
    serve(request, Served(actor, application, grant))
    return True


def _error(code: str, *, status: int = _ERROR) -> JsonResponse:
    return JsonResponse({"error": code}, status=status)


revoke = everyone(never_cache(allauth_revoke))
jwks = everyone(allauth_jwks)


@everyone
@require_GET
def configuration(request: HttpRequest) -> JsonResponse:
    """What the provider can do (OpenID Connect Discovery): less than allauth would, and no more than is said here."""

    def at(name: str) -> str:
        return issuer() + reverse(f"idp:oidc:{name}")

    told = {
        "issuer": issuer(),
        "authorization_endpoint": at("authorization"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "revocation_endpoint": at("revoke"),
        "jwks_uri": at("jwks"),
        "scopes_supported": [OPENID, *ClaimScope.values],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": list(app_settings.AUTH_METHODS),
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "acr_values_supported": [grants.TWO_FACTORS, grants.PLACE],
        "claims_supported": [
            *("sub", "iss", "aud", "exp", "iat", "nonce", "acr", "amr", "auth_time"),
            *("name", "given_name", "family_name", "locale", "zoneinfo", "email", "sites", "services", "practitioners", "features"),
        ],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "ui_locales_supported": ["fr", "en"],
    }
    response = JsonResponse(told)
    response["Access-Control-Allow-Origin"] = "*"
    return response
