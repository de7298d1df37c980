"""Pages of the matrix of rights: every administrator reads it, the operator changes it (ACC-40).

What is to be changed travels in the address: the preview can be read again, sent to somebody, and left without losing
anything. It holds codes of rights, nobody's name.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from vigie.directory import console, member_queries, platform_console, policies, rights, rights_actions, rights_queries
from vigie.directory import rights_catalogue as catalogue
from vigie.directory.access import PLATFORM, administrators, confirmation_first, operators
from vigie.directory.console import address_with, pages_of
from vigie.directory.entry import SignedInRequest
from vigie.directory.models import RightsVersion
from vigie.directory.platform_console import Frame
from vigie.directory.rights import ABSENT, GIVEN, GIVEN_WITH_STEP_UP, Cell
from vigie.foundation.errors import DomainError, Unseen

_MOST_CHANGES = 300


class SaveForm(forms.Form):
    reason = forms.CharField(
        label=_("Motif"),
        max_length=rights_actions.LONGEST_REASON,
        required=False,
        help_text=_("Pourquoi cette modification : il reste dans l’historique des versions."),
    )
    base = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    restores = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)


# --- Reading ---------------------------------------------------------------------------------------------------------
@require_GET
@administrators
def matrix(request: SignedInRequest) -> HttpResponse:
    """The matrix in words, for every administrator."""
    if policies.is_operator(request.actor):
        frame = platform_console.frame("rights")
    else:
        frame = Frame(tabs=[], crumbs=[(_("Administration"), reverse("directory:index")), (_("Droits"), "")])
    return _matrix_page(request, frame)


@require_GET
@administrators
def site_matrix(request: SignedInRequest, number: str) -> HttpResponse:
    """The same, among the pages of a site."""
    site = member_queries.opened_site(request.actor, number)
    return _matrix_page(request, Frame(tabs=console.tabs(request.actor, site, "rights"), crumbs=console.crumbs(site, (_("Droits"), ""))))


def _matrix_page(request: SignedInRequest, frame: Frame) -> HttpResponse:
    version = rights_actions.current_version()
    context = {
        "frame": frame,
        "version": version,
        "families": rights_queries.matrix_view(version),
        "may_change": policies.may_change_rights(request.actor),
    }
    return render(request, "directory/rights.html", context)


@require_GET
@administrators
def versions(request: SignedInRequest) -> HttpResponse:
    """How the matrix came to be what it is: each version, and what it changed."""
    start = request.GET.get("avant", "")
    shown, following = rights_queries.versions(before=int(start) if start.isdecimal() and len(start) < 9 else None)
    here = (_("Versions"), "")
    is_operator = policies.is_operator(request.actor)
    context = {
        "frame": platform_console.frame("rights", here)
        if is_operator
        else Frame(tabs=[], crumbs=[(_("Administration"), reverse("directory:index")), (_("Droits"), reverse("directory:rights")), here]),
        "versions": shown,
        "next_url": address_with(request.GET, avant=following) if following else "",
        "may_change": policies.may_change_rights(request.actor),
    }
    return render(request, "directory/rights_versions.html", context)


# --- Changing --------------------------------------------------------------------------------------------------------
@require_GET
@operators
def edit(request: SignedInRequest) -> HttpResponse:
    """Tick and untick; nothing is written before the preview has been read."""
    if ask := confirmation_first(request, "rights.change", PLATFORM, back=request.get_full_path()):
        return ask
    if not policies.may_change_rights(request.actor):
        raise Unseen
    version = rights_actions.current_version()
    context = {
        "frame": platform_console.frame("rights", (_("Modifier"), "")),
        "version": version,
        "families": rights_queries.matrix_view(_as_wanted(version, _stated(request.GET))),
    }
    return render(request, "directory/rights_edit.html", context)


def _as_wanted(version: RightsVersion, changes: Mapping[Cell, int]) -> RightsVersion:
    """Return the version, not stored, with the changes of the address ticked: nobody begins again."""
    cells = rights.decoded(version.cells)
    for cell, state in rights_queries.effective_changes(version, changes).items():
        cells.pop(cell, None)
        if state != ABSENT:
            cells[cell] = state == GIVEN_WITH_STEP_UP
    return RightsVersion(number=version.number, cells=rights.encoded(cells), delivered=version.delivered, decisions=version.decisions)


@require_GET
@operators
def preview(request: SignedInRequest) -> HttpResponse:
    """Who would gain and who would lose what, before anything is saved."""
    version = rights_actions.current_version()
    if "tout" in request.GET:
        # The form states the whole matrix; the address keeps what differs, and so stays short.
        return redirect(_preview_address(version.number, rights_queries.effective_changes(version, _ticked(request.GET, version))))
    restores = request.GET.get("retablir", "")
    if restores:
        wanted = RightsVersion.objects.filter(number=int(restores) if restores.isdecimal() and len(restores) < 9 else 0).first()
        if wanted is None:
            raise Unseen
        return redirect(_preview_address(version.number, rights_queries.changes_to(version, wanted), restores=wanted.number))
    return _preview_page(request, version, SaveForm(initial={"base": version.number, "restores": request.GET.get("version") or None}))


def _preview_page(request: SignedInRequest, version: RightsVersion, form: SaveForm, *, status: int = 200) -> HttpResponse:
    query = request.GET
    changes = rights_queries.effective_changes(version, _stated(query))
    if not changes and status == 200:
        messages.info(request, gettext("Cette modification ne change rien : la matrice en vigueur la contient déjà."))
        return redirect("directory:rights")
    shown = _shown_cell(query.get("personnes", ""), changes)
    people = None
    if shown is not None:
        people = rights_queries.holders_page(shown, words=query.get("q", ""), after=query.get("apres", ""), before=query.get("avant", ""))
    stated: dict[str, Any] = {"e": _written(changes)}
    whole = stated | ({"version": query["version"]} if query.get("version") else {})
    context = {
        "frame": platform_console.frame("rights", (_("Aperçu de la modification"), "")),
        "version": version,
        "preview": rights_queries.preview_of(version, changes),
        "form": form,
        "stated": stated["e"],
        "version_restored": query.get("version", ""),
        "edit_url": f"{reverse('directory:rights_edit')}?{urlencode(stated, doseq=True)}",
        "base_url": f"?{urlencode(whole, doseq=True)}",
        "save_url": f"{reverse('directory:rights_save')}?{urlencode(whole, doseq=True)}",
        "shown": shown and rights.key_of(shown),
        "shown_words": shown and rights_queries.words_of(shown),
        "people": people,
        "words": query.get("q", "")[:100],
        "pages": _people_pages(query, people) if people else None,
    }
    return render(request, "directory/rights_preview.html", context, status=status)


def _people_pages(query: QueryDict, people: rights_queries.HolderPage) -> console.Pages:
    pages = pages_of(query, people, "")
    # The same key comes several times in the address.
    stated = urlencode({"e": query.getlist("e")}, doseq=True)

    def whole(address: str) -> str:
        kept = QueryDict(address.removeprefix("?"), mutable=True)
        kept.pop("e", None)
        return f"?{stated}&{kept.urlencode()}#personnes" if address else ""

    return console.Pages(whole(pages.first_url), whole(pages.previous_url), whole(pages.next_url), "", "")


@require_POST
@operators
def save(request: SignedInRequest) -> HttpResponse:
    """Put the change in force."""
    changes = _stated(request.GET)
    query = {"e": request.GET.getlist("e")} | ({"version": request.GET["version"]} if request.GET.get("version") else {})
    back = f"{reverse('directory:rights_preview')}?{urlencode(query, doseq=True)}"
    if ask := confirmation_first(request, "rights.change", PLATFORM, back=back):
        return ask
    form = SaveForm(request.POST)
    status = 422
    if form.is_valid():
        stated = form.cleaned_data
        try:
            version = rights_actions.change_rights(
                request.actor, changes, base=stated["base"], reason=stated["reason"], restores=stated["restores"]
            )
        except DomainError as error:
            console.show(form, error)
            status = error.status
        else:
            messages.success(request, gettext("La version %(number)s de la matrice est en vigueur.") % {"number": version.number})
            return redirect("directory:rights")
    version = rights_actions.current_version()
    console.against_what_is_shown(form, request, 0)
    form.data["base"] = str(version.number)  # type: ignore[index] # a QueryDict made mutable just above
    return _preview_page(request, version, form, status=status)


# --- What addresses say ----------------------------------------------------------------------------------------------
_WORDS = {ABSENT: "non", GIVEN: "oui", GIVEN_WITH_STEP_UP: "confirme"}


def _preview_address(base: int, changes: Mapping[Cell, int], *, restores: int | None = None) -> str:
    query: dict[str, object] = {"e": _written(changes)}
    if restores is not None:
        query["version"] = restores
    return f"{reverse('directory:rights_preview')}?{urlencode(query, doseq=True)}"


def _written(changes: Mapping[Cell, int]) -> list[str]:
    return [":".join((_WORDS[state], *cell)) for cell, state in changes.items()]


def _stated(query: QueryDict) -> dict[Cell, int]:
    """Read « oui:incident.nudge:user:followed »; nonsense is ignored."""
    states = {word: state for state, word in _WORDS.items()}
    changes = {}
    for text in query.getlist("e")[:_MOST_CHANGES]:
        word, _colon, rest = text.partition(":")
        parts = rest.split(":")
        if word in states and len(parts) == 3:
            changes[parts[0], parts[1], parts[2]] = states[word]
    return changes


def _ticked(query: QueryDict, version: RightsVersion) -> dict[Cell, int]:
    """Read the whole form: a cell that is shown and not ticked is absent. What the form cannot state stays."""
    given, confirmed = set(query.getlist("c")), set(query.getlist("s"))
    wanted = {}
    for family in rights_queries.matrix_view(version):
        for row in family.rows:
            for _role, cells in row.roles:
                for cell in cells:
                    asks = cell.key in confirmed or rights.cell_of(cell.key) == catalogue.ALWAYS_CONFIRMED
                    state = (GIVEN_WITH_STEP_UP if asks else GIVEN) if cell.key in given or cell.is_locked else ABSENT
                    wanted[rights.cell_of(cell.key)] = state
    return wanted


def _shown_cell(text: str, changes: Mapping[Cell, int]) -> Cell | None:
    return next((cell for cell in changes if rights.key_of(cell) == text), None)
