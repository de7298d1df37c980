"""« Mes accès »: what somebody may do in each of her sites, and why (ACC-30)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from vigie.accounts.tabs import account_tabs
from vigie.directory import access_reasons
from vigie.directory.access import signed_in
from vigie.directory.entry import SignedInRequest


@require_GET
@signed_in
def own_access(request: SignedInRequest) -> HttpResponse:
    context = {"accesses": access_reasons.own_accesses(request.actor)} | account_tabs("access")
    return render(request, "directory/own_access.html", context)
