"""Pages of incidents: they parse, ask an action or a query, and answer. Rights are decided in `policies`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.attachments.serving import serve
from vigie.audit.queries import record_history
from vigie.confidentiality.secrets import secrets_in
from vigie.directory import operator_requests
from vigie.directory.access import agents, signed_in
from vigie.directory.actors import Actor, DeskFacts
from vigie.directory.console import show
from vigie.directory.current_site import current_site
from vigie.directory.entry import SignedInRequest
from vigie.directory.models import Desk, Role
from vigie.foundation import kept_forms
from vigie.foundation.errors import DomainError
from vigie.foundation.text import clean_text
from vigie.incidents import actions, drafts, forms, policies, queries
from vigie.incidents.models import FollowUp, Incident, Status
from vigie.incidents.policies import Access
from vigie.incidents.queries import ListFilters, Position, ReadyList, RecordView
from vigie.patients.picker import register_picker
from vigie.patients.policies import registers_of
from vigie.ui.numbers import grouped

_UNPROCESSABLE = 422


# --- Lists -----------------------------------------------------------------------------------------------------------
@require_GET
@signed_in
def index(request: SignedInRequest) -> HttpResponse:
    """The ready-made lists of a requester; whoever only works for a desk goes to its queue."""
    actor = request.actor
    if "liste" not in request.GET and actor.desks and not policies.may_file_to_site(actor):
        return redirect("incidents:queue", slug=actor.desks[0].slug)
    ready = _ready(queries.REQUESTER_LISTS, request.GET.get("liste", "miens"))
    incidents = queries.requester_list(actor, ready.slug)
    return _list_page(request, ready, queries.REQUESTER_LISTS, incidents, desk=None)


@require_GET
@agents
def queue(request: SignedInRequest, slug: str) -> HttpResponse:
    """The queue of one desk, for its technicians."""
    actor = request.actor
    desk = next((desk for desk in actor.desks if desk.slug == slug), None)
    if desk is None:
        raise Http404
    ready = _ready(queries.DESK_LISTS, request.GET.get("liste", "a-attribuer"))
    incidents = queries.desk_list(actor, desk.id, ready.slug)
    return _list_page(request, ready, queries.DESK_LISTS, incidents, desk=desk)


def _ready(lists: Mapping[str, ReadyList], slug: str) -> ReadyList:
    if slug not in lists:
        raise Http404
    return lists[slug]


def _list_page(
    request: SignedInRequest,
    ready: ReadyList,
    lists: Mapping[str, ReadyList],
    incidents: Any,
    *,
    desk: DeskFacts | None,
) -> HttpResponse:
    query = request.GET
    sort = queries.SORTS.get(query.get("tri", ""), queries.DEFAULT_SORT)
    chosen_site = "" if desk else str(current_site(request) or "")
    filters = ListFilters(status=query.get("statut", ""), priority=query.get("priorite", ""), site=query.get("site", chosen_site))
    position = Position(after=query.get("apres", ""), before=query.get("avant", ""), last="fin" in query)
    size = int(query["taille"]) if query.get("taille") in {str(size) for size in queries.PAGE_SIZES} else queries.PAGE_SIZE
    page = queries.page_of(filters.narrow(incidents), sort, position, size=size)
    context = {
        "ready": ready,
        "tabs": [Tab(other.label, f"?liste={other.slug}", other.slug == ready.slug) for other in lists.values()],
        "page": page,
        "pages": _pages(query, page, size),
        "sort": sort,
        "filters": filters,
        "active_filters": _active_filters(query, filters, request.actor),
        "clear_url": _with(query, statut=None, priorite=None, site="" if chosen_site else None),
        "statuses": Status.choices,
        "priorities": queries.priority_ranks(desk.id if desk else None),
        "sites": [(str(membership.site_id), membership.site_name) for membership in request.actor.memberships] if not desk else [],
        "desk": desk,
        "size": size,
        "sizes": queries.PAGE_SIZES,
        "may_file": bool(policies.may_file_to_site(request.actor)),
        "live_topics": [f"desk:{desk.id}"] if desk else _own_topics(request.actor),
    }
    template = "incidents/_list.html" if request.headers.get("HX-Request") else "incidents/list.html"
    return render(request, template, context)


@dataclass(frozen=True, slots=True)
class Tab:
    label: Any
    url: str
    current: bool
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Pages:
    """The foot of a list; an address is empty when there is no such page."""

    first_url: str
    previous_url: str
    next_url: str
    last_url: str
    summary: str


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    label: Any
    remove_url: str


def _pages(query: QueryDict, page: queries.IncidentPage, size: int) -> Pages:
    """Build the links. `page` in the address only numbers the page for people: the cursor says where it starts."""
    total_pages = max(1, -(-page.total // size))
    given = query.get("page", "")
    number = total_pages if "fin" in query else int(given) if given.isdecimal() and len(given) < 8 else 1
    if page.total_is_exact:
        summary = ngettext("%(count)s incident", "%(count)s incidents", page.total) % {"count": grouped(page.total)}
        if total_pages > 1:
            summary += _(" · page %(number)s sur %(pages)s") % {
                "number": grouped(min(number, total_pages)),
                "pages": grouped(total_pages),
            }
    else:
        summary = _("plus de %(count)s incidents") % {"count": grouped(page.total)}
    return Pages(
        first_url=_with(query) if page.has_previous else "",
        previous_url=_with(query, avant=page.previous_cursor, page=max(1, number - 1)) if page.has_previous else "",
        next_url=_with(query, apres=page.next_cursor, page=number + 1) if page.has_next else "",
        last_url=_with(query, fin=1) if page.has_next else "",
        summary=summary,
    )


def _active_filters(query: QueryDict, filters: ListFilters, actor: Actor) -> list[ActiveFilter]:
    found = []
    if (status := query.get("statut", "")) in Status.values:
        found.append(ActiveFilter(Status(status).label, _with(query, statut=None)))
    if (rank := query.get("priorite", "")).isdecimal():
        found.append(ActiveFilter(_("Priorité de rang %(rank)s") % {"rank": rank}, _with(query, priorite=None)))
    if filters.site:
        name = next((m.site_name for m in actor.memberships if str(m.site_id) == filters.site), _("Un site"))
        found.append(ActiveFilter(name, _with(query, site="")))
    return found


def _with(query: QueryDict, **changes: object) -> str:
    """Return the address of the same list with some parameters changed, back on its first page unless told otherwise."""
    kept = {name: query[name] for name in query if name not in ("apres", "avant", "fin", "page", *changes)}
    return "?" + urlencode(kept | {name: value for name, value in changes.items() if value is not None})


def _own_topics(actor: Actor) -> list[str]:
    return [f"user:{actor.id}", *(f"site:{site}" for site in actor.sites_as(Role.REFERENT))]


@require_GET
@signed_in
def search(request: SignedInRequest) -> HttpResponse:
    """Search over all that one may read. A whole number of incident leads straight to it."""
    words = request.GET.get("q", "").strip()
    number = words.upper().replace(" ", "")
    if number.startswith("INC-") and policies.visible_to(request.actor).filter(number=number).exists():
        return redirect("incidents:record", number=number)
    found = queries.search(request.actor, words)
    return render(request, "incidents/search.html", {"words": words, "found": found})


# --- Filing ----------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
@signed_in
def file(request: SignedInRequest) -> HttpResponse:
    """Declare an incident (INC-1). `_refresh` draws the form again after the site or the solution changed."""
    actor = request.actor
    if not policies.may_file_to_site(actor):
        return render(request, "incidents/file_refused.html", status=403)
    refreshes = "_refresh" in request.POST
    draft_date = None
    if request.method == "POST":
        form = _filing_form(request, data=None if refreshes else request.POST, typed=request.POST)
        if not refreshes and form.is_valid():
            incident = _file(request, form)
            if incident is not None:
                messages.success(request, _("Votre déclaration %(number)s est envoyée.") % {"number": incident.number})
                _say_what_was_removed(request, form.cleaned_data["subject"], form.cleaned_data["description"])
                return redirect("incidents:record", number=incident.number)
    else:
        typed = kept_forms.take(request, actor.id)
        if typed is not None:
            messages.info(request, _("Votre session avait expiré. Votre texte est là : relisez-le, puis envoyez-le."))
        elif (draft := drafts.draft_of(actor, drafts.FILING)) is not None:
            typed, draft_date = draft
            if "demande" in request.GET:
                messages.info(request, _("Vous aviez commencé une autre déclaration. Envoyez-la ou jetez-la, puis faites votre demande."))
        if typed is None:
            typed = operator_requests.prefilled(actor, request.GET) or request.GET
        form = _filing_form(request, data=None, typed=typed)
    desk = Desk.objects.filter(id=form.desk_id).first() if form.desk_id else None
    context = {
        "form": form,
        "desk": desk,
        "draft_date": draft_date,
        "draft_url": reverse("incidents:draft", args=[drafts.FILING]),
        "owner": kept_forms.owner_token(actor.id),
        "after": _filed_after(actor, form),
        "register": register_picker(actor, form.register_number, back=request.path) if form.register_number else None,
        "crumbs": [(_("Incidents"), reverse("incidents:index")), (_("Déclarer"), "")],
    }
    is_fragment = refreshes and request.headers.get("HX-Request")
    template = "incidents/_file_form.html" if is_fragment else "incidents/file.html"
    return render(request, template, context, status=_UNPROCESSABLE if form.is_bound and form.errors else 200)


def _filing_form(request: SignedInRequest, *, data: QueryDict | None, typed: QueryDict) -> forms.FilingForm:
    initial: dict[str, Any] = {name: typed.get(name) for name in forms.FilingForm.base_fields if name in typed and name != "submission"}
    initial.setdefault("site", str(current_site(request) or ""))
    if typed and "subject" in typed:
        initial["notify_requester"] = "notify_requester" in typed
    limit = 10 * 1024 * 1024
    return forms.FilingForm(
        data,
        request.FILES if data is not None else None,
        initial=initial,
        sites=queries.filing_sites(request.actor),
        registers={register.site_id: register.site_number for register in registers_of(request.actor)},
        file_limit=limit,
        address=request.actor.user.reply_address,
    )


def _file(request: SignedInRequest, form: forms.FilingForm) -> Incident | None:
    """File what the form states, or None with the reasons in the form."""
    stated = form.cleaned_data
    try:
        return actions.file_incident(
            request.actor,
            actions.NewIncident(
                site_id=UUID(stated["site"]),
                solution_id=UUID(stated["solution"]),
                priority_id=UUID(stated["priority"]),
                category_id=UUID(stated["category"]) if stated["category"] else None,
                kind=stated["kind"],
                subject=stated["subject"],
                description=stated["description"],
                contact_name=stated["contact_name"],
                contact_phone=stated["contact_phone"],
                notify_requester=stated["notify_requester"],
                filed_after=stated["filed_after"],
                patients=stated.get("patients", ()),
                submission=stated["submission"],
                files=stated["files"],
            ),
        )
    except DomainError as error:
        show(form, error)
        return None


def _filed_after(actor: Actor, form: forms.FilingForm) -> Incident | None:
    given = form.data.get("filed_after") if form.is_bound else form.initial.get("filed_after")
    try:
        return policies.access_incident(actor, id=UUID(str(given))).incident if given else None
    except (ValueError, DomainError):
        return None


@require_GET
@signed_in
def similar(request: SignedInRequest) -> HttpResponse:
    """Open incidents near the subject being typed: to follow rather than to file again (INC-5)."""
    subject = request.GET.get("subject", "")
    rows = queries.similar_open_incidents(request.actor, subject) if len(subject) >= 6 else []
    return render(request, "incidents/_similar.html", {"rows": rows})


@require_POST
@signed_in
def draft(request: SignedInRequest, key: str) -> HttpResponse:
    """Keep, or with `forget` throw away, what is typed in a form."""
    if key != drafts.FILING:
        access = policies.access_incident(request.actor, id=_uuid_or_404(key))
        key = drafts.key_of(access.incident.id)
    if "forget" in request.POST:
        drafts.forget_draft(request.actor, key)
        return redirect(request.POST["forget"] if request.POST["forget"].startswith("/incidents/") else "/incidents/")
    drafts.keep_draft(request.actor, key, request.POST)
    return HttpResponse(status=204)


def _uuid_or_404(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


# --- One incident ----------------------------------------------------------------------------------------------------
@dataclass
class RecordForms:
    """The forms of the record's page; the one that was refused comes back with what was typed and why."""

    message: forms.MessageForm
    note: forms.NoteForm
    assign: forms.AssignForm
    plan: forms.PlanForm
    reason: forms.ReasonForm
    observer: forms.ObserverForm


