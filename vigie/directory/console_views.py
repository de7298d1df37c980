"""Pages of the console of a site: its members. They parse, ask an action or a query, and answer."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from vigie.audit.queries import HistoryEvent, record_history
from vigie.directory import (
    access_reasons,
    card_queries,
    console,
    console_forms,
    factor_queries,
    member_actions,
    member_queries,
    policies,
    register_queries,
    support_queries,
)
from vigie.directory.access import PLATFORM, administrators, confirmation_first, sent_before_confirming
from vigie.directory.console import ActiveFilter, Conflict, Pages, address_with
from vigie.directory.entry import SignedInRequest
from vigie.directory.member_queries import FactorFilter, MemberFilters, MemberPage, MemberView, Position
from vigie.directory.models import Membership, MemberStatus, Role
from vigie.directory.policies import MemberAccess, administered_member, opened_member
from vigie.foundation.errors import DomainError
from vigie.ui.numbers import grouped

_UNPROCESSABLE = 422
_SORTS = frozenset({"nom", "-nom", "statut", "-statut"})


# --- Sites -----------------------------------------------------------------------------------------------------------
@require_GET
@administrators
def index(request: SignedInRequest) -> HttpResponse:
    """The sites that she administers; whoever has one is there at once."""
    sites = member_queries.sites_to_administer(request.actor)
    if len(sites) == 1:
        return redirect("directory:members", number=sites[0].number)
    return render(request, "directory/sites.html", {"sites": sites, "crumbs": [(_("Administration"), "")]})


# --- The list --------------------------------------------------------------------------------------------------------
@require_GET
@administrators
def members(request: SignedInRequest, number: str) -> HttpResponse:
    """The members of a site: search, filters, pages (ACC-20)."""
    site = member_queries.opened_site(request.actor, number)
    query = request.GET
    filters = console.filters_of(query)
    position = Position(after=query.get("apres", ""), before=query.get("avant", ""), last="fin" in query)
    size = int(query["taille"]) if query.get("taille") in {str(size) for size in member_queries.PAGE_SIZES} else member_queries.PAGE_SIZE
    sort = query.get("tri", "") if query.get("tri") in _SORTS else "nom"
    page = member_queries.members_page(
        site, filters, position, descending=sort.startswith("-"), by_status=sort.endswith("statut"), size=size
    )
    services = member_queries.services_of(site)
    context = {
        "site": site,
        "tabs": console.tabs(request.actor, site, "members"),
        "may_write": policies.may_administer(request.actor, site.id),
        "page": page,
        "pages": _pages(query, page, size),
        "sort": sort,
        "filters": filters,
        "active_filters": _active_filters(query, filters, services),
        "clear_url": address_with(query, q=None, statut=None, service=None, role=None, facteur=None),
        "export_url": f"{reverse('directory:members_export', args=[number])}{address_with(query)}",
        "submission": uuid4(),
        "statuses": MemberStatus.choices,
        "roles": [(role.value, role.label) for role in Role],
        "factors": FactorFilter.choices if policies.may_reset_factors(request.actor, site.id) else [],
        "services": services,
        "several_sites": len(request.actor.memberships) > 1,
        "crumbs": console.crumbs(site),
    }
    return render(request, "directory/members.html", context)


def _pages(query: QueryDict, page: MemberPage, size: int) -> Pages:
    if page.is_approximate:
        summary = ngettext("%(count)s nom approchant", "%(count)s noms approchants", page.total) % {"count": grouped(page.total)}
    elif page.total_is_exact:
        summary = ngettext("%(count)s personne", "%(count)s personnes", page.total) % {"count": grouped(page.total)}
    else:
        summary = _("plus de %(count)s personnes") % {"count": grouped(page.total)}
    return console.pages_of(query, page, summary)


def _active_filters(query: QueryDict, filters: MemberFilters, services: Sequence[tuple[str, str]]) -> list[ActiveFilter]:
    found = []
    if filters.status in MemberStatus.values:
        found.append(ActiveFilter(MemberStatus(filters.status).label, address_with(query, statut=None)))
    if name := dict(services).get(filters.service):
        found.append(ActiveFilter(name, address_with(query, service=None)))
    if filters.role in Role.values:
        found.append(ActiveFilter(Role(filters.role).label, address_with(query, role=None)))
    if filters.factor in FactorFilter.values:
        found.append(ActiveFilter(FactorFilter(filters.factor).label, address_with(query, facteur=None)))
    return found


# --- The record ------------------------------------------------------------------------------------------------------
@require_GET
@administrators
def member(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """The record of a member (ACC-21)."""
    access = opened_member(request.actor, membership_id)
    return _record_page(request, access, typed=sent_before_confirming(request, _access_address(membership_id)))


def _access_address(membership_id: UUID) -> str:
    return reverse("directory:member_access", args=[membership_id])


def _record_page(
    request: SignedInRequest,
    access: MemberAccess,
    *,
    refused: Mapping[str, django_forms.Form] | None = None,
    conflict: Conflict | None = None,
    typed: QueryDict | None = None,
    status: int = 200,
) -> HttpResponse:
    found = access.membership
    view = member_queries.member_view(access)
    refused = refused or {}
    for form in refused.values():
        console.against_what_is_shown(form, request, found.revision)
    identity = {"first_name": found.first_name, "last_name": found.last_name, "function": found.function, "revision": found.revision}
    context = {
        "access": access,
        "member": found,
        "site": found.site,
        "view": view,
        "identity_form": refused.get("identity") or console_forms.RevisedIdentityForm(initial=identity, auto_id="identity_%s"),
        "access_form": refused.get("access") or _access_form(request, access, view, typed=typed),
        "refused": next(iter(refused), ""),
        "conflict": conflict,
        "is_admin": Role.ADMIN in found.roles,
        "reasons": access_reasons.access_of(found),
        "registers": register_queries.registers_of(found),
        "events": _history(access) if access.may_audit else None,
        "factors": factor_queries.member_factors(access),
        "is_helped": policies.is_delegate(request.actor, found.site_id),
        "cards": card_queries.cards_held(found) if policies.may_lend_cards(request.actor, found.site_id) else None,
        "leaves_nobody": access.may_appoint and member_queries.is_last_administrator(found),
        "crumbs": console.crumbs(found.site, (found.full_name, "")),
    }
    return render(request, "directory/member.html", context, status=status)


def _history(access: MemberAccess) -> list[HistoryEvent]:
    """Her record's history. What a support site did bears its signature: its people's accounts are not the site's to read."""
    supports = support_queries.signatures_at(access.membership.site_id)
    return record_history(Membership, access.membership.id, left_out=("revision", "user", "site"), names=supports)


