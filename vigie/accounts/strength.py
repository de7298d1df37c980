"""What a session must have proven to open a page: a range of addresses is a second factor, but a weak one (ACC-1).

Pages of health data, and those that add or remove factors, are marked `strong_session`.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from vigie.accounts.authentication import is_strong
from vigie.accounts.models import User
from vigie.foundation.scope import SAFE_METHODS

WITHOUT_NETWORK: Final = "without_network"
"""Session key of the wish to sign in with something better than the place where one is."""
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def strong_session(view: View) -> View:
    """Open to sessions whose two factors are their owner's own; a session that stands on a place is led to show another.

    Below the decorator of the audience (`directory.access`): who may see what is decided there.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *arguments: Any, **keywords: Any) -> HttpResponseBase:
        if isinstance(request.user, User) and not is_strong(request, request.user):
            return ask_for_more(request)
        return view(request, *arguments, **keywords)

    return guarded  # type: ignore[return-value] # the same view, with a condition


def confirmed_within(request: HttpRequest, seconds: int) -> bool:
    """Tell whether she has shown a factor of hers again in the last seconds, on purpose: signing in does not count.

    Whoever holds nothing to show again (her identity provider alone knows her) is not asked.
    """
    if not get_reauthentication_flows(request.user):
        return True
    shown = [record["at"] for record in get_authentication_records(request, request.user) if record.get("reauthenticated")]
    return bool(shown) and time.time() - shown[-1] < seconds


def ask_for_more(request: HttpRequest) -> HttpResponse:
    """Lead to the page that says which proof is missing and how to give it."""
    if request.headers.get("Accept") == "application/json":
        return HttpResponse(status=403)
    wanted = request.get_full_path() if request.method in SAFE_METHODS else "/"
    address = f"{reverse('accounts:stronger')}?{urlencode({'next': wanted})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)
