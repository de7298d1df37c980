"""The page that a link of invitation opens. Reading it changes nothing: filters of mail open links (ACC-10)."""

from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from vigie.accounts.authentication import has_two_factors
from vigie.accounts.models import User
from vigie.directory import invitations
from vigie.directory.access import everyone
from vigie.directory.invitation_forms import ChoosePasswordForm

_REFERRER: Final = "strict-origin"
"""The path, which holds the token, never leaves the page. With « no-referrer » browsers would also hide where the form
comes from, and its protection against forgery would refuse it."""


@everyone
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Say who invites whom; accept on POST."""
    try:
        response = _answer(request, token)
    except invitations.DeadLink:
        response = render(request, "directory/invitation_dead.html", status=404)
    response.headers["Referrer-Policy"] = _REFERRER
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    opened = invitations.open_link(token)
    if opened.account_id is not None:
        return _answer_account(request, token, opened)
    form = ChoosePasswordForm(
        request.POST if request.method == "POST" else None,
        person=User(email=opened.email, first_name=opened.first_name, last_name=opened.last_name),
    )
    if request.method == "POST" and form.is_valid():
        language = translation.get_language() or "fr"
        invitations.accept_as_new_person(token, password=form.cleaned_data["password1"], language=language[:2])
        messages.success(request, _("Votre compte est prêt : connectez-vous."))
        return redirect("account_login")
    context = {"opened": opened, "form": form}
    return render(request, "directory/invitation_new.html", context, status=422 if form.errors else 200)


def _answer_account(request: HttpRequest, token: str, opened: invitations.Opened) -> HttpResponse:
    user = request.user if isinstance(request.user, User) and has_two_factors(request, request.user) else None
    is_hers = user is not None and user.pk == opened.account_id
    if request.method == "POST" and user is not None and is_hers:
        invitations.accept_as(token, user)
        messages.success(request, _("Vous avez rejoint %(site)s.") % {"site": opened.site_name})
        return redirect("home")
    sign_in = f"{resolve_url('account_login')}?{urlencode({'next': request.path})}"
    context = {"opened": opened, "is_hers": is_hers, "is_somebody_else": user is not None and not is_hers, "sign_in_url": sign_in}
    return render(request, "directory/invitation_account.html", context, status=409 if request.method == "POST" else 200)
