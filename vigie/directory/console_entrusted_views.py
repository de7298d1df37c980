"""Pages of the console where a support site finds the sites that were entrusted to it (SEA-3)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from vigie.directory import console, support_actions, support_queries
from vigie.directory.access import administrators
from vigie.directory.actors import GrantFacts
from vigie.directory.entry import SignedInRequest
from vigie.directory.models import SiteKind
from vigie.directory.policies import access_grant
from vigie.foundation.errors import Unseen
from vigie.ui.shell import Acting


def acting_of(grant: GrantFacts) -> Acting:
    """Return what the banner says of the grant by which a page was opened."""
    return Acting(
        for_name=grant.site_name,
        in_name_of=grant.support_name,
        until=grant.expires_at,
        topic=support_actions.topic_of(grant.id),
        url=reverse("directory:support_banner", args=[grant.id]),
        leave_url=reverse("directory:support_entrusted", args=[grant.support_number]),
    )


@require_GET
@administrators
def entrusted(request: SignedInRequest, number: str) -> HttpResponse:
    """The sites that this support site may help, and those that it helped."""
    site = support_queries.helping_site(request.actor, number)
    context = {
        "site": site,
        "tabs": console.tabs(request.actor, site, "entrusted"),
        "grants": support_queries.grants_to(site),
        "usable": {grant.id for grant in request.actor.grants},
        "crumbs": console.crumbs(site, (_("Sites confiés"), "")),
    }
    return render(request, "directory/support_entrusted.html", context)


@require_POST
@administrators
def work_done(request: SignedInRequest, grant_id: UUID) -> HttpResponse:
    """Tell the site that the grant is needed no more."""
    access = access_grant(request.actor, grant_id)
    if not access.is_used_by_her:
        raise Unseen
    support_actions.say_work_is_done(request.actor, grant_id)
    said = _("C’est dit : les administrateurs de %(site)s sont invités à retirer la délégation.")
    messages.success(request, said % {"site": access.grant.site_name})
    return redirect("directory:support_entrusted", number=access.grant.support_number)


@require_GET
@never_cache
@administrators
def banner(request: SignedInRequest, grant_id: UUID) -> HttpResponse:
    """The banner of an open page, read again when its grant changed: one that is over leads away from the page."""
    grant = next((one for one in request.actor.grants if one.id == grant_id), None)
    if grant is not None:
        return render(request, "ui/_acting.html", {"acting": acting_of(grant)})
    home = next((one for one in request.actor.memberships if one.site_kind == SiteKind.SUPPORT), None)
    if home is None or not support_queries.was_hers(request.actor, grant_id):
        raise Unseen
    messages.warning(request, _("La délégation est terminée : la page que vous aviez ouverte est fermée."))
    return HttpResponse(status=204, headers={"HX-Redirect": reverse("directory:support_entrusted", args=[home.site_number])})
