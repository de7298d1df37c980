"""Home and search."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from vigie.applications.queries import tiles_for
from vigie.directory.access import signed_in
from vigie.directory.current_site import choose_site
from vigie.directory.entry import SignedInRequest
from vigie.directory.policies import administers_somewhere
from vigie.incidents import policies, queries
from vigie.incidents.views import search as search_incidents
from vigie.patients.policies import registers_of
from vigie.web.queries import desks_for


@require_GET
@signed_in
def home(request: SignedInRequest) -> HttpResponse:
    """What waits for me, then what I may use (PLA-14)."""
    actor = request.actor
    context = {
        "waiting": queries.waiting_for(actor),
        "recent": queries.recent_for(actor),
        "desks": queries.desk_loads(actor),
        "may_file": bool(policies.may_file_to_site(actor)),
        "opens_register": bool(registers_of(actor)),
        "administers": administers_somewhere(actor),
        "tiles": tiles_for(actor),
        "live_topics": [f"user:{actor.id}", *(f"desk:{desk.id}" for desk in actor.desks)],
    }
    template = "web/_home.html" if request.headers.get("HX-Request") else "web/home.html"
    return render(request, template, context)


@require_POST
@signed_in
def site(request: SignedInRequest) -> HttpResponse:
    """Choose the site that she works for now, and go back where she was."""
    choose_site(request, request.POST.get("site", ""))
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    return redirect(back if is_ours else "home")


@require_GET
@signed_in
def help_page(request: SignedInRequest) -> HttpResponse:
    """Whom to ask, and how (INC-40): how to do it, my account, something is broken."""
    context = {"desks": desks_for(request.actor), "may_file": bool(policies.may_file_to_site(request.actor))}
    return render(request, "web/help.html", context)


search = search_incidents
