"""Leaving for an identity provider, and coming back (ACC-2)."""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.account.utils import perform_login
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.accounts import identities
from vigie.accounts.authentication import VOUCHED, has_two_factors
from vigie.accounts.identities import IdentityIsTaken
from vigie.accounts.models import User
from vigie.accounts.openid.issuer import ProviderError
from vigie.accounts.openid.provider import StrictProvider
from vigie.accounts.views import PersonRequest
from vigie.foundation import scope
from vigie.foundation.scope import NOTHING, writes_on_get

log = structlog.get_logger(__name__)

_STATUS: Final = {"unknown": 403, "weak": 403, "taken": 409, "unavailable": 503}
_ANSWERS: Final = {
    "access_denied": "cancelled",
    "unmet_authentication_requirements": "weak",
    "server_error": "unavailable",
    "temporarily_unavailable": "unavailable",
}
"""What the provider's error codes mean to the person; others are « refused »."""


@require_POST
@never_cache
@login_not_required
def sign_in(request: HttpRequest, name: str) -> HttpResponse:
    """Send her to the provider. By POST, so that no other site can begin a sign-in in her browser."""
    wanted = _inside(request.POST.get("next"))
    if isinstance(request.user, User):
        return redirect(wanted)
    return _leave(request, _provider(request, name), process=AuthProcess.LOGIN, next_url=wanted)


@writes_on_get
@require_GET
@never_cache
@login_not_required
def callback(request: HttpRequest, name: str) -> HttpResponse:
    """Come back from the provider: what it says is checked, then leads to an account that exists, or to an explanation."""
    provider = _provider(request, name)
    # Taken out of the session before anything else: an answer serves once.
    state = statekit.unstash_state(request, state_id=request.GET.get("state", ""), provider_id=provider.sub_id)
    if state is None:
        return _refused(request, provider, "state")
    try:
        claims = provider.claims_for(request, state, _code_in(request, provider))
        if state["process"] == AuthProcess.CONNECT:
            return _link(request, provider, state, claims)
        return _sign_in(request, provider, state, claims)
    except ProviderError as error:
        return _refused(request, provider, error.reason)
    except IdentityIsTaken:
        return _refused(request, provider, "taken")


@require_http_methods(["GET", "POST"])
@never_cache
@reauthentication_required(app="vigie.accounts")  # type: ignore[untyped-decorator] # allauth has no types.
def link_identity(request: PersonRequest, name: str) -> HttpResponse:
    """Say what linking does, then send her to the provider."""
    provider = _provider(request, name)
    if request.method == "GET":
        return render(request, "openid/link.html", {"provider": provider.configured})
    return _leave(request, provider, process=AuthProcess.CONNECT, next_url="", user_id=str(request.user.pk))


@require_http_methods(["GET", "POST"])
@never_cache
@reauthentication_required(app="vigie.accounts")  # type: ignore[untyped-decorator] # allauth has no types.
def unlink_identity(request: PersonRequest, pk: int) -> HttpResponse:
    """Remove one of her identities."""
    identity = next((held for held in identities.linked_to(request.user) if held.pk == pk), None)
    if identity is None:
        raise Http404
    by = identities.name_of(identity)
    if request.method == "GET":
        return render(request, "openid/unlink.html", {"name": by})
    identities.unlink(identity)
    get_adapter().send_notification_mail("account/email/identity_unlinked", request.user, {"provider": by})
    messages.success(request, _("L’identité est retirée."))
    return redirect("accounts:security")


def _code_in(request: HttpRequest, provider: StrictProvider) -> str:
    """Return the code that the provider sent back with her; raise what it, or somebody in its place, says instead."""
    if request.GET.get("iss", provider.configured.issuer) != provider.configured.issuer:
        raise ProviderError("issuer")
    if "code" not in request.GET:
        raise ProviderError(_ANSWERS.get(request.GET.get("error", ""), "error"))
    return request.GET["code"]


def _leave(request: HttpRequest, provider: StrictProvider, *, process: str, next_url: str, user_id: str = "") -> HttpResponse:
    try:
        address = provider.address_of_request(request, process=process, next_url=next_url, user_id=user_id)
    except ProviderError as error:
        return _refused(request, provider, error.reason)
    # A page and not a redirection: our policy lets forms lead to ourselves only, redirections included.
    return render(request, "openid/leaving.html", {"provider": provider.configured, "address": address})


def _sign_in(request: HttpRequest, provider: StrictProvider, state: Mapping[str, Any], claims: Mapping[str, Any]) -> HttpResponse:
    if isinstance(request.user, User):
        return redirect(_inside(state.get("next")))
    asserted = identities.asserted_by(provider.configured, claims)
    user = identities.person_behind(asserted)
    if user is None:
        scope.apply(NOTHING)
        return _refused(request, provider, "unknown")
    if user.is_active and identities.link(user, asserted):
        get_adapter().send_notification_mail("account/email/identity_linked", user, {"provider": provider.configured.name})
    record_authentication(
        request, user, VOUCHED, by=provider.configured.slug, two_factors=provider.configured.states_two_factors(claims.get("acr"))
    )
    return perform_login(request, user, email_verification="none", redirect_url=_inside(state.get("next")))


def _link(request: HttpRequest, provider: StrictProvider, state: Mapping[str, Any], claims: Mapping[str, Any]) -> HttpResponse:
    user = request.user
    # Whoever comes back must be who left, signed in still.
    if not isinstance(user, User) or str(user.pk) != state.get("user_id") or not has_two_factors(request, user):
        return _refused(request, provider, "state")
    if is_reauthentication_required(request, app="vigie.accounts"):
        return redirect("openid_link", provider.configured.slug)
    if identities.link(user, identities.asserted_by(provider.configured, claims)):
        get_adapter().send_notification_mail("account/email/identity_linked", user, {"provider": provider.configured.name})
        messages.success(request, _("L’identité est liée à votre compte."))
    else:
        messages.info(request, _("Cette identité était déjà liée à votre compte."))
    return redirect("accounts:security")


def _refused(request: HttpRequest, provider: StrictProvider, reason: str) -> HttpResponse:
    log.info("openid_refused", provider=provider.configured.slug, reason=reason)
    known = reason if reason in {*_STATUS, "cancelled", "state"} else "refused"
    context = {"provider": provider.configured, "reason": known}
    return render(request, "openid/refused.html", context, status=_STATUS.get(known, 400))


def _provider(request: HttpRequest, name: str) -> StrictProvider:
    for configured in settings.VIGIE_OPENID_PROVIDERS:
        if configured.slug == name:
            return StrictProvider(request, configured)
    raise Http404


def _inside(address: object) -> str:
    """Return this address if it is one of ours, the home page otherwise."""
    wanted = address if isinstance(address, str) else ""
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"
