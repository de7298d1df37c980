"""Pages of the operator's console about sites."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from vigie.audit.queries import record_history
from vigie.directory import console, platform_console, platform_queries, site_actions
from vigie.directory.access import operators
from vigie.directory.console import ActiveFilter, Conflict, address_with
from vigie.directory.entry import SignedInRequest
from vigie.directory.keyset import Position
from vigie.directory.models import Site, SiteKind
from vigie.directory.platform_forms import NewSiteForm, RevisedSiteForm
from vigie.directory.platform_queries import SiteFilters, SitesPage
from vigie.directory.site_actions import SiteFacts
from vigie.foundation import kept_forms
from vigie.foundation.errors import DomainError
from vigie.ui.numbers import grouped

_UNPROCESSABLE = 422


# --- The list --------------------------------------------------------------------------------------------------------
@require_GET
@operators
def sites(request: SignedInRequest) -> HttpResponse:
    """All sites: search, filters, pages."""
    query = request.GET
    filters = SiteFilters(
        words=query.get("q", "").strip()[: platform_queries.MOST_SOUGHT],
        space=query.get("espace", ""),
        kind=query.get("type", ""),
        state=query.get("etat", ""),
    )
    position = Position(after=query.get("apres", ""), before=query.get("avant", ""), last="fin" in query)
    page = platform_queries.sites_page(filters, position)
    spaces = platform_queries.space_choices()
    context = {
        "frame": platform_console.frame("sites"),
        "page": page,
        "pages": console.pages_of(query, page.slice, _summary(page)),
        "filters": filters,
        "active_filters": _active_filters(query, filters, spaces),
        "clear_url": address_with(query, q=None, espace=None, type=None, etat=None),
        "spaces": spaces,
        "kinds": SiteKind.choices,
        "states": _states(),
    }
    return render(request, "directory/platform_sites.html", context)


def _states() -> list[tuple[str, str]]:
    return [("1", _("En service")), ("0", _("Hors service"))]


def _summary(page: SitesPage) -> str:
    count = {"count": grouped(page.slice.total)}
    if page.is_approximate:
        return ngettext("%(count)s nom approchant", "%(count)s noms approchants", page.slice.total) % count
    return ngettext("%(count)s site", "%(count)s sites", page.slice.total) % count


def _active_filters(query: QueryDict, filters: SiteFilters, spaces: list[tuple[str, str]]) -> list[ActiveFilter]:
    found = []
    if name := dict(spaces).get(filters.space):
        found.append(ActiveFilter(name, address_with(query, espace=None)))
    if filters.kind in SiteKind.values:
        found.append(ActiveFilter(SiteKind(filters.kind).label, address_with(query, type=None)))
    if label := dict(_states()).get(filters.state):
        found.append(ActiveFilter(label, address_with(query, etat=None)))
    return found


# --- One site --------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@operators
def site_add(request: SignedInRequest) -> HttpResponse:
    """Open a site."""
    form = NewSiteForm(
        request.POST if request.method == "POST" else None,
        spaces=platform_queries.space_choices(),
        initial={"space": request.GET.get("espace", "")} | _typed_before(request),
    )
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                site = site_actions.create_site(request.actor, UUID(form.cleaned_data["space"]), form.facts())
            except DomainError as error:
                console.show(form, error)
                status = error.status
            else:
                messages.success(request, _("Le site « %(name)s » est créé. Nommez maintenant son administrateur.") % {"name": site.name})
                return redirect("directory:platform_site", site_id=site.id)
    context = {
        "form": form,
        "frame": platform_console.frame("sites", (_("Créer un site"), "")),
        "owner": kept_forms.owner_token(request.actor.id),
    }
    return render(request, "directory/platform_site_add.html", context, status=status)


@require_http_methods(["GET", "POST"])
@operators
def site(request: SignedInRequest, site_id: UUID) -> HttpResponse:
    """What a site is, who administers it, whether it is in service."""
    found = platform_queries.site_by_id(site_id)
    if request.method == "GET":
        return _site_page(request, found, RevisedSiteForm(initial=_stated(found) | _typed_before(request)))
    form = RevisedSiteForm(request.POST)
    status = _UNPROCESSABLE
    conflict = None
    if form.is_valid():
        try:
            site_actions.edit_site(request.actor, site_id, form.facts(), revision=form.cleaned_data["revision"])
        except DomainError as error:
            console.show(form, error)
            status = error.status
            stored = {name: _word(getattr(found, name)) for name in SiteFacts.__slots__}
            form.cleaned_data |= {name: _word(value) for name, value in form.cleaned_data.items()}
            conflict = console.conflict_of(form, error, stored, platform_queries.last_change_of_site(found))
        else:
            messages.success(request, _("Le site est enregistré."))
            return redirect("directory:platform_site", site_id=site_id)
    console.against_what_is_shown(form, request, found.revision)
    return _site_page(request, found, form, conflict=conflict, status=status)


def _typed_before(request: SignedInRequest) -> dict[str, str]:
    """Return what she had sent here when her session had expired, once."""
    typed = kept_forms.take(request, request.actor.id) if request.method == "GET" else None
    if typed is None:
        return {}
    messages.info(request, _("Votre session avait expiré. Votre texte est là : relisez-le, puis envoyez-le."))
    return {name: str(typed[name]) for name in typed}


def _stated(site: Site) -> dict[str, object]:
    return {name: getattr(site, name) for name in (*SiteFacts.__slots__, "revision")}


def _word(value: object) -> str:
    return "" if value is None else str(value)


def _site_page(
    request: SignedInRequest, site: Site, form: RevisedSiteForm, *, conflict: Conflict | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "frame": platform_console.frame("sites", (site.name, "")),
        "site": site,
        "view": platform_queries.site_view(site),
        "form": form,
        "conflict": conflict,
        "events": record_history(Site, site.id, left_out=("space",)),
        "owner": kept_forms.owner_token(request.actor.id),
    }
    return render(request, "directory/platform_site.html", context, status=status)


@require_http_methods(["GET", "POST"])
@operators
def site_service(request: SignedInRequest, site_id: UUID) -> HttpResponse:
    """Say what taking a site out of service, or putting it back, does; then do it."""
    site = platform_queries.site_by_id(site_id)
    if request.method == "GET":
        title = _("Mettre hors service") if site.is_active else _("Remettre en service")
        context = {
            "frame": platform_console.frame("sites", (site.name, ""), (title, "")),
            "site": site,
            "view": platform_queries.site_view(site),
        }
        return render(request, "directory/platform_site_service.html", context)
    try:
        # The form says which way: sent twice, it does the same once.
        if "open" in request.POST:
            site_actions.put_in_service(request.actor, site_id)
            messages.success(request, _("Le site est en service : ses membres retrouvent leurs accès."))
        else:
            site_actions.take_out_of_service(request.actor, site_id)
            messages.success(request, _("Le site est hors service : ses membres n’y ont plus accès."))
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("directory:platform_site", site_id=site_id)
