"""Pages that import a file of people: choose it, see what it would do, confirm (ACC-10)."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.directory import console, member_queries, people_file, people_import
from vigie.directory.access import PLATFORM, administrators, confirmation_first
from vigie.directory.console_bulk_views import submission_of
from vigie.directory.entry import SignedInRequest
from vigie.directory.models import Site
from vigie.errands import actions as errands
from vigie.errands.models import ErrandState
from vigie.foundation import tables
from vigie.foundation.errors import DomainError
from vigie.ui.numbers import grouped

_MOST_SHOWN = 100
_FIRST_SHOWN = 20


@require_http_methods(["GET", "POST"])
@administrators
def members_import(request: SignedInRequest, number: str) -> HttpResponse:
    """Choose a file; nobody is invited yet."""
    site = member_queries.administered_site(request.actor, number)
    error, status = "", 200
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise people_file.UnreadableFile(_("Choisissez d’abord un fichier."))
            # One byte too many is enough to know.
            data = file.read(people_file.MOST_BYTES + 1)
            errand = people_import.begin(request.actor, site, data, submission_of(request))
        except DomainError as refusal:
            error, status = str(refusal.message), refusal.status
        else:
            return redirect("directory:members_import_plan", number=number, errand_id=errand.id)
    context = {
        "site": site,
        "error": error,
        "submission": uuid4(),
        "columns": [(label, name in people_file.REQUIRED) for name, label in people_file.COLUMNS.items()],
        "roles": [role.label for role in member_queries.roles_to_give(request.actor)],
        "most_lines": grouped(people_file.MOST_LINES),
        "crumbs": console.crumbs(site, (_("Importer des personnes"), "")),
    }
    return render(request, "directory/members_import.html", context, status=status)


@require_GET
@administrators
def members_import_model(request: SignedInRequest, number: str) -> HttpResponse:
    """An empty file with the right titles, to be filled in."""
    member_queries.administered_site(request.actor, number)
    example = ["claire.martin@exemple.fr", "Martin", "Claire", _("Infirmière"), _("Utilisateur"), "", "", ""]
    text = tables.csv_text([str(label) for label in people_file.COLUMNS.values()], [example])
    return _csv(text, _("modele.csv"))


@require_GET
@never_cache
@administrators
def members_import_plan(request: SignedInRequest, number: str, errand_id: UUID) -> HttpResponse:
    """What the file would do."""
    site = member_queries.administered_site(request.actor, number)
    return _plan_page(request, site, errand_id)


def _plan_page(request: SignedInRequest, site: Site, errand_id: UUID) -> HttpResponse:
    errand = people_import.prepared(request.actor, site, errand_id)
    if errand.state != ErrandState.PREPARED:
        return redirect("errand", errand_id=errand.id)
    plan = people_import.plan_of(request.actor, site, errand)
    here = (_("Importer des personnes"), reverse("directory:members_import", args=[site.number]))
    context = {
        "site": site,
        "errand": errand,
        "plan": plan,
        "invited": plan.invited[:_FIRST_SHOWN],
        "shows_habilitations": any(one.habilitations for one in plan.invited[:_FIRST_SHOWN]),
        "errors": plan.errors[:_MOST_SHOWN],
        "members": plan.members[:_FIRST_SHOWN],
        "columns": [(name, label, plan.columns.get(name, -1), name in people_file.REQUIRED) for name, label in people_file.COLUMNS.items()],
        "titles": list(enumerate(plan.header)),
        "crumbs": console.crumbs(site, here, (_("Aperçu"), "")),
    }
    return render(request, "directory/members_import_plan.html", context)


@require_POST
@administrators
def members_import_confirm(request: SignedInRequest, number: str, errand_id: UUID) -> HttpResponse:
    """Invite those of the plan; or, with `columns`, read the file anew; or, with `drop`, forget it."""
    site = member_queries.administered_site(request.actor, number)
    errand = people_import.prepared(request.actor, site, errand_id)
    if "columns" in request.POST:
        chosen = {name: at for name in people_file.COLUMNS if (at := request.POST.get(f"column-{name}", "")).isdigit()}
        people_import.choose_columns(errand, {name: int(at) for name, at in chosen.items()})
    elif "drop" in request.POST:
        errands.drop(errand.id)
        messages.success(request, _("Le fichier est effacé. Personne n’a été invité."))
        return redirect("directory:members", number=number)
    elif people_import.appoints(request.actor, site, errand) and (
        ask := confirmation_first(
            request, "admins.appoint", PLATFORM, back=reverse("directory:members_import_plan", args=[number, errand_id])
        )
    ):
        return ask
    elif people_import.confirm(request.actor, site, errand):
        return redirect("errand", errand_id=errand.id)
    else:
        messages.error(request, _("Ce fichier n’invite personne : corrigez-le, puis envoyez-le de nouveau."))
    return redirect("directory:members_import_plan", number=number, errand_id=errand_id)


@require_GET
@never_cache
@administrators
def members_import_errors(request: SignedInRequest, number: str, errand_id: UUID) -> HttpResponse:
    """The lines that are wrong, with the value and the reason, for a spreadsheet."""
    site = member_queries.administered_site(request.actor, number)
    errand = people_import.prepared(request.actor, site, errand_id)
    refusals = (
        people_import.plan_of(request.actor, site, errand).errors if errand.state == ErrandState.PREPARED else errands.refusals_of(errand)
    )
    rows = [(one.line, one.name, one.value, one.reason) for one in refusals]
    return _csv(tables.csv_text([_("Ligne"), _("Nom"), _("Valeur"), _("Raison")], rows), _("erreurs.csv"))


def _csv(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(text.encode("utf-8-sig"), content_type=tables.CSV_TYPE, headers=headers)
