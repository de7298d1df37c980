"""Pages of features: those of a site, the services that have each, and the operator's catalogue (ACC-24, ACC-25)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.audit.queries import last_act
from vigie.directory import console, feature_actions, feature_queries, member_queries, platform_console, policies, register_forms
from vigie.directory.access import administrators, operators
from vigie.directory.entry import SignedInRequest
from vigie.directory.feature_queries import SiteFeatureView
from vigie.directory.models import Feature, Site
from vigie.foundation.errors import DomainError

_UNPROCESSABLE = 422


# --- Of a site -------------------------------------------------------------------------------------------------------
@require_GET
@administrators
def features(request: SignedInRequest, number: str) -> HttpResponse:
    """The features that the site has, who gets each; for operators, those that it could have too."""
    site = member_queries.opened_site(request.actor, number)
    may_define = policies.may_define_features(request.actor)
    found = feature_queries.site_features(site, with_unavailable=may_define)
    context = {
        "site": site,
        "tabs": console.tabs(request.actor, site, "features"),
        "features": [feature for feature in found if feature.is_available],
        "unavailable": [feature for feature in found if not feature.is_available],
        "has_services": feature_queries.has_services(site),
        "may_activate": policies.may_activate_features(request.actor, site.id),
        "may_define": may_define,
        "may_add_services": policies.may_administer(request.actor, site.id),
        "crumbs": console.crumbs(site, (_("Fonctionnalités"), "")),
    }
    return render(request, "directory/features.html", context)


@require_http_methods(["GET", "POST"])
@administrators
def feature_services(request: SignedInRequest, number: str, code: str) -> HttpResponse:
    """« Activer pour des services »: which services of the site have the feature."""
    site = member_queries.opened_site(request.actor, number)
    if not policies.may_activate_features(request.actor, site.id) and policies.is_delegate(request.actor, site.id):
        raise policies.BeyondTheGrant
    feature = feature_queries.site_feature(site, code)
    form = _activation_form(site, feature)
    status = 200
    conflict = None
    if request.method == "POST":
        form = register_forms.ActivationForm(request.POST, choices=member_queries.services_of(site))
        status = _UNPROCESSABLE
        if form.is_valid():
            stated = form.cleaned_data
            try:
                feature_actions.activate_for_services(
                    request.actor,
                    site_id=site.id,
                    code=code,
                    service_ids=[UUID(service) for service in stated["services"]],
                    revision=stated["revision"],
                )
            except DomainError as error:
                console.show(form, error)
                status = error.status
                feature = feature_queries.site_feature(site, code)
                conflict = console.conflict_of(form, error, {"services": _service_ids(feature)}, _last_change(site, code))
            else:
                messages.success(request, _("« %(name)s » est enregistrée pour les services du site.") % {"name": feature.name})
                return redirect("directory:features", number=site.number)
        console.against_what_is_shown(form, request, feature.revision)
    context = {
        "site": site,
        "feature": feature,
        "form": form,
        "conflict": conflict,
        "crumbs": _crumbs(site, (feature.name, "")),
    }
    return render(request, "directory/feature_services.html", context, status=status)


def _activation_form(site: Site, feature: SiteFeatureView) -> register_forms.ActivationForm:
    initial = {"services": _service_ids(feature), "revision": feature.revision}
    return register_forms.ActivationForm(choices=member_queries.services_of(site), initial=initial)


def _service_ids(feature: SiteFeatureView) -> list[str]:
    return sorted(identifier for identifier, _name in feature.services)


def _last_change(site: Site, code: str) -> tuple[str, datetime] | None:
    return last_act(site.id, "feature", feature_queries.defined_feature(code).id)


def _crumbs(site: Site, *here: tuple[str, str]) -> list[tuple[str, str]]:
    return console.crumbs(site, (_("Fonctionnalités"), reverse("directory:features", args=[site.number])), *here)


@require_POST
@operators
def feature_open(request: SignedInRequest, number: str, code: str) -> HttpResponse:
    """Make a feature available to a site."""
    site = member_queries.administered_site(request.actor, number)
    feature = feature_actions.make_available(request.actor, site_id=site.id, code=code)
    messages.success(request, _("« %(name)s » est disponible dans ce site.") % {"name": feature.name})
    return redirect("directory:features", number=site.number)


@require_http_methods(["GET", "POST"])
@operators
def feature_withdraw(request: SignedInRequest, number: str, code: str) -> HttpResponse:
    """Take a feature away from a site; a page says first who would lose it."""
    site = member_queries.administered_site(request.actor, number)
    feature = feature_queries.site_feature(site, code)
    refusal = None
    if request.method == "POST":
        told = [console.count(request.POST.get(name, "")) for name in ("services", "practitioners")]
        try:
            feature_actions.withdraw_feature(request.actor, site_id=site.id, code=code, services=told[0], practitioners=told[1])
        except DomainError as error:
            refusal = error
        else:
            messages.success(request, _("« %(name)s » n’est plus disponible dans ce site.") % {"name": feature.name})
            return redirect("directory:features", number=site.number)
    context = {"site": site, "feature": feature, "refusal": refusal, "crumbs": _crumbs(site, (_("Retirer du site"), ""))}
    return render(request, "directory/feature_withdraw.html", context, status=refusal.status if refusal else 200)


# --- The catalogue ---------------------------------------------------------------------------------------------------
@require_GET
@operators
def catalogue(request: SignedInRequest) -> HttpResponse:
    """All features of the platform."""
    return render(
        request, "directory/catalogue.html", {"frame": platform_console.frame("features"), "features": feature_queries.catalogue()}
    )


@require_http_methods(["GET", "POST"])
@operators
def feature_add(request: SignedInRequest) -> HttpResponse:
    form = register_forms.NewFeatureForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                feature = feature_actions.define_feature(request.actor, **form.cleaned_data)
            except DomainError as error:
                console.show(form, error)
                status = error.status
            else:
                messages.success(request, _("La fonctionnalité « %(name)s » est définie.") % {"name": feature.name})
                return redirect("directory:catalogue")
    context = {
        "frame": platform_console.frame("features", (_("Définir une fonctionnalité"), "")),
        "form": form,
        "feature": None,
        "conflict": None,
    }
    return render(request, "directory/catalogue_feature.html", context, status=status)


@require_http_methods(["GET", "POST"])
@operators
def feature_edit(request: SignedInRequest, code: str) -> HttpResponse:
    """What a feature is; delete it when no site has it."""
    feature = feature_queries.defined_feature(code)
    form = register_forms.RevisedFeatureForm(initial=_stored(feature) | {"revision": feature.revision})
    status = 200
    conflict = None
    if request.method == "POST":
        form = register_forms.RevisedFeatureForm(request.POST)
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                feature_actions.edit_feature(request.actor, code, **form.cleaned_data)
            except DomainError as error:
                console.show(form, error)
                status = error.status
                feature = feature_queries.defined_feature(code)
                conflict = console.conflict_of(form, error, _stored(feature), last_act(None, "feature", feature.id))
            else:
                messages.success(request, _("La fonctionnalité est enregistrée."))
                return redirect("directory:catalogue")
        console.against_what_is_shown(form, request, feature.revision)
    context = {"frame": platform_console.frame("features", (feature.name, "")), "form": form, "feature": feature, "conflict": conflict}
    return render(request, "directory/catalogue_feature.html", context, status=status)


def _stored(feature: Feature) -> dict[str, Any]:
    return {"name": feature.name, "description": feature.description}


@require_POST
@operators
def feature_delete(request: SignedInRequest, code: str) -> HttpResponse:
    try:
        feature = feature_actions.delete_feature(request.actor, code)
    except feature_actions.FeatureInUse as error:
        messages.error(request, str(error.message))
        return redirect("directory:feature_edit", code=code)
    messages.success(request, _("La fonctionnalité « %(name)s » est retirée du catalogue.") % {"name": feature.name})
    return redirect("directory:catalogue")
