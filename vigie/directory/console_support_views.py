"""Pages of the console where a site lends its administration to support sites, and takes it back (SEA-1, SEA-2)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.directory import console, policies, support_actions, support_forms, support_queries
from vigie.directory.access import administrators
from vigie.directory.entry import SignedInRequest
from vigie.directory.models import Site
from vigie.directory.policies import access_grant
from vigie.foundation.errors import DomainError, NotAllowed, Unseen
from vigie.ui import dates

_UNPROCESSABLE = 422


@require_GET
@administrators
def support_sites(request: SignedInRequest, number: str) -> HttpResponse:
    """The account of the site: who it is, the support sites that may administer it, and the search for another one."""
    site = support_queries.supported_site(request.actor, number)
    sought = request.GET.get("q", "").strip()[: support_queries.LONGEST_NAME]
    grants = support_queries.grants_of(site)
    context = {
        "site": site,
        "tabs": console.tabs(request.actor, site, "support"),
        "grants": grants,
        "granted": {grant.support_site_id for grant in grants.in_force},
        "sought": sought,
        "found": [one for one in support_queries.find_support_sites(sought) if one.id != site.id] if sought else [],
        "may_add": policies.may_grant_support(request.actor, site.id),
        "may_audit": policies.may_audit_site_acts(request.actor, site.id),
        "crumbs": console.crumbs(site, (_("Sites de support"), "")),
    }
    return render(request, "directory/support_sites.html", context)


@require_http_methods(["GET", "POST"])
@administrators
def add(request: SignedInRequest, number: str, support_number: str) -> HttpResponse:
    """Confirm the site that was found, and say what for, until when and with which capabilities."""
    site = support_queries.supported_site(request.actor, number)
    if not policies.may_grant_support(request.actor, site.id):
        raise NotAllowed(_("Seul un administrateur du site peut confier son administration à un support."))
    helper = support_queries.support_site(support_number)
    if helper is None or helper.id == site.id:
        raise Unseen
    form = support_forms.GrantForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            stated = form.cleaned_data
            try:
                grant = support_actions.grant_support(
                    request.actor,
                    site.id,
                    submission=stated["submission"],
                    support_number=helper.number,
                    purpose=stated["purpose"],
                    note=stated["note"],
                    capabilities=stated["capabilities"],
                    until=stated["until"],
                )
            except DomainError as error:
                _show(form, error)
                status = error.status
            else:
                until = {"name": grant.support_name, "date": dates.exact(grant.expires_at)}
                messages.success(request, _("%(name)s peut administrer votre site jusqu’au %(date)s.") % until)
                return _back(site.number)
    context = {
        "site": site,
        "helper": helper,
        "form": form,
        "crumbs": console.crumbs(site, *_way(site), (_("Ajouter"), "")),
    }
    return render(request, "directory/support_add.html", context, status=status)


@require_POST
@administrators
def withdraw(request: SignedInRequest, grant_id: UUID) -> HttpResponse:
    """Take a grant back, at once."""
    access = access_grant(request.actor, grant_id)
    try:
        support_actions.withdraw_support(request.actor, grant_id)
    except support_actions.GrantOver as error:
        messages.info(request, str(error.message))
    else:
        said = _("La délégation à %(name)s est retirée : ce support n’accède plus à votre site, pages ouvertes comprises.")
        messages.success(request, said % {"name": access.grant.support_name})
    return _back(access.grant.site_number)


@require_http_methods(["GET", "POST"])
@administrators
def renew(request: SignedInRequest, grant_id: UUID) -> HttpResponse:
    """Give a grant another end, on purpose."""
    access = access_grant(request.actor, grant_id)
    if not access.may_renew:
        raise NotAllowed(_("Seul un administrateur du site renouvelle une délégation."))
    grant = access.grant
    form = support_forms.RenewForm(
        request.POST if request.method == "POST" else None, initial={"renewals": grant.renewals, "duration": "8"}
    )
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                renewed = support_actions.renew_support(
                    request.actor, grant_id, until=form.cleaned_data["until"], renewals=form.cleaned_data["renewals"]
                )
            except DomainError as error:
                _show(form, error)
                status = error.status
            else:
                until = {"name": renewed.support_name, "date": dates.exact(renewed.expires_at)}
                messages.success(request, _("La délégation à %(name)s court jusqu’au %(date)s.") % until)
                return _back(grant.site_number)
    site = support_queries.supported_site(request.actor, grant.site_number)
    context = {"site": site, "grant": grant, "form": form, "crumbs": console.crumbs(site, *_way(site), (_("Renouveler"), ""))}
    return render(request, "directory/support_renew.html", context, status=status)


def _show(form: support_forms.UntilForm, error: DomainError) -> None:
    """The end is two fields of the form: what is wrong with it is told beside the one that was used."""
    fields = getattr(error, "fields", {})
    if (message := fields.pop("until", None)) is not None:
        form.add_error("day" if form.cleaned_data.get("day") else "duration", str(message))
    if fields or message is None:
        console.show(form, error)


def _way(site: Site) -> list[tuple[object, str]]:
    return [(_("Sites de support"), reverse("directory:support_sites", args=[site.number]))]


def _back(number: str) -> HttpResponse:
    return redirect("directory:support_sites", number=number)
