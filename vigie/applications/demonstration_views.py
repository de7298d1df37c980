"""The pages of the demonstration's application: one that sends to sign in, one that shows what came back."""

import json
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from vigie.applications import demonstration
from vigie.applications.demonstration import Errand, NotVouched
from vigie.directory.access import everyone

_WAITING: Final = "vigie_demonstration_application"


@everyone
@require_GET
@never_cache
def enter(request: HttpRequest) -> HttpResponse:
    """Send the person to sign in with Vigie."""
    errand, address = demonstration.begin()
    request.session[_WAITING] = demonstration.remembered(errand)
    return redirect(address)


@everyone
@require_GET
@never_cache
def back(request: HttpRequest) -> HttpResponse:
    """Show what the application received, or that it received a refusal."""
    waiting = request.session.pop(_WAITING, None)
    shown = {"name": demonstration.name(), "said": "", "person": "", "refusal": request.GET.get("error", "")[:40]}
    if not shown["refusal"]:
        try:
            errand = Errand(**waiting) if waiting is not None else None
            said, person = demonstration.finish(errand, state=request.GET.get("state", ""), code=request.GET.get("code", ""))
        except NotVouched:
            shown["refusal"] = "invalid_grant"
        else:
            shown |= {"said": _written(said), "person": _written(person)}
    return render(request, "applications/demonstration.html", shown)


def _written(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2)
