"""Pages about the factors and the sessions of a member: each act is confirmed, by whoever has proven who she is when the matrix asks it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from vigie.accounts.factors import FactorKind, ShownFactor
from vigie.directory import console, factor_actions, factor_forms, factor_queries
from vigie.directory.access import administrators, confirmation_first, operators
from vigie.directory.entry import SignedInRequest
from vigie.directory.policies import MemberAccess, access_membership
from vigie.foundation.errors import DomainError, NotAllowed, Unseen

_UNPROCESSABLE = 422


@require_http_methods(["GET", "POST"])
@administrators
def factor_remove(request: SignedInRequest, membership_id: UUID, factor_id: int) -> HttpResponse:
    """Remove one factor, once the administrator has confirmed."""
    access = _to_reset(request, membership_id)
    factor = _held(access, factor_id, is_identity=False)
    return _remove(request, access, factor, lambda: factor_actions.remove_factor(request.actor, membership_id, factor_id))


@require_http_methods(["GET", "POST"])
@administrators
def identity_remove(request: SignedInRequest, membership_id: UUID, identity_id: int) -> HttpResponse:
    """Remove one linked identity, once the administrator has confirmed."""
    access = _to_reset(request, membership_id)
    factor = _held(access, identity_id, is_identity=True)
    return _remove(request, access, factor, lambda: factor_actions.remove_identity(request.actor, membership_id, identity_id))


def _held(access: MemberAccess, factor_id: int, *, is_identity: bool) -> ShownFactor:
    seen = factor_queries.member_factors(access)
    for one in seen.own if seen else ():
        if one.id == str(factor_id) and (one.kind is FactorKind.IDENTITY) is is_identity:
            return one
    raise Unseen


def _remove(request: SignedInRequest, access: MemberAccess, factor: ShownFactor, remove: Callable[[], object]) -> HttpResponse:
    if ask := confirmation_first(request, "factors.reset", access.relations, back=request.path):
        return ask
    if request.method == "POST":
        remove()
        messages.success(request, _("Le facteur est retiré, ses sessions sont fermées. Un courriel le dit à cette personne."))
        return redirect("directory:member", membership_id=access.membership.id)
    name = _("%(kind)s « %(name)s »") % {"kind": factor.kind.label, "name": factor.name} if factor.name else str(factor.kind.label)
    return _confirm(
        request,
        access,
        title=_("Retirer un facteur"),
        text=_("%(factor)s ne permettra plus à cette personne de se connecter. Ses sessions se ferment et un courriel l’en prévient.")
        % {"factor": name},
        action=_("Retirer"),
    )


@require_http_methods(["GET", "POST"])
@administrators
def factors_reset(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Remove all factors of somebody who has lost hers."""
    access = _to_reset(request, membership_id)
    if ask := confirmation_first(request, "factors.reset", access.relations, back=request.path):
        return ask
    form = factor_forms.IdentityCheckedForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        factor_actions.reset_factors(request.actor, membership_id)
        messages.success(
            request, _("Ses facteurs sont retirés : elle se connectera par un code envoyé à son adresse, puis en ajoutera d’autres.")
        )
        return redirect("directory:member", membership_id=membership_id)
    return _confirm(
        request,
        access,
        form=form,
        title=_("Réinitialiser les facteurs"),
        text=_(
            "Application, clés d’accès, codes de secours et identités liées sont retirés, ses sessions se ferment. Cette personne se "
            "connecte ensuite avec son mot de passe et un code par courriel, et ajoute de nouveaux facteurs. Un courriel l’en prévient."
        ),
        action=_("Réinitialiser"),
    )


