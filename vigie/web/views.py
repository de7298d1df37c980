"""Home and search."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vigie.directory.access import signed_in
from vigie.directory.entry import SignedInRequest
from vigie.incidents import policies, queries
from vigie.incidents.views import search as search_incidents


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
        "live_topics": [f"user:{actor.id}", *(f"desk:{desk.id}" for desk in actor.desks)],
    }
    template = "web/_home.html" if request.headers.get("HX-Request") else "web/home.html"
    return render(request, template, context)


search = search_incidents