@require_GET
@signed_in
def record(request: SignedInRequest, number: str) -> HttpResponse:
    """One incident: its facts and its timeline."""
    access = policies.access_incident(request.actor, number=number)
    return _record_page(request, access)


@require_GET
@signed_in
def timeline(request: SignedInRequest, number: str) -> HttpResponse:
    """The part of the record that other people change, read again by screens when they are told."""
    access = policies.access_incident(request.actor, number=number)
    return render(request, "incidents/_live.html", {"record": queries.record_of(access)})


def _record_page(
    request: SignedInRequest,
    access: Access,
    *,
    refused: Mapping[str, django_forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    view = queries.record_of(access)
    draft_date = None
    typed: QueryDict | None = None
    kept: dict[str, QueryDict] = {}
    if not refused:
        kept = _kept_answers(request, access.incident.number)
        typed = kept.pop("message", None)
        if typed is None and (draft := drafts.draft_of(request.actor, drafts.key_of(access.incident.id))) is not None:
            typed, draft_date = draft
    context = {
        "record": view,
        "access": access,
        "incident": access.incident,
        "forms": _record_forms(view, typed, kept, refused or {}),
        "refused": next(iter(refused or kept), ""),
        "draft_date": draft_date,
        "draft_url": reverse("incidents:draft", args=[access.incident.id]),
        "owner": kept_forms.owner_token(request.actor.id),
        "crumbs": [_way_back(access), (access.incident.number, "")],
        "live_topics": [f"incident:{access.incident.id}"],
    }
    return render(request, "incidents/record.html", context, status=status)


def _kept_answers(request: SignedInRequest, number: str) -> dict[str, QueryDict]:
    """What this person had sent when her session had expired, by form: a note must not come back as a message."""
    if request.method != "GET":
        return {}
    found = {}
    for name, route in (("message", "reply"), ("note", "note"), ("plan", "plan")):
        typed = kept_forms.take(request, request.actor.id, path=reverse(f"incidents:{route}", args=[number]))
        if typed is not None:
            messages.info(request, _("Votre session avait expiré. Votre texte est là : relisez-le, puis envoyez-le."))
            found[name] = typed
    return found


def _way_back(access: Access) -> tuple[str, str]:
    """The list that one comes from: the queue for the desk, her incidents for the requester."""
    desk = access.incident.desk
    if access.is_agent:
        return desk.name, reverse("incidents:queue", args=[desk.slug])
    return _("Incidents"), reverse("incidents:index")


def _record_forms(
    view: RecordView,
    typed: QueryDict | None,
    kept: Mapping[str, QueryDict],
    refused: Mapping[str, django_forms.Form],
) -> RecordForms:
    incident = view.incident
    limit = incident.desk.file_limit_bytes
    seen = {"seen": view.last_position, "revision": incident.revision}
    body = {"body": typed.get("body", "")} if typed else {}
    made: dict[str, Any] = {
        "message": forms.MessageForm(initial=seen | body, file_limit=limit, prefix=None),
        "note": forms.NoteForm(initial=_again(kept.get("note")) | seen, file_limit=limit, auto_id="note_%s"),
        "assign": forms.AssignForm(
            initial=seen | {"assignee": str(incident.assignee_id or ""), "team": str(incident.team_id or "")},
            technicians=view.technicians,
            teams=view.teams,
            auto_id="assign_%s",
        ),
        "plan": forms.PlanForm(initial=_again(kept.get("plan")) | seen, auto_id="plan_%s"),
        "reason": forms.ReasonForm(initial=seen, auto_id="reason_%s"),
        "observer": forms.ObserverForm(auto_id="observer_%s"),
    }
    for name, form in refused.items():
        # What was refused is confirmed against what is shown now.
        form.data = {**form.data.dict(), "seen": str(view.last_position), "revision": str(incident.revision)}  # type: ignore[attr-defined]
        made[name] = form
    return RecordForms(**made)


def _again(typed: QueryDict | None) -> dict[str, Any]:
    """The values of a form that was sent and not received."""
    return {name: value for name, value in typed.items() if name != "submission"} if typed else {}


Performed = FollowUp | None
Perform = Callable[[SignedInRequest, Access, Any], Performed]


def _moves(name: str, form_of: Callable[[HttpRequest, Access], django_forms.Form], perform: Perform) -> Callable[..., HttpResponseBase]:
    """Make the view of one action on an incident: parse, act, go back to the entry; or the page, with what was typed."""

    @require_http_methods(["GET", "POST"])
    @signed_in
    def move(request: SignedInRequest, number: str) -> HttpResponse:
        access = policies.access_incident(request.actor, number=number, whole=False)
        if request.method == "GET":
            # Back from signing in, or from a page reloaded after a refusal.
            return redirect("incidents:record", number=number)
        form = form_of(request, access)
        status = _UNPROCESSABLE
        if form.is_valid():
            try:
                entry = perform(request, access, form)
            except DomainError as error:
                show(form, error)
                status = error.status
            else:
                _say_what_was_removed(request, form.cleaned_data.get("body", ""))
                target = reverse("incidents:record", args=[number])
                return redirect(f"{target}#entree-{entry.position}" if entry is not None else target)
        fresh = policies.access_incident(request.actor, number=number)
        return _record_page(request, fresh, refused={name: form}, status=status)

    return move


def _say_what_was_removed(request: SignedInRequest, *typed: str) -> None:
    """Tell the writer which secrets were not kept (CON-8); the text that was stored shows where they stood."""
    kinds = secrets_in(*map(clean_text, typed))
    if kinds:
        told = _("Nous avons retiré de votre texte : %(kinds)s. Le support n’en a jamais besoin, et d’autres personnes lisent cette fiche.")
        advice = _("Si ce secret sert encore, changez-le : il a pu être vu sur votre écran.")
        messages.warning(request, f"{told % {'kinds': ', '.join(str(kind.label) for kind in kinds)}} {advice}")


def _message(request: SignedInRequest, access: Access, form: forms.MessageForm) -> Performed:
    """Send the message, and do what the button says besides: `then` is its value."""
    stated = form.cleaned_data
    common = {"body": stated["body"], "submission": stated["submission"]}
    actor, incident = request.actor, access.incident
    match request.POST.get("then", ""):
        case "nudge":
            return actions.comment(actor, incident.id, nudge=True, files=stated["files"], **common)
        case "close":
            return actions.close_incident(actor, incident.id, files=stated["files"], **common)
        case "refuse":
            return actions.refuse_resolution(actor, incident.id, files=stated["files"], **common)
        case "waiting" | "resolved" | "assigned" as wanted:
            return actions.change_status(actor, incident.id, status=Status(wanted), seen=stated["seen"], files=stated["files"], **common)
        case _:
            return actions.comment(actor, incident.id, seen=stated["seen"], files=stated["files"], **common)


def _note(request: SignedInRequest, access: Access, form: forms.NoteForm) -> Performed:
    stated = form.cleaned_data
    return actions.note(
        request.actor,
        access.incident.id,
        body=stated["body"],
        minutes=stated["minutes"] or 0,
        files=stated["files"],
        submission=stated["submission"],
    )


def _assign(request: SignedInRequest, access: Access, form: forms.AssignForm) -> Performed:
    stated = form.cleaned_data
    return actions.assign(
        request.actor,
        access.incident.id,
        assignee_id=request.actor.id if "to_me" in request.POST else UUID(stated["assignee"]) if stated["assignee"] else None,
        team_id=UUID(stated["team"]) if stated["team"] else None,
        revision=stated["revision"],
    )


def _plan(request: SignedInRequest, access: Access, form: forms.PlanForm) -> Performed:
    stated = form.cleaned_data
    return actions.plan(
        request.actor,
        access.incident.id,
        at=form.moment,
        minutes=stated["minutes"],
        body=stated["body"],
        submission=stated["submission"],
        revision=stated["revision"],
    )


def _observer(request: SignedInRequest, access: Access, form: forms.ObserverForm) -> Performed:
    return actions.add_observer(request.actor, access.incident.id, email=form.cleaned_data["email"])


def _assign_form(request: HttpRequest, access: Access) -> forms.AssignForm:
    view = queries.record_of(access)
    return forms.AssignForm(request.POST, technicians=view.technicians, teams=view.teams, auto_id="assign_%s")


reply = _moves(
    "message",
    lambda request, access: forms.MessageForm(request.POST, request.FILES, file_limit=access.incident.desk.file_limit_bytes),
    _message,
)
note = _moves(
    "note",
    lambda request, access: forms.NoteForm(
        request.POST, request.FILES, file_limit=access.incident.desk.file_limit_bytes, auto_id="note_%s"
    ),
    _note,
)
assign = _moves("assign", _assign_form, _assign)
plan = _moves("plan", lambda request, _access: forms.PlanForm(request.POST, auto_id="plan_%s"), _plan)
observe = _moves("observer", lambda request, _access: forms.ObserverForm(request.POST, auto_id="observer_%s"), _observer)


@require_http_methods(["GET", "POST"])
@signed_in
def follow(request: SignedInRequest, number: str) -> HttpResponse:
    """Follow, or with `stop` unfollow."""
    access = policies.access_incident(request.actor, number=number)
    if request.method == "GET":
        return redirect("incidents:record", number=number)
    if "stop" in request.POST:
        actions.unfollow(request.actor, access.incident.id)
        messages.success(request, _("Vous ne suivez plus %(number)s.") % {"number": number})
        readable = policies.visible_to(request.actor).filter(number=number).exists()
        return redirect("incidents:record", number=number) if readable else redirect("incidents:index")
    actions.follow(request.actor, access.incident.id)
    messages.success(request, _("Vous suivez %(number)s.") % {"number": number})
    return redirect("incidents:record", number=number)


@require_GET
@signed_in
def attachment(request: SignedInRequest, number: str, attachment_id: UUID) -> HttpResponseBase:
    """A file of the incident, to those who may read the entry it came with."""
    access = policies.access_incident(request.actor, number=number)
    link = queries.file_of(access, attachment_id)
    if link is None:
        raise Http404
    return serve(link.attachment, inline="voir" in request.GET)


@require_GET
@signed_in
def history(request: SignedInRequest, number: str) -> HttpResponse:
    """What changed in the row, captured by triggers: for the desk, and for the administrators of the site.

    An administrator as such may not read incidents: she sees who changed what and when, never the texts.
    """
    incident, masked = _history_access(request.actor, number)
    events = record_history(
        Incident,
        incident.id,
        masked_fields=masked,
        left_out=("priority_rank", "revision", "submission", "is_open", "assignee", "requester"),
        names={incident.requester_id: incident.requester_name},
    )
    context = {
        "incident": incident,
        "events": events,
        "masked": bool(masked),
        "crumbs": [(incident.number, reverse("incidents:record", args=[number])), (_("Historique"), "")],
    }
    return render(request, "incidents/history.html", context)


_TEXTS = ("subject", "description", "requester_name", "contact_name", "contact_phone", "notify_address")


def _history_access(actor: Actor, number: str) -> tuple[Incident, tuple[str, ...]]:
    try:
        access = policies.access_incident(actor, number=number)
    except DomainError:
        incident = Incident.objects.filter(number=number).first() if policies.NUMBER.fullmatch(number) else None
        if incident is None or not policies.may_audit(actor, incident):
            raise
        return incident, _TEXTS
    if access.is_agent:
        return access.incident, ()
    if not policies.may_audit(actor, access.incident):
        raise Http404
    return access.incident, _TEXTS
