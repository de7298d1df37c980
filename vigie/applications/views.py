"""Pages of the operator's console about the territory's applications (ACC-42)."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.applications import actions, policies, queries
from vigie.applications.forms import ApplicationForm
from vigie.applications.models import Application
from vigie.applications.provider import issuer
from vigie.directory import console, platform_console
from vigie.directory.access import operators
from vigie.directory.console import Conflict
from vigie.directory.entry import SignedInRequest
from vigie.foundation import kept_forms
from vigie.foundation.errors import DomainError

_UNPROCESSABLE: Final = 422
_SECRET: Final = "vigie_application_secret"  # noqa: S105 - the key of a session, which is encrypted
_TEXTS: Final = ("name", "text", "address", "is_trusted", "serves_all", "scopes", "revision")


@require_GET
@operators
def applications(request: SignedInRequest) -> HttpResponse:
    """The applications of the territory."""
    context = {
        "frame": platform_console.frame("applications"),
        "applications": queries.applications(),
        "key": queries.signing_key(),
        "issuer": issuer(),
    }
    return render(request, "applications/applications.html", context)


@require_http_methods(["GET", "POST"])
@operators
def register(request: SignedInRequest) -> HttpResponse:
    """Declare an application."""
    form = ApplicationForm(request.POST if request.method == "POST" else None, sites=queries.site_choices(), initial=_typed_before(request))
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                application, secret = actions.register_application(request.actor, form.facts())
            except DomainError as error:
                console.show(form, error)
                status = error.status
            else:
                return _shown_once(request, application, secret)
    context = {
        "form": form,
        "application": None,
        "conflict": None,
        "frame": platform_console.frame("applications", (_("Déclarer une application"), "")),
        "owner": kept_forms.owner_token(request.actor.id),
    }
    return render(request, "applications/application.html", context, status=status)


@require_http_methods(["GET", "POST"])
@operators
@never_cache
def application(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    """What an application is, its identifier, its secret once."""
    found = policies.access_application(request.actor, application_id)
    if request.method == "GET":
        initial = _stated(found) | _typed_before(request)
        return _page(request, found, ApplicationForm(sites=queries.site_choices(), initial=initial))
    form = ApplicationForm(request.POST, sites=queries.site_choices())
    status = _UNPROCESSABLE
    conflict = None
    if form.is_valid():
        try:
            actions.change_application(request.actor, application_id, form.facts(), revision=form.cleaned_data["revision"] or 0)
        except DomainError as error:
            console.show(form, error)
            status = error.status
            conflict = console.conflict_of(form, error, _told(_stated(found)), queries.last_change(found))
        else:
            messages.success(request, _("L’application est enregistrée."))
            return redirect("applications:application", application_id=application_id)
    console.against_what_is_shown(form, request, found.revision)
    return _page(request, found, form, conflict=conflict, status=status)


@require_http_methods(["GET", "POST"])
@operators
def service(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    """Say what putting an application out of service, or back, does; then do it."""
    found = policies.access_application(request.actor, application_id)
    if request.method == "GET":
        return _confirm(request, found, "close" if found.is_in_service else "open")
    # The form says which way: sent twice, it does the same once.
    if "open" in request.POST:
        restored, secret = actions.restore_application(request.actor, application_id)
        if secret:
            return _shown_once(request, restored, secret)
    else:
        actions.withdraw_application(request.actor, application_id)
        messages.success(request, _("L’application est hors service : ses jetons sont morts, sa tuile a disparu."))
    return redirect("applications:application", application_id=application_id)


@require_http_methods(["GET", "POST"])
@operators
def secret(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    """Say what another secret does; then give it."""
    found = policies.access_application(request.actor, application_id)
    if request.method == "GET":
        return _confirm(request, found, "secret")
    try:
        renewed, given = actions.renew_secret(request.actor, application_id)
    except DomainError as error:
        messages.error(request, str(error.message))
        return redirect("applications:application", application_id=application_id)
    return _shown_once(request, renewed, given)


@require_POST
@operators
def renew_key(request: SignedInRequest) -> HttpResponse:
    """Sign with another key from now on."""
    actions.renew_signing_key(request.actor)
    messages.success(request, _("Une nouvelle clé signe à partir de maintenant. Les applications la découvrent d’elles-mêmes."))
    return redirect("applications:list")


# --- Parts -----------------------------------------------------------------------------------------------------------
def _shown_once(request: SignedInRequest, application: Application, given: str) -> HttpResponse:
    """Show the secret on the next page, and on no other: the session, which is encrypted, carries it there."""
    request.session[_SECRET] = [str(application.pk), given]
    return redirect("applications:application", application_id=application.pk)


def _secret_to_show(request: SignedInRequest, application: Application) -> str:
    waiting = request.session.get(_SECRET)
    if request.method != "GET" or not isinstance(waiting, list) or waiting[:1] != [str(application.pk)]:
        return ""
    del request.session[_SECRET]
    return str(waiting[1])


def _page(
    request: SignedInRequest, found: Application, form: ApplicationForm, *, conflict: Conflict | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "frame": platform_console.frame("applications", (found.name, "")),
        "application": found,
        "form": form,
        "conflict": conflict,
        "secret": _secret_to_show(request, found),
        "issuer": issuer(),
        "owner": kept_forms.owner_token(request.actor.id),
    }
    return render(request, "applications/application.html", context, status=status)


def _confirm(request: SignedInRequest, found: Application, what: str) -> HttpResponse:
    title = {"close": _("Mettre hors service"), "open": _("Remettre en service"), "secret": _("Renouveler le secret")}[what]
    context = {"frame": platform_console.frame("applications", (found.name, ""), (title, "")), "application": found, "what": what}
    return render(request, "applications/confirm.html", context | {"title": title})


def _stated(found: Application) -> dict[str, Any]:
    stated: dict[str, Any] = {name: getattr(found, name) for name in _TEXTS}
    return stated | {"redirect_addresses": "\n".join(found.redirect_addresses), "sites": queries.sites_of(found)}


def _told(stated: dict[str, Any]) -> dict[str, Any]:
    """Return what is stored as a conflict compares it, without the revision."""
    return {name: sorted(value) if isinstance(value, list) else value for name, value in stated.items() if name != "revision"}


def _typed_before(request: SignedInRequest) -> dict[str, Any]:
    """Return what she had sent here when her session had expired, once."""
    typed = kept_forms.take(request, request.actor.id) if request.method == "GET" else None
    if typed is None:
        return {}
    messages.info(request, _("Votre session avait expiré. Votre texte est là : relisez-le, puis envoyez-le."))
    return {name: typed.getlist(name) if name in ("scopes", "sites") else typed[name] for name in typed}
