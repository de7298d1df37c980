"""Pages of the key of a site. They parse, ask an action or a query, and answer. Secrets stay in the browser."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from urllib.parse import urlencode
from uuid import UUID

from csp.decorators import csp_update
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.accounts.strength import confirmed_within, strong_session
from vigie.directory.access import signed_in
from vigie.directory.entry import SignedInRequest
from vigie.foundation.errors import DomainError, Invalid
from vigie.sealing import actions, demonstration, queries, registry
from vigie.sealing.forms import ConnectorForm
from vigie.sealing.models import KeyState
from vigie.sealing.policies import SealingAccess, access_site, sealing_sites

_UNPROCESSABLE = 422
IDLE_MINUTES = 15
"""Without anybody touching a page, a workstation locks itself."""
JUST_NOW = 60
"""Seconds during which somebody who has just confirmed who she is may open a locked workstation again."""

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def opens_keys(view: View) -> View:
    """Let Argon2id run, which is WebAssembly: on the pages that open or wrap a key, and on no other."""
    return cast("View", csp_update({"script-src": ["'wasm-unsafe-eval'"]})(view))


@dataclass(frozen=True, slots=True)
class Tab:
    label: Any
    url: str
    current: bool
    count: int | None = None


# --- Where it stands -------------------------------------------------------------------------------------------------
@require_GET
@signed_in
@strong_session
def index(request: SignedInRequest) -> HttpResponse:
    """Her sites that have or may have a key; whoever has one is there at once."""
    sites = sealing_sites(request.actor)
    if len(sites) == 1:
        return redirect("sealing:overview", number=sites[0].site_number)
    return render(request, "sealing/sites.html", {"sites": sites, "crumbs": [(_("Scellement"), "")]})


@require_GET
@signed_in
@strong_session
def overview(request: SignedInRequest, number: str) -> HttpResponse:
    """What is in place, what is missing, what to do next."""
    access = access_site(request.actor, number)
    state = queries.site_state(access.site)
    return _page(request, access, "overview", {"state": state, "values": queries.sealed_values(access.site)})


@require_GET
@opens_keys
@signed_in
@strong_session
def make(request: SignedInRequest, number: str) -> HttpResponse:
    """Make a key: the first one, or the next epoch. All of it happens in the browser."""
    access = _managed(request, number)
    keys = queries.keys_of(access.site)
    state = queries.site_state(access.site)
    if state.draft is not None and (state.draft.state is KeyState.PROVEN or state.draft.key.created_by_id != request.actor.id):
        return redirect("sealing:confirm", number=number)
    reason = request.GET.get("raison", "rotation")
    return _page(
        request,
        access,
        "make",
        {
            "state": state,
            "reason": reason if reason in actions.REASONS and state.active else "first" if state.active is None else "rotation",
            "ceremony": {
                "site": str(access.site.id),
                "kid": f"site:{access.site.id}#{queries.next_epoch(keys)}",
                "by": str(request.actor.id),
                "active": state.active.key.record if state.active else "",
                "draft": state.draft.key.record if state.draft else "",
            },
        },
    )


@require_GET
@opens_keys
@signed_in
@strong_session
def confirm(request: SignedInRequest, number: str) -> HttpResponse:
    """The second administrator compares fingerprints; the first one shows hers."""
    access = _managed(request, number)
    state = queries.site_state(access.site)
    if state.draft is None or state.draft.state is KeyState.DRAFT:
        return redirect("sealing:overview", number=number)
    return _page(
        request,
        access,
        "confirm",
        {
            "state": state,
            "draft": state.draft,
            "is_maker": state.draft.key.created_by_id == request.actor.id,
            "by": str(request.actor.id),
        },
    )


@require_POST
@signed_in
@strong_session
def withdraw(request: SignedInRequest, number: str, epoch: int) -> HttpResponse:
    """Abandon a key that never served."""
    actions.withdraw_key(request.actor, number, epoch)
    messages.success(request, _("La clé en préparation est abandonnée. Détruisez le kit et la phrase qui allaient avec elle."))
    return redirect("sealing:overview", number=number)


# --- One's workstation -----------------------------------------------------------------------------------------------
@require_GET
@opens_keys
@signed_in
@strong_session
def unlock(request: SignedInRequest, number: str) -> HttpResponse:
    """Unlock this workstation: the passphrase, a passkey or the recovery kit."""
    return _unlock_page(request, access_site(request.actor, number), reopens=False)


@require_GET
@opens_keys
@signed_in
@strong_session
def resume(request: SignedInRequest, number: str) -> HttpResponse:
    """Open a locked workstation again, for whoever has just shown that she is still herself."""
    access = access_site(request.actor, number)
    access.require(access.may_unlock)
    if not confirmed_within(request, JUST_NOW):
        return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': request.get_full_path()})}")
    return _unlock_page(request, access, reopens=True)


def _unlock_page(request: SignedInRequest, access: SealingAccess, *, reopens: bool) -> HttpResponse:
    state = queries.site_state(access.site)
    context = {
        "state": state,
        "kid": state.active.key.kid if state.active else "",
        "unlocking": {
            "ring": queries.key_ring(access.site),
            "recipients": [kid for kid, _jkt in queries.recipients(access.site, state.active.key)] if state.active else [],
        },
        "reopens": reopens,
        "next": _inside(request.GET.get("suite", "")),
        "idle_minutes": IDLE_MINUTES,
        "demonstration_passphrase": demonstration.passphrase_of(state.active.key) if state.active else "",
    }
    return _page(request, access, "unlock", context)


@require_GET
@signed_in
@strong_session
def stations(request: SignedInRequest, number: str) -> HttpResponse:
    """The workstations where the key was unlocked: all of them for an administrator, one's own for a member."""
    access = access_site(request.actor, number)
    page = queries.stations_page(access.site, of_user=None if access.may_manage else request.actor.id, after=request.GET.get("apres", ""))
    return _page(request, access, "stations", {"page": page, "is_first": "apres" not in request.GET})


