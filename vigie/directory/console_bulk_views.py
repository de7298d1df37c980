"""Pages of the console that act on several members at once, or on the whole list (ACC-20)."""

from dataclasses import asdict, dataclass
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vigie.directory import console, member_errands, member_queries
from vigie.directory.access import administrators
from vigie.directory.entry import SignedInRequest
from vigie.directory.models import Membership, Site
from vigie.errands import actions as errands
from vigie.errands.models import Errand, ErrandState
from vigie.foundation.errors import Invalid

MOST_AT_ONCE = 5_000
"""Rows of an export that is made while the person waits."""
_NAMED = 12


@dataclass(frozen=True, slots=True)
class Selection:
    """Those whom a form names: ticked one by one, or the whole list as it is filtered."""

    ids: list[UUID]
    whole: bool
    query: str

    @property
    def count(self) -> int:
        return len(self.ids)

    def named(self) -> list[Membership]:
        """Return the first of them, to be shown."""
        return list(Membership.objects.filter(id__in=self.ids[:_NAMED]).order_by("last_name", "first_name", "id"))

    @property
    def others(self) -> int:
        return max(0, len(self.ids) - _NAMED)


@require_POST
@administrators
def members_resend(request: SignedInRequest, number: str) -> HttpResponse:
    """Invite again those that are ticked, or the whole list (ACC-12)."""
    site = member_queries.administered_site(request.actor, number)
    selection = _selection(request, site)
    if not selection.ids:
        return _nobody(request, site)
    return _start(request, site, member_errands.RESEND, selection)


@require_POST
@administrators
def members_deactivate(request: SignedInRequest, number: str) -> HttpResponse:
    """Deactivate those that are ticked, or the whole list; a page asks first."""
    site = member_queries.administered_site(request.actor, number)
    selection = _selection(request, site)
    if not selection.ids:
        return _nobody(request, site)
    if "confirmed" not in request.POST:
        context = {"site": site, "selection": selection, "submission": uuid4(), "crumbs": console.crumbs(site, (_("Désactiver"), ""))}
        return render(request, "directory/members_deactivate.html", context)
    return _start(request, site, member_errands.DEACTIVATE, selection)


@require_POST
@administrators
def members_services(request: SignedInRequest, number: str) -> HttpResponse:
    """Attach those that are ticked, or the whole list, to services, or remove them (ACC-23); a page asks which."""
    site = member_queries.administered_site(request.actor, number)
    selection = _selection(request, site)
    if not selection.ids:
        return _nobody(request, site)
    services = member_queries.services_of(site)
    chosen = [service for service, _name in services if service in request.POST.getlist("service")]
    asked = "attach" in request.POST or "remove" in request.POST
    if not asked or not chosen:
        context = {
            "site": site,
            "selection": selection,
            "services": services,
            "chosen": chosen,
            "error": _("Cochez au moins un service.") if asked else "",
            "submission": uuid4(),
            "crumbs": console.crumbs(site, (_("Services"), "")),
        }
        return render(request, "directory/members_services.html", context, status=Invalid.status if asked else 200)
    kind = member_errands.ATTACH if "attach" in request.POST else member_errands.REMOVE
    return _start(request, site, kind, selection, services=chosen)


@require_POST
@administrators
def members_export(request: SignedInRequest, number: str) -> HttpResponse:
    """The same list as a file for spreadsheets; as an errand when it is long."""
    site = member_queries.opened_site(request.actor, number)
    filters = console.filters_of(request.GET)
    form = request.POST.get("format", "csv")
    form = form if form in member_errands.FORMATS else "csv"
    count = member_queries.listed_members(site, filters).count()
    if count > MOST_AT_ONCE:
        errand = errands.start(
            request.actor.id,
            member_errands.EXPORT,
            submission=submission_of(request),
            order={"site": site.number, "filters": asdict(filters), "form": form},
            total=count,
            about={"back": console.list_url(request, site), "site": site.number},
        )
        return redirect("errand", errand_id=errand.id)
    product = member_errands.export_members(request.actor, site, filters, form)
    headers = {"Content-Disposition": f'attachment; filename="{product.name}"', "Cache-Control": "no-store"}
    return HttpResponse(product.data, content_type=product.media_type, headers=headers)


def _selection(request: SignedInRequest, site: Site) -> Selection:
    query = request.POST.get("query", "")[:2000].removeprefix("?")
    whole = "tous" in request.POST
    if whole:
        listed = member_queries.listed_members(site, console.filters_of(QueryDict(query)))
        return Selection(list(listed.values_list("id", flat=True)), whole, query)
    return Selection([member.id for member in member_queries.ticked_members(site, request.POST.getlist("membre"))], whole, query)


def _nobody(request: SignedInRequest, site: Site) -> HttpResponse:
    messages.error(request, _("Cochez d’abord les personnes concernées."))
    return console.back_to_list(request, site)


def _start(request: SignedInRequest, site: Site, kind: str, selection: Selection, **order: object) -> HttpResponse:
    """Start it: done at once when they are few, followed on its page when they are many. Sent twice, it is done once."""
    errand = errands.start(
        request.actor.id,
        kind,
        submission=submission_of(request),
        order=order,
        items=[str(identifier) for identifier in selection.ids],
        about={"back": console.list_url(request, site)},
    )
    if errand.is_under_way or errand.total > errands.AT_ONCE:
        return redirect("errand", errand_id=errand.id)
    _tell(request, errand)
    return console.back_to_list(request, site)


def _tell(request: SignedInRequest, errand: Errand) -> None:
    if errand.state == ErrandState.FAILED:
        messages.error(request, errand.reason)
    if errand.succeeded:
        messages.success(request, errands.said_of(errand))
    console.tell(request, errands.refusals_of(errand))


def submission_of(request: SignedInRequest) -> UUID:
    """Return what the form was made with; a form that has none is one of its own."""
    try:
        return UUID(request.POST.get("submission", ""))
    except ValueError:
        return uuid4()
