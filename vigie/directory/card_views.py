"""Pages of the register of loan cards of a site: they ask `card_actions`, and answer (ACC-6)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.directory import card_actions, card_forms, card_queries, console, member_queries, policies
from vigie.directory.access import administrators
from vigie.directory.card_queries import CardState
from vigie.directory.entry import SignedInRequest
from vigie.directory.models import Site
from vigie.directory.policies import access_card, access_membership
from vigie.directory.register_queries import position_of, words_of
from vigie.foundation.errors import DomainError, Unseen
from vigie.ui.numbers import grouped

_UNPROCESSABLE = 422


@require_GET
@administrators
def cards(request: SignedInRequest, number: str) -> HttpResponse:
    """The cards that are out, late, or back; all of them make the history of each card."""
    site = _lending_site(request, number)
    words, state = words_of(request.GET), request.GET.get("etat", CardState.OUT)
    page = card_queries.cards_page(site, words, state, position_of(request.GET))
    summary = ngettext("%(count)s prêt", "%(count)s prêts", page.total) % {"count": grouped(page.total)}
    context = {
        "site": site,
        "tabs": console.tabs(request.actor, site, "cards"),
        "page": page,
        "pages": console.pages_of(request.GET, page, summary),
        "words": words,
        "state": state,
        "states": CardState.choices,
        "crumbs": console.crumbs(site, (_("Cartes de prêt"), "")),
    }
    return render(request, "directory/cards.html", context)


@require_GET
@administrators
def card_borrower(request: SignedInRequest, number: str) -> HttpResponse:
    """Choose to whom a card is lent."""
    site = _lending_site(request, number)
    words = words_of(request.GET)
    page = card_queries.borrowers(site, words, position_of(request.GET))
    context = {
        "site": site,
        "tabs": console.tabs(request.actor, site, "cards"),
        "page": page,
        "pages": console.pages_of(request.GET, page, console.people_counted(page.total)),
        "words": words,
        "crumbs": console.crumbs(site, (_("Cartes de prêt"), reverse("directory:cards", args=[number])), (_("Prêter une carte"), "")),
    }
    return render(request, "directory/card_borrower.html", context)


@require_http_methods(["GET", "POST"])
@administrators
def card_lend(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Lend a card to a member."""
    member = access_membership(request.actor, membership_id).membership
    if not policies.may_lend_cards(request.actor, member.site_id):
        raise Unseen
    form = card_forms.LoanForm(request.POST if request.method == "POST" else None, initial={"due_on": timezone.localdate()})
    status = _UNPROCESSABLE if form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            card = card_actions.lend_card(request.actor, membership_id, **form.cleaned_data)
        except DomainError as error:
            console.show(form, error)
            status = error.status
        else:
            messages.success(request, _("La carte %(number)s est prêtée à %(name)s.") % {"number": card.number, "name": member.full_name})
            return redirect("directory:cards", number=member.site.number)
    record = (member.full_name, reverse("directory:member", args=[member.id]))
    context = {
        "member": member,
        "site": member.site,
        "form": form,
        "crumbs": console.crumbs(member.site, record, (_("Prêter une carte"), "")),
    }
    return render(request, "directory/card_lend.html", context, status=status)


@require_POST
@administrators
def card_return(request: SignedInRequest, card_id: UUID) -> HttpResponse:
    """Note that a card is back; `from_record` goes back to the record of who had it."""
    try:
        card = card_actions.return_card(request.actor, card_id)
    except card_actions.CardCameBack as error:
        messages.warning(request, str(error.message))
        card = access_card(request.actor, card_id)
    else:
        messages.success(request, _("La carte %(number)s est rendue.") % {"number": card.number})
    if "from_record" in request.POST:
        return redirect("directory:member", membership_id=card.membership_id)
    return redirect("directory:cards", number=card.site.number)


def _lending_site(request: SignedInRequest, number: str) -> Site:
    site = member_queries.administered_site(request.actor, number)
    if not policies.may_lend_cards(request.actor, site.id):
        raise Unseen
    return site
