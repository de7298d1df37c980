"""The page that gathers one's own data. She proves again that it is her before she asks (ACC-30)."""

from uuid import UUID, uuid4

from allauth.account.decorators import reauthentication_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from vigie.accounts.tabs import account_tabs
from vigie.directory.access import signed_in
from vigie.directory.entry import SignedInRequest
from vigie.errands import actions as errands
from vigie.errands.models import Errand
from vigie.foundation.personal_data import sections
from vigie.web import personal_data


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
@reauthentication_required(app="vigie.accounts")  # type: ignore[untyped-decorator] # allauth has no types.
def my_data(request: SignedInRequest) -> HttpResponse:
    """Say what will be gathered; on POST, gather it."""
    if request.method == "POST":
        try:
            submission = UUID(request.POST.get("submission", ""))
        except ValueError:
            submission = uuid4()
        errand = errands.start(
            request.actor.id, personal_data.EXPORT, submission=submission, order={}, total=len(sections()), about={"back": request.path}
        )
        return redirect("errand", errand_id=errand.id)
    context = {
        "sections": [section.title for section in sections().values()],
        "earlier": list(Errand.objects.filter(owner_id=request.actor.id, kind=personal_data.EXPORT)[:5]),
        "submission": uuid4(),
    }
    return render(request, "web/my_data.html", context | account_tabs("data"))