@require_http_methods(["GET", "POST"])
@administrators
def member_unlock(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Let in somebody who is stopped at the door (ACC-6)."""
    access = _to_reset(request, membership_id)
    if ask := confirmation_first(request, "factors.reset", access.relations, back=request.path):
        return ask
    form = factor_forms.IdentityCheckedForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        factor_actions.unlock_member(request.actor, membership_id)
        messages.success(request, _("Le compte est débloqué. Un courriel le dit à cette personne."))
        return redirect("directory:member", membership_id=membership_id)
    return _confirm(
        request,
        access,
        form=form,
        title=_("Débloquer le compte"),
        text=_(
            "Ses essais manqués sont oubliés, et un code par courriel vaut de nouveau second facteur. Ses facteurs restent tels quels. "
            "Un courriel l’en prévient."
        ),
        action=_("Débloquer"),
        kind="primary",
    )


@require_POST
@administrators
def sessions_end(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Close one session of a member, or all of them."""
    given = request.POST.get("session", "")
    if given and not given.isdigit():
        raise Unseen
    access = access_membership(request.actor, membership_id)
    if ask := confirmation_first(request, "factors.reset", access.relations, back=_record(membership_id)):
        return ask
    try:
        ended = factor_actions.end_member_sessions(request.actor, membership_id, int(given[:18]) if given else None)
    except NotAllowed as error:
        messages.error(request, str(error.message))
    else:
        said = ngettext("%(count)s session fermée.", "%(count)s sessions fermées.", ended)
        told = _("Un courriel le dit à cette personne.") if ended else ""
        messages.success(request, f"{said % {'count': ended}} {told}".strip())
    return redirect("directory:member", membership_id=membership_id)


@require_http_methods(["GET", "POST"])
@operators
def network_add(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Grant a range of addresses (ACC-15)."""
    access = access_membership(request.actor, membership_id)
    access.require(access.may_grant_networks)
    if ask := confirmation_first(request, "factors.ip", access.relations, back=request.path):
        return ask
    form = factor_forms.NetworkForm(
        request.POST if request.method == "POST" else None, initial={"expires_on": (timezone.localdate() + timedelta(days=180))}
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            factor_actions.grant_network(request.actor, membership_id, name=given["name"], network=given["network"], expires_at=form.end())
        except DomainError as error:
            console.show(form, error)
        else:
            messages.success(request, _("La plage est accordée. Un courriel le dit à cette personne."))
            return redirect("directory:member", membership_id=membership_id)
    context = _context(access, _("Accorder une plage d’adresses")) | {"form": form}
    return render(request, "directory/network_add.html", context, status=_UNPROCESSABLE if form.errors else 200)


@require_POST
@operators
def network_withdraw(request: SignedInRequest, membership_id: UUID, network_id: UUID) -> HttpResponse:
    """Take a range of addresses back."""
    access = access_membership(request.actor, membership_id)
    if ask := confirmation_first(request, "factors.ip", access.relations, back=_record(membership_id)):
        return ask
    factor_actions.withdraw_network(request.actor, membership_id, network_id)
    messages.success(request, _("La plage est retirée. Un courriel le dit à cette personne."))
    return redirect("directory:member", membership_id=membership_id)


def _record(membership_id: UUID) -> str:
    return reverse("directory:member", args=[membership_id])


def _to_reset(request: SignedInRequest, membership_id: UUID) -> MemberAccess:
    access = access_membership(request.actor, membership_id)
    if not access.may_administer:
        raise Unseen
    if (refusal := access.reset_refusal) is not None:
        raise NotAllowed(refusal)
    return access


def _confirm(
    request: SignedInRequest,
    access: MemberAccess,
    *,
    title: str,
    text: str | Promise,
    action: str,
    kind: str = "danger",
    form: django_forms.Form | None = None,
) -> HttpResponse:
    context = _context(access, title) | {"title": title, "text": text, "action": action, "kind": kind, "form": form}
    return render(request, "directory/factor_confirm.html", context, status=_UNPROCESSABLE if form and form.errors else 200)


def _context(access: MemberAccess, title: str) -> dict[str, Any]:
    member = access.membership
    record = (member.full_name, reverse("directory:member", args=[member.id]))
    return {"member": member, "site": member.site, "crumbs": console.crumbs(member.site, record, (title, ""))}
