"""Pages of the journal of administrative acts: of a site, of the platform, of oneself (PLA-42)."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from vigie.audit import acts
from vigie.directory import console, journal_actions, journal_queries, platform_console
from vigie.directory.access import administrators, operators, signed_in
from vigie.directory.console import ActiveFilter, address_with, pages_of
from vigie.directory.entry import SignedInRequest
from vigie.directory.journal_queries import ActFilters, Journal
from vigie.directory.keyset import MOST_COUNTED, Position
from vigie.directory.platform_console import Frame
from vigie.errands import actions as errands
from vigie.ui.numbers import grouped

if TYPE_CHECKING:
    from vigie.directory.models import Site

_PLATFORM = "platform"


@require_GET
@signed_in
def own(request: SignedInRequest) -> HttpResponse:
    """What I did, and what was done about me."""
    journal = journal_actions.journal_of(request.actor, None)
    frame = Frame(tabs=[], crumbs=[(_("Mon profil"), reverse("accounts:profile")), (_("Mon journal"), "")])
    return _page(request, journal, frame, title=gettext("Mon journal"), export_url=reverse("journal:own_export"))


@require_GET
@administrators
def site(request: SignedInRequest, number: str) -> HttpResponse:
    """The acts in the name of a site."""
    journal = journal_actions.journal_of(request.actor, number)
    here = cast("Site", journal.site)
    frame = Frame(tabs=console.tabs(request.actor, here, "journal"), crumbs=console.crumbs(here, (_("Journal"), "")))
    export_url = reverse("directory:journal_export", args=[number])
    return _page(request, journal, frame, title=gettext("Journal"), export_url=export_url)


@require_GET
@operators
def platform(request: SignedInRequest) -> HttpResponse:
    """The acts in the name of the platform, and whether the chains hold."""
    journal = journal_actions.journal_of(request.actor, _PLATFORM)
    return _page(
        request,
        journal,
        platform_console.frame("journal"),
        title=gettext("Journal"),
        export_url=reverse("directory:platform_journal_export"),
        verification=journal_queries.last_verification(),
        shows_chain=True,
    )


def _page(request: SignedInRequest, journal: Journal, frame: Frame, **more: Any) -> HttpResponse:
    query = request.GET
    filters = _filters(query)
    position = Position(after=query.get("apres", ""), before=query.get("avant", ""), last="fin" in query)
    page, views = journal_queries.journal_page(journal, filters, position)
    context = {
        "frame": frame,
        "journal": journal,
        "over": journal.site.name if journal.site else "",
        "acts": views,
        "pages": pages_of(query, page, _summary(page.total)),
        "filters": filters,
        "active_filters": _active_filters(query, filters),
        "clear_url": request.path,
        "families": acts.families(),
        "submission": uuid4(),
        "query": query.urlencode(),
    } | more
    return render(request, "directory/journal.html", context)


def _summary(total: int) -> str:
    if total > MOST_COUNTED:
        return gettext("plus de %(count)s actes") % {"count": grouped(MOST_COUNTED)}
    return ngettext("%(count)s acte", "%(count)s actes", total) % {"count": grouped(total)}


def _filters(query: QueryDict) -> ActFilters:
    return ActFilters(
        words=query.get("q", "").strip()[: journal_queries.MOST_SOUGHT],
        family=query.get("nature", "") if acts.codes_of(query.get("nature", "")) else "",
        since=query.get("du", "")[:10],
        until=query.get("au", "")[:10],
        about=query.get("objet", "")[:110],
        by_support=query.get("par") == "support",
    )


def _active_filters(query: QueryDict, filters: ActFilters) -> list[ActiveFilter]:
    found = []
    if filters.words:
        found.append(ActiveFilter(gettext("« %(words)s »") % {"words": filters.words}, address_with(query, q=None)))
    if filters.family:
        found.append(ActiveFilter(dict(acts.families())[filters.family], address_with(query, nature=None)))
    if filters.first_day:
        found.append(ActiveFilter(gettext("depuis le %(day)s") % {"day": filters.since}, address_with(query, du=None)))
    if filters.last_day:
        found.append(ActiveFilter(gettext("jusqu’au %(day)s") % {"day": filters.until}, address_with(query, au=None)))
    if filters.by_support:
        found.append(ActiveFilter(gettext("faits par un support"), address_with(query, par=None)))
    if filters.about:
        found.append(ActiveFilter(gettext("un seul objet"), address_with(query, objet=None)))
    return found


# --- Taking it away --------------------------------------------------------------------------------------------------
@require_POST
@signed_in
def own_export(request: SignedInRequest) -> HttpResponse:
    return _export(request, None, back=reverse("journal:own"))


@require_POST
@administrators
def site_export(request: SignedInRequest, number: str) -> HttpResponse:
    return _export(request, number, back=reverse("directory:journal", args=[number]))


@require_POST
@operators
def platform_export(request: SignedInRequest) -> HttpResponse:
    return _export(request, _PLATFORM, back=reverse("directory:platform_journal"))


def _export(request: SignedInRequest, name: str | None, *, back: str) -> HttpResponse:
    """Make the file at once, or as an errand when it is long."""
    journal = journal_actions.journal_of(request.actor, name)
    filters = _filters(request.GET)
    count = filters.narrow(journal.acts).order_by().values("pk")[: MOST_COUNTED + 1].count()
    if count > journal_actions.MOST_AT_ONCE:
        errand = errands.start(
            request.actor.id,
            journal_actions.EXPORT,
            submission=_submission(request),
            order={"journal": name, "filters": asdict(filters)},
            total=count,
            about={"back": back},
        )
        return redirect("errand", errand_id=errand.id)
    product = journal_actions.export_journal(request.actor, journal, filters)
    headers = {"Content-Disposition": f'attachment; filename="{product.name}"', "Cache-Control": "no-store"}
    return HttpResponse(product.data, content_type=product.media_type, headers=headers)


def _submission(request: SignedInRequest) -> UUID:
    try:
        return UUID(request.POST.get("submission", ""))
    except ValueError:
        return uuid4()


@require_POST
@operators
def verify(request: SignedInRequest) -> HttpResponse:
    """Have the chains read again."""
    journal_actions.verify_chains(request.actor)
    messages.success(request, gettext("La vérification du journal est demandée : son résultat apparaît ici dans un instant."))
    return redirect("directory:platform_journal")
