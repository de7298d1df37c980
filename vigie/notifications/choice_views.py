"""« Mes courriels »: how often, for each kind of event (ACC-30)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from vigie.accounts.tabs import account_tabs
from vigie.directory.access import signed_in
from vigie.directory.entry import SignedInRequest
from vigie.notifications import actions
from vigie.notifications.kinds import EventKind, all_kinds
from vigie.notifications.models import MailFrequency

_UNPROCESSABLE = 422


class MailChoicesForm(forms.Form):
    """One choice a kind."""

    def __init__(self, *args: Any, kinds: dict[str, EventKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, kind in kinds.items():
            self.fields[name] = forms.ChoiceField(
                label=str(kind.label), help_text=str(kind.help), choices=MailFrequency.choices, widget=forms.RadioSelect
            )


@require_http_methods(["GET", "POST"])
@never_cache
@signed_in
def mail_choices(request: SignedInRequest) -> HttpResponse:
    """Each time, once a day, or never."""
    offered = {name: kind for name, kind in all_kinds().items() if kind.offered_to(request.actor)}
    choosable = {name: kind for name, kind in offered.items() if kind.may_choose}
    wishes = actions.wishes_of(request.user)
    form = MailChoicesForm(
        request.POST if request.method == "POST" else None,
        kinds=choosable,
        initial={name: wishes.get(name, MailFrequency.EACH) for name in choosable},
    )
    if request.method == "POST" and form.is_valid():
        actions.choose_mail(request.user, form.cleaned_data)
        messages.success(request, _("Vos choix sont enregistrés."))
        return redirect("mail_choices")
    context = {"form": form, "fixed": [kind for kind in offered.values() if not kind.may_choose]} | account_tabs("mail")
    return render(request, "notifications/mail_choices.html", context, status=_UNPROCESSABLE if form.errors else 200)