def _access_form(
    request: SignedInRequest, access: MemberAccess, view: MemberView, data: QueryDict | None = None, *, typed: QueryDict | None = None
) -> console_forms.AccessForm:
    roles = member_queries.roles_to_give(request.actor) if access.may_change_rights else []
    stored = {
        "roles": list(access.membership.roles),
        "services": sorted(view.service_ids),
        "habilitations": sorted(view.habilitations),
        "revision": access.membership.revision,
    }
    if typed is not None:
        stored = {name: typed.get(name) if name == "revision" else typed.getlist(name) for name in stored}
    return console_forms.AccessForm(
        data,
        roles=roles,
        services=view.services,
        habilitations=member_queries.habilitations() if access.may_change_rights else [],
        initial=stored,
        auto_id="access_%s",
    )


@require_POST
@administrators
def member_edit(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Save the identity."""
    access = administered_member(request.actor, membership_id)
    form = console_forms.RevisedIdentityForm(request.POST, auto_id="identity_%s")
    status = _UNPROCESSABLE
    conflict = None
    if form.is_valid():
        try:
            member_actions.edit_member(request.actor, membership_id, **form.cleaned_data)
        except DomainError as error:
            console.show(form, error)
            status = error.status
            access = administered_member(request.actor, membership_id)
            conflict = _conflict(access, form, error, _stored_identity(access))
        else:
            messages.success(request, _("La fiche est enregistrée."))
            return redirect("directory:member", membership_id=membership_id)
    return _record_page(request, access, refused={"identity": form}, conflict=conflict, status=status)


@require_POST
@administrators
def member_access(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Save roles, services and habilitations."""
    access = administered_member(request.actor, membership_id)
    view = member_queries.member_view(access)
    form = _access_form(request, access, view, request.POST)
    status = _UNPROCESSABLE
    conflict = None
    if form.is_valid():
        stated = form.cleaned_data
        if _appoints(access, stated) and (
            ask := confirmation_first(request, "admins.appoint", PLATFORM, back=reverse("directory:member", args=[membership_id]))
        ):
            return ask
        kept_roles = [role for role in access.membership.roles if role in member_queries.roles_to_give(request.actor)]
        try:
            changed = member_actions.change_access(
                request.actor,
                membership_id,
                # What the form does not offer stays as it is.
                roles=stated.get("roles", kept_roles),
                service_ids=[UUID(service) for service in stated.get("services", view.service_ids)],
                habilitations=stated.get("habilitations", view.habilitations),
                revision=stated["revision"],
            )
        except DomainError as error:
            console.show(form, error)
            status = error.status
            access = administered_member(request.actor, membership_id)
            conflict = _conflict(access, form, error, _stored_access(access, form))
        else:
            messages.success(request, _("Les accès sont enregistrés."))
            if view.awaits_acceptance and changed.roles != access.membership.roles:
                # An invitation is bound to the roles it was sent for.
                messages.warning(request, _("Ses rôles ont changé : le lien déjà envoyé ne fonctionne plus. Renvoyez l’invitation."))
            return redirect("directory:member", membership_id=membership_id)
    return _record_page(request, access, refused={"access": form}, conflict=conflict, status=status)


def _appoints(access: MemberAccess, stated: Mapping[str, Any]) -> bool:
    """Tell whether this makes an administrator, or takes the administration of the site away."""
    if not access.may_appoint or "roles" not in stated:
        return False
    return (Role.ADMIN in stated["roles"]) != (Role.ADMIN in access.membership.roles)


def _stored_identity(access: MemberAccess) -> Mapping[str, str]:
    return {name: getattr(access.membership, name) for name in ("first_name", "last_name", "function")}


def _stored_access(access: MemberAccess, form: console_forms.AccessForm) -> Mapping[str, Sequence[str]]:
    view = member_queries.member_view(access)
    stored = {"roles": access.membership.roles, "services": view.service_ids, "habilitations": view.habilitations}
    return {name: sorted(values) for name, values in stored.items() if name in form.fields}


def _conflict(
    access: MemberAccess, form: django_forms.Form, error: DomainError, stored: Mapping[str, str | Sequence[str]]
) -> Conflict | None:
    return console.conflict_of(form, error, stored, member_queries.last_change(access.membership))


@require_POST
@administrators
def member_deactivate(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Deactivate, or with `reactivate` reactivate (ACC-14)."""
    access = administered_member(request.actor, membership_id)
    name = {"name": access.membership.full_name}
    try:
        if "reactivate" in request.POST:
            member_actions.reactivate_member(request.actor, membership_id)
            messages.success(request, _("%(name)s est réactivé(e). Ses anciennes sessions restent fermées.") % name)
        else:
            member_actions.deactivate_member(request.actor, membership_id)
            messages.success(request, _("%(name)s est désactivé(e). Ses sessions sont fermées.") % name)
    except DomainError as error:
        messages.error(request, str(error.message))
    return redirect("directory:member", membership_id=membership_id)
