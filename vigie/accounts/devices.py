"""Telling a browser that has been seen from one that has not (ACC-4).

A browser keeps a random cookie; the database keeps its keyed hash for each person who signed in with it. Addresses are
not compared: a whole hospital has one, and a telephone has ten a day.
"""

import re
import secrets
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

_YEAR: Final = 365 * 24 * 3600
_TOKEN = re.compile(r"[\w-]{20,64}")
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def cookie_name() -> str:
    return settings.SESSION_COOKIE_NAME.replace("session", "device")


def device_token(request: HttpRequest) -> str:
    """Return what this browser keeps, or a new token for it."""
    kept = request.COOKIES.get(cookie_name(), "")
    return kept if _TOKEN.fullmatch(kept) else secrets.token_urlsafe(24)


def fingerprint_of(token: str) -> str:
    return salted_hmac("vigie.device", token, algorithm="sha256").hexdigest()


def keep_token(response: HttpResponseBase, token: str) -> None:
    """Leave the token in the browser for a year."""
    response.set_cookie(
        cookie_name(),
        token,
        max_age=_YEAR,
        httponly=True,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )


def browser_name(user_agent: str) -> str:
    """« Firefox sur Windows », as far as the browser says."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if browser and system:
        return gettext("%(browser)s sur %(system)s") % {"browser": browser, "system": system}
    return browser or system or gettext("Navigateur inconnu")
