"""What happens around every request on behalf of the person: her language, her session, her two factors."""

import zoneinfo
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.account.internal.stagekit import get_pending_stage, redirect_to_pending_stage
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from vigie.accounts.authentication import began_in_network, has_two_factors
from vigie.accounts.models import User
from vigie.accounts.session_store import SessionStore
from vigie.accounts.strength import ask_for_more
from vigie.foundation.scope import SAFE_METHODS

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class PreferencesMiddleware:
    """Render in the person's language and time zone (ACC-31); signed out, in the browser's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if isinstance(user, User):
            language, zone = user.language, user.time_zone
        else:
            language, zone = translation.get_language_from_request(request), settings.TIME_ZONE
        request.LANGUAGE_CODE = language
        with translation.override(language), timezone.override(_zone(zone)):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Cookie", "Accept-Language"))
        return response


class SessionMiddleware:
    """Put off the end of a session that is used, at most once a minute, outside of the request's transaction."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        session = request.session
        if isinstance(request.user, User) and isinstance(session, SessionStore) and session.touch():
            UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=timezone.now())
        return self.get_response(request)


class SecondFactorMiddleware:
    """Nobody reaches a page with data without two factors (ACC-1).

    Every view is behind the wall, save those marked by Django's `login_not_required` or by `directory.access.everyone`:
    a view that nobody thought about is closed.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], arguments: Any, keywords: Any) -> HttpResponseBase | None:
        audience = getattr(view, "audience", "")
        if audience == "everyone" or not getattr(view, "login_required", True):
            return None
        if isinstance(request.user, User):
            if has_two_factors(request, request.user):
                return None
        elif audience:
            # Its own guard refuses somebody who has not signed in, and keeps what she had typed.
            return None
        return _ask_for_factors(request)


def _ask_for_factors(request: HttpRequest) -> HttpResponseBase:
    if request.headers.get("Accept") == "application/json":
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Session"})
    if isinstance(request.user, User) and began_in_network(request, request.user):
        return ask_for_more(request)
    stage = get_pending_stage(request)
    if stage is not None and stage.is_resumable(request):
        return redirect_to_pending_stage(request, stage)
    return redirect_to_login(_wanted(request), resolve_url(settings.LOGIN_URL))


def _wanted(request: HttpRequest) -> str:
    """Return where to go back to once signed in: the page, or the page of the form that was sent."""
    if request.method in SAFE_METHODS:
        return request.get_full_path()
    referer = urlsplit(request.headers.get("Referer", ""))
    return referer.path if referer.netloc == request.get_host() and referer.path else "/"


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return zoneinfo.ZoneInfo(settings.TIME_ZONE)
