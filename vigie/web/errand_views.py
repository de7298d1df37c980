"""Pages of long work: how far it is, what was refused, the file that it made. Each is its owner's alone."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from vigie.directory.access import signed_in
from vigie.directory.entry import SignedInRequest
from vigie.errands import actions, files
from vigie.errands.kinds import Refusal, kind_of
from vigie.errands.models import Errand, ErrandState
from vigie.foundation.encryption import Unreadable
from vigie.foundation.errors import Unseen
from vigie.foundation.tables import csv_text

_MOST_SHOWN = 50
_MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class ErrandView:
    """One errand, as its pages show it."""

    id: UUID
    title: Any
    state: str
    state_label: Any
    done: int
    total: int
    percent: int
    said: str
    refused: int
    refusals: list[Refusal]
    reason: str
    created_at: Any
    expires_at: Any
    file_name: str
    file_size: int
    back_url: str
    is_under_way: bool


@require_GET
@never_cache
@signed_in
def errands(request: SignedInRequest) -> HttpResponse:
    """Her long work of the last day, the newest first."""
    listed = Errand.objects.filter(owner_id=request.actor.id).exclude(state=ErrandState.PREPARED)
    rows = [_view(errand, most=0) for errand in listed[:_MOST_LISTED]]
    return render(request, "web/errands.html", {"errands": rows, "crumbs": [(_("Travaux en cours"), "")]})


@require_GET
@never_cache
@signed_in
def errand(request: SignedInRequest, errand_id: UUID) -> HttpResponse:
    """How far it is; the part alone when the page asks for it again."""
    view = _view(_owned(request, errand_id), most=_MOST_SHOWN)
    crumbs = [(_("Travaux en cours"), reverse("errands")), (view.title, "")]
    template = "web/_errand.html" if request.headers.get("HX-Request") else "web/errand.html"
    return render(request, template, {"errand": view, "crumbs": crumbs})


@require_GET
@never_cache
@signed_in
def errand_report(request: SignedInRequest, errand_id: UUID) -> HttpResponse:
    """What was refused, line by line, for a spreadsheet."""
    found = _owned(request, errand_id)
    rows = [(str(one.line or ""), one.name, one.value, one.reason) for one in actions.refusals_of(found)]
    text = csv_text([_("Ligne"), _("Nom"), _("Valeur"), _("Raison")], rows)
    return _download(text.encode("utf-8-sig"), "text/csv; charset=utf-8", _("refus.csv"))


@require_GET
@never_cache
@signed_in
def errand_file(request: SignedInRequest, errand_id: UUID) -> HttpResponse:
    """The file that it made, until it expires."""
    found = _owned(request, errand_id)
    may_take = kind_of(found.kind).may_take
    if found.state != ErrandState.DONE or not found.file_name or (may_take is not None and not may_take(request.actor, found.about)):
        raise Unseen
    try:
        data = files.read(found.id)
    except (FileNotFoundError, Unreadable) as error:
        raise Unseen from error
    return _download(data, found.file_type, found.file_name)


def _owned(request: SignedInRequest, errand_id: UUID) -> Errand:
    """Return an errand of hers that has not expired; Unseen otherwise."""
    found = actions.owned_errand(request.actor.id, errand_id)
    if found is None or found.state == ErrandState.PREPARED:
        raise Unseen
    return found


def _view(errand: Errand, *, most: int) -> ErrandView:
    kind = kind_of(errand.kind)
    done = actions.progress_of(errand)
    return ErrandView(
        id=errand.id,
        title=kind.title,
        state=errand.state,
        state_label=ErrandState(errand.state).label,
        done=done,
        total=errand.total,
        percent=min(100, done * 100 // errand.total) if errand.total else 0,
        said=kind.said(errand.succeeded),
        refused=errand.refused,
        refusals=actions.refusals_of(errand)[:most] if most else [],
        reason=errand.reason,
        created_at=errand.created_at,
        expires_at=errand.expires_at,
        file_name=errand.file_name,
        file_size=errand.file_size,
        back_url=str(errand.about.get("back", "")),
        is_under_way=errand.is_under_way,
    )


def _download(data: bytes, media_type: str, name: str) -> HttpResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return HttpResponse(data, content_type=media_type, headers=headers)