@require_POST
@signed_in
@strong_session
def station_name(request: SignedInRequest, number: str, station_id: UUID) -> HttpResponse:
    """Change what a workstation is called."""
    try:
        actions.rename_workstation(request.actor, number, station_id, name=request.POST.get("name", ""))
    except Invalid as error:
        for said in error.fields.values():
            messages.error(request, str(said))
    else:
        messages.success(request, _("Le poste est renommé."))
    return redirect("sealing:stations", number=number)


@require_POST
@signed_in
@strong_session
def station_revoke(request: SignedInRequest, number: str, station_id: UUID) -> HttpResponse:
    """Have a workstation forget the key; a page asks first, and says what it does not do."""
    access = _managed(request, number)
    station = queries.station(access.site, station_id)
    if "confirmed" not in request.POST:
        return _page(request, access, "station_revoke", {"station": station})
    actions.revoke_workstation(request.actor, number, station_id)
    messages.success(request, _("Le poste oubliera la clé à sa prochaine page. S’il est perdu ou volé, faites aussi une nouvelle clé."))
    return redirect("sealing:stations", number=number)


# --- Ways to unlock --------------------------------------------------------------------------------------------------
@require_GET
@opens_keys
@signed_in
@strong_session
def methods(request: SignedInRequest, number: str) -> HttpResponse:
    """The ways to unlock the key in service: add a passkey, renew the passphrase, print a new kit, remove."""
    access = _managed(request, number)
    state = queries.site_state(access.site)
    if state.active is None:
        return redirect("sealing:overview", number=number)
    return _page(
        request,
        access,
        "methods",
        {
            "state": state,
            "wraps": queries.wraps_of(state.active.key),
            "key": state.active,
            "by": str(request.actor.id),
        },
    )


@require_POST
@signed_in
@strong_session
def method_remove(request: SignedInRequest, number: str, wrap_id: UUID) -> HttpResponse:
    """Remove a passkey; a page asks first."""
    access = _managed(request, number)
    wrap = queries.wrap(access.site, wrap_id)
    if "confirmed" not in request.POST:
        return _page(request, access, "method_remove", {"wrap": wrap})
    try:
        actions.remove_wrap(request.actor, number, wrap_id)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("La méthode est retirée : elle n’ouvre plus rien."))
    return redirect("sealing:methods", number=number)


# --- Who may read ----------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@signed_in
@strong_session
def readers(request: SignedInRequest, number: str) -> HttpResponse:
    """« Qui peut lire »: the site, its connectors, and the members who may unlock; a connector is proposed here."""
    access = access_site(request.actor, number)
    form = ConnectorForm()
    status = 200
    if request.method == "POST":
        form = ConnectorForm(request.POST)
        if form.is_valid():
            try:
                actions.propose_connector(request.actor, number, **form.cleaned_data)
            except Invalid as error:
                for name, said in error.fields.items():
                    form.add_error(name if name in form.fields else None, str(said))
            else:
                messages.success(request, _("Le connecteur est proposé. Il ne lira rien avant d’être confirmé par deux administrateurs."))
                return redirect("sealing:readers", number=number)
        status = _UNPROCESSABLE
    state = queries.site_state(access.site)
    context = {
        "state": state,
        "recipients": queries.who_may_read(access.site, state.active.key if state.active else None),
        "connectors": queries.connectors_of(access.site),
        "people": list(queries.readers_of(access.site).values()),
        "form": form,
    }
    return _page(request, access, "readers", context, status=status)


