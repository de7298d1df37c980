"""Terms of use (ACC-13): nobody reaches a page with data before she has accepted the version in force.

The question is asked at sign-in. A session that began under an older version lives until its end: who publishes a new
one interrupts nobody's work.
"""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from vigie.accounts.models import TermsAcceptance, TermsOfUse, User
from vigie.foundation.scope import SAFE_METHODS, View

SESSION_KEY: Final = "terms_accepted"
signed_in_under_terms = Signal()
"""Somebody has opened a session and has accepted the terms in force. Arguments: user, at."""


def terms_in_force() -> TermsOfUse | None:
    return TermsOfUse.objects.filter(published_at__lte=timezone.now()).order_by("-version").first()


def has_accepted(user: User, terms: TermsOfUse | None) -> bool:
    return terms is None or TermsAcceptance.objects.filter(user=user, terms=terms).exists()


def accept(user: User, terms: TermsOfUse, *, address: str | None) -> None:
    """Note that she accepts this version now, from this address. Twice is once."""
    TermsAcceptance.objects.get_or_create(user=user, terms=terms, defaults={"accepted_at": timezone.now(), "address": address})


def let_in(request: HttpRequest, user: User) -> None:
    """Open the portal to this session: its person has accepted the terms in force."""
    request.session[SESSION_KEY] = True
    signed_in_under_terms.send(sender=User, user=user, at=timezone.now())


def before_terms(view: View) -> View:
    """Mark a page of a full session that is open before the terms are accepted."""
    view.before_terms = True  # type: ignore[attr-defined]
    return view


class TermsMiddleware:
    """After the wall of the two factors: leads to the terms whoever has not accepted them in this session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], arguments: Any, keywords: Any) -> HttpResponseBase | None:
        if getattr(view, "audience", "") == "everyone" or not getattr(view, "login_required", True):
            return None
        if not isinstance(request.user, User) or getattr(view, "before_terms", False) or SESSION_KEY in request.session:
            return None
        if request.headers.get("Accept") == "application/json":
            return HttpResponse(status=403)
        wanted = request.get_full_path() if request.method in SAFE_METHODS else "/"
        address = f"{reverse('accounts:terms')}?{urlencode({'next': wanted})}"
        if request.headers.get("HX-Request"):
            return HttpResponse(status=401, headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)
