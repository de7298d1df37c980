"""Pages of the operator's console about accounts (ACC-14, ACC-15)."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.accounts.models import User
from vigie.directory import account_actions, account_queries, console, platform_console
from vigie.directory.access import PLATFORM, confirmation_first, operators, sent_before_confirming
from vigie.directory.account_queries import AccountFilters, AccountsPage
from vigie.directory.console import ActiveFilter, address_with
from vigie.directory.entry import SignedInRequest
from vigie.directory.keyset import MOST_COUNTED, Position
from vigie.directory.models import Role
from vigie.directory.platform_forms import AddressForm, UnlockForm
from vigie.foundation.errors import ChangedMeanwhile, DomainError
from vigie.ui.numbers import grouped

_UNPROCESSABLE = 422


# --- The list --------------------------------------------------------------------------------------------------------
@require_GET
@operators
def accounts(request: SignedInRequest) -> HttpResponse:
    """All accounts: search, filters, pages."""
    query = request.GET
    filters = AccountFilters(
        words=query.get("q", "").strip()[: account_queries.MOST_SOUGHT], state=query.get("etat", ""), role=query.get("role", "")
    )
    position = Position(after=query.get("apres", ""), before=query.get("avant", ""), last="fin" in query)
    page = account_queries.accounts_page(filters, position)
    context = {
        "frame": platform_console.frame("accounts"),
        "page": page,
        "pages": console.pages_of(query, page.slice, _summary(page)),
        "filters": filters,
        "active_filters": _active_filters(query, filters),
        "clear_url": address_with(query, q=None, etat=None, role=None),
        "states": _states(),
        "roles": Role.choices,
    }
    return render(request, "directory/platform_accounts.html", context)


def _states() -> list[tuple[str, str]]:
    return [("1", _("Comptes actifs")), ("0", _("Comptes désactivés"))]


def _summary(page: AccountsPage) -> str:
    total = page.slice.total
    if page.is_approximate:
        return ngettext("%(count)s nom approchant", "%(count)s noms approchants", total) % {"count": grouped(total)}
    if not page.slice.total_is_exact:
        return _("plus de %(count)s comptes") % {"count": grouped(MOST_COUNTED)}
    return ngettext("%(count)s compte", "%(count)s comptes", total) % {"count": grouped(total)}


def _active_filters(query: QueryDict, filters: AccountFilters) -> list[ActiveFilter]:
    found = []
    if label := dict(_states()).get(filters.state):
        found.append(ActiveFilter(label, address_with(query, etat=None)))
    if filters.role in Role.values:
        found.append(ActiveFilter(Role(filters.role).label, address_with(query, role=None)))
    return found


def _page(account_id: UUID) -> str:
    return reverse("directory:platform_account", args=[account_id])


# --- One account -----------------------------------------------------------------------------------------------------
@require_GET
@operators
def account(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    """The memberships of an account, and what an operator does to it."""
    found = account_queries.account(account_id)
    typed = sent_before_confirming(request, reverse("directory:platform_account_address", args=[account_id]))
    form = (
        AddressForm(initial={"former": found.email, "email": typed.get("email", "")}, auto_id="address_%s") if typed is not None else None
    )
    return _account_page(request, found, address_form=form)


def _account_page(request: SignedInRequest, account: User, *, address_form: forms.Form | None = None, status: int = 200) -> HttpResponse:
    context = {
        "frame": platform_console.frame("accounts", (account.full_name, "")),
        "account": account,
        "view": account_queries.account_view(account),
        "is_self": account.pk == request.actor.id,
        "address_form": address_form or AddressForm(initial={"former": account.email}, auto_id="address_%s"),
    }
    return render(request, "directory/platform_account.html", context, status=status)


@require_POST
@operators
def account_address(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    """Give the account another address."""
    found = account_queries.account(account_id)
    if ask := confirmation_first(request, "email.change", PLATFORM, back=_page(account_id)):
        return ask
    form = AddressForm(request.POST, auto_id="address_%s")
    status = _UNPROCESSABLE
    if form.is_valid():
        try:
            account_actions.change_email(request.actor, account_id, **form.cleaned_data)
        except DomainError as error:
            console.show(form, error)
            status = error.status
            if isinstance(error, ChangedMeanwhile):
                console.against_what_is_shown(form, request, found.email, name="former")
        else:
            messages.success(request, _("L’adresse est changée. L’ancienne et la nouvelle sont prévenues."))
            return redirect("directory:platform_account", account_id=account_id)
    return _account_page(request, found, address_form=form, status=status)


@require_http_methods(["GET", "POST"])
@operators
def account_activity(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    """Say what closing an account, or opening it again, does; then do it."""
    found = account_queries.account(account_id)
    if ask := confirmation_first(request, "account.deactivate", PLATFORM, back=request.path):
        return ask
    if request.method == "GET":
        title = _("Désactiver le compte") if found.is_active else _("Réactiver le compte")
        way = (found.full_name, _page(account_id))
        context = {
            "frame": platform_console.frame("accounts", way, (title, "")),
            "account": found,
            "view": account_queries.account_view(found),
        }
        return render(request, "directory/platform_account_activity.html", context)
    name = {"name": found.full_name}
    try:
        # The form says which way: sent twice, it does the same once.
        if "reactivate" in request.POST:
            account_actions.reactivate_account(request.actor, account_id)
            messages.success(request, _("Le compte de %(name)s est réactivé. Ses anciennes sessions restent fermées.") % name)
        else:
            account_actions.deactivate_account(request.actor, account_id)
            messages.success(request, _("Le compte de %(name)s est désactivé. Ses sessions sont fermées.") % name)
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("directory:platform_account", account_id=account_id)


@require_http_methods(["GET", "POST"])
@operators
def account_unlock(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    """Let in, at her next try, somebody who is stopped, once the operator has checked who she is."""
    found = account_queries.account(account_id)
    if ask := confirmation_first(request, "factors.reset", PLATFORM, back=request.path):
        return ask
    form = UnlockForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            account_actions.unlock_account(request.actor, account_id, removing_factors=form.cleaned_data["removing_factors"])
        except DomainError as error:
            messages.error(request, str(error.message))
        else:
            messages.success(request, _("Le compte de %(name)s est débloqué. Cette personne en est informée.") % {"name": found.full_name})
        return redirect("directory:platform_account", account_id=account_id)
    way = (found.full_name, _page(account_id))
    context = {
        "frame": platform_console.frame("accounts", way, (_("Débloquer le compte"), "")),
        "account": found,
        "form": form,
    }
    return render(request, "directory/platform_account_unlock.html", context, status=_UNPROCESSABLE if form.errors else 200)