@require_GET
@opens_keys
@signed_in
@strong_session
def connector(request: SignedInRequest, number: str, connector_id: UUID) -> HttpResponse:
    """Confirm a connector: compare its fingerprint, then sign with the site's key."""
    access = _managed(request, number)
    state = queries.site_state(access.site)
    found = queries.connector(access.site, connector_id)
    context = {
        "state": state,
        "view": found,
        "may_confirm": found.awaits(request.actor) and state.active is not None,
        "by": str(request.actor.id),
    }
    return _page(request, access, "connector", context)


@require_POST
@signed_in
@strong_session
def connector_withdraw(request: SignedInRequest, number: str, connector_id: UUID) -> HttpResponse:
    """Take a connector off the readers; a page asks first."""
    access = _managed(request, number)
    found = queries.connector(access.site, connector_id)
    if "confirmed" not in request.POST:
        return _page(request, access, "connector_withdraw", {"view": found})
    actions.withdraw_connector(request.actor, number, connector_id)
    messages.success(request, _("Le connecteur est retiré. Faites maintenant une nouvelle clé de données : voyez « Travaux »."))
    return redirect("sealing:work", number=number)


# --- Fingerprints, work ----------------------------------------------------------------------------------------------
@require_GET
@signed_in
@strong_session
def fingerprints(request: SignedInRequest, number: str) -> HttpResponse:
    """The fingerprints of all keys that this site knows, and what to do when one changed."""
    access = access_site(request.actor, number)
    context = {
        "state": queries.site_state(access.site),
        "ring": queries.key_ring(access.site),
        "connectors": queries.connectors_of(access.site),
    }
    return _page(request, access, "fingerprints", context)


@require_GET
@opens_keys
@signed_in
@strong_session
def work(request: SignedInRequest, number: str) -> HttpResponse:
    """What is left to do after a change of key, done by this browser, and taken up again where it stopped."""
    access = access_site(request.actor, number)
    state = queries.site_state(access.site)
    left = queries.values_to_reseal(access.site)
    context = {
        "state": state,
        "work": {
            "ring": queries.key_ring(access.site),
            "kid": state.active.key.kid if state.active else "",
            "recipients": [kid for kid, _jkt in queries.recipients(access.site, state.active.key)] if state.active else [],
            "newNumber": state.wants_new_number,
            "sources": [source.code for source in registry.sources()],
        },
        "left": [(source, left[source.code]) for source in registry.sources() if source.code in left],
        "idle_minutes": IDLE_MINUTES,
    }
    return _page(request, access, "work", context)


# --- What they share -------------------------------------------------------------------------------------------------
def _managed(request: SignedInRequest, number: str) -> SealingAccess:
    access = access_site(request.actor, number)
    access.require(access.may_manage)
    return access


def _page(request: SignedInRequest, access: SealingAccess, name: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    several = len(sealing_sites(request.actor)) > 1
    shared = {
        "access": access,
        "site": access.site,
        "tabs": _tabs(access, name),
        "several_sites": several,
        "crumbs": _crumbs(access, name),
    }
    return render(request, f"sealing/{name}.html", shared | context, status=status)


def _tabs(access: SealingAccess, current: str) -> list[Tab]:
    sections = [("overview", _("Vue d’ensemble")), ("unlock", _("Ce poste")), ("stations", _("Postes"))]
    if access.may_manage:
        sections.append(("methods", _("Déverrouillage")))
    sections += [("readers", _("Qui peut lire")), ("fingerprints", _("Empreintes")), ("work", _("Travaux"))]
    return [Tab(label, reverse(f"sealing:{name}", args=[access.site.number]), name == current) for name, label in sections]


def _crumbs(access: SealingAccess, name: str) -> list[tuple[Any, str]]:
    here = reverse("sealing:overview", args=[access.site.number])
    return [(_("Scellement"), reverse("sealing:index")), (access.site.name, "" if name == "overview" else here)]


def _inside(address: str) -> str:
    """Return where to go back to, if it is a page of ours."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) else ""
