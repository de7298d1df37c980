"""Who may open a view. Every view declares it with one of these; a test walks all addresses and checks (PLA-41)."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar
from urllib.parse import urlencode

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _

from vigie.directory import policies, rights
from vigie.directory.actors import Actor
from vigie.directory.entry import SignedInRequest
from vigie.foundation import kept_forms

Parameters = ParamSpec("Parameters")
View = TypeVar("View", bound=Callable[..., HttpResponseBase])
SignedInView = Callable[Concatenate[SignedInRequest, Parameters], HttpResponseBase]
PLATFORM: Final[tuple[rights.Relation, ...]] = (("operator", "platform"),)
"""What the pages of operators ask `confirmation_first` about."""


def signed_in(view: SignedInView[Parameters]) -> Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]:
    """Open to everybody who has signed in with two factors; the view decides further on the object.

    Somebody whose session has expired is sent to sign in, and what she had typed is kept for her.
    """
    return _guarded(view, "signed_in", lambda _actor: True)


def agents(view: SignedInView[Parameters]) -> Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]:
    """Open to the technicians of a desk; others get the answer of an address that does not exist."""
    return _guarded(view, "agents", lambda actor: bool(actor.desks))


def administrators(view: SignedInView[Parameters]) -> Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]:
    """Open to those who administer the members of a site, and to operators; the view decides on the site."""
    return _guarded(view, "administrators", policies.administers_somewhere)


def operators(view: SignedInView[Parameters]) -> Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]:
    """Open to the operators of the platform; others get the answer of an address that does not exist."""
    return _guarded(view, "operators", policies.is_operator)


def everyone(view: View) -> View:
    """Open to the whole world, signed in or not: the view gives nothing of anybody's."""
    view.audience = "everyone"  # type: ignore[attr-defined]
    return view


def confirmation_first(
    request: SignedInRequest, capability: str, relations: Iterable[rights.Relation], *, back: str
) -> HttpResponse | None:
    """Return the way to confirm who she is, when the matrix asks it for this right and she has not done so lately (step-up).

    She comes back to `back`, an address that is read; what she had sent is kept for `sent_before_confirming`.
    """
    if not rights.asks_step_up(capability, relations) or not is_reauthentication_required(request, app="vigie.accounts"):
        return None
    if request.method == "POST":
        kept_forms.keep(request, signed_in=request.actor.id)
    return HttpResponseRedirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': back})}")


def sent_before_confirming(request: SignedInRequest, address: str) -> QueryDict | None:
    """Return, once, what she had sent to this address when she was asked to confirm who she is; the page tells her so."""
    typed = kept_forms.take(request, request.actor.id, path=address)
    if typed is not None:
        messages.info(request, _("Votre identité est confirmée. Votre saisie est là : relisez-la, puis envoyez-la."))
    return typed


def _guarded(
    view: SignedInView[Parameters], audience: str, admits: Callable[[Actor], bool]
) -> Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponseBase:
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None:
            return _sign_in_first(request)
        if not admits(actor):
            raise Http404
        return view(request, *args, **kwargs)  # type: ignore[arg-type]

    guarded.audience = audience  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value] # wraps() remembers the view's own kind of request


def _sign_in_first(request: HttpRequest) -> HttpResponse:
    back: str = request.get_full_path()
    if request.method == "POST":
        back = request.path
        kept_forms.keep(request)
    address = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': back})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def actor_of(request: HttpRequest) -> Actor | None:
    """Return who asks, None when nobody has signed in."""
    found: Any = getattr(request, "actor", None)
    return found if isinstance(found, Actor) else None
