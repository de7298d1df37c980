"""Pages of the operator's console about the administrators of a site (ACC-15)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.directory import administrator_actions, console, member_queries, platform_console, platform_queries
from vigie.directory.access import PLATFORM, confirmation_first, operators, sent_before_confirming
from vigie.directory.console_forms import stated_before
from vigie.directory.entry import SignedInRequest
from vigie.directory.member_queries import MemberFilters, Position
from vigie.directory.models import Role, Site
from vigie.directory.platform_forms import AdministratorForm
from vigie.directory.policies import MemberAccess, access_membership
from vigie.foundation.errors import DomainError, Unseen

_UNPROCESSABLE = 422


@require_GET
@operators
def appoint_page(request: SignedInRequest, site_id: UUID) -> HttpResponse:
    """Choose a member of the site, or invite somebody."""
    site = platform_queries.site_by_id(site_id)
    if ask := confirmation_first(request, "admins.appoint", PLATFORM, back=request.get_full_path()):
        return ask
    typed = sent_before_confirming(request, reverse("directory:platform_invite_administrator", args=[site_id]))
    return _appoint_page(request, site, AdministratorForm(initial=stated_before(AdministratorForm, typed)))


def _appoint_page(request: SignedInRequest, site: Site, form: AdministratorForm, *, status: int = 200) -> HttpResponse:
    words = request.GET.get("q", "").strip()[: member_queries.MOST_SOUGHT]
    context = {
        "frame": _frame(site, _("Nommer un administrateur")),
        "site": site,
        "words": words,
        "page": member_queries.members_page(site, MemberFilters(words=words), Position()) if words else None,
        "form": form,
    }
    return render(request, "directory/platform_appoint.html", context, status=status)


@require_POST
@operators
def invite(request: SignedInRequest, site_id: UUID) -> HttpResponse:
    """Invite somebody to administer the site."""
    site = platform_queries.site_by_id(site_id)
    if ask := confirmation_first(request, "admins.appoint", PLATFORM, back=_appointing(site_id)):
        return ask
    form = AdministratorForm(request.POST)
    status = _UNPROCESSABLE
    if form.is_valid():
        try:
            member = administrator_actions.invite_administrator(request.actor, site_id=site.id, **form.cleaned_data)
        except DomainError as error:
            console.show(form, error)
            status = error.status
        else:
            messages.success(request, _("L’invitation de %(name)s est envoyée.") % {"name": member.full_name})
            return redirect("directory:platform_site", site_id=site.id)
    return _appoint_page(request, site, form, status=status)


@require_POST
@operators
def appoint(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Make a member administer her site."""
    access = _access(request, membership_id)
    if ask := confirmation_first(request, "admins.appoint", PLATFORM, back=_appointing(access.membership.site_id)):
        return ask
    try:
        member = administrator_actions.appoint(request.actor, membership_id)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("%(name)s administre maintenant ce site et en est informé(e).") % {"name": member.full_name})
    return redirect("directory:platform_site", site_id=access.membership.site_id)


@require_http_methods(["GET", "POST"])
@operators
def remove(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Say what removing an administrator does; then do it."""
    access = _access(request, membership_id)
    member = access.membership
    if Role.ADMIN not in member.roles:
        return redirect("directory:platform_site", site_id=member.site_id)
    if ask := confirmation_first(request, "admins.appoint", PLATFORM, back=request.path):
        return ask
    if request.method == "GET":
        others = [one for one in platform_queries.administrators_of(member.site) if one.counts and one.membership_id != member.id]
        context = {
            "frame": _frame(member.site, _("Retirer un administrateur")),
            "member": member,
            "site": member.site,
            "is_last": not others,
            "is_invited": member.accepted_at is None,
            "keeps_roles": len(member.roles) > 1,
        }
        return render(request, "directory/platform_remove_administrator.html", context)
    try:
        administrator_actions.remove(request.actor, membership_id)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        messages.success(request, _("%(name)s n’administre plus ce site.") % {"name": member.full_name})
    return redirect("directory:platform_site", site_id=member.site_id)


def _appointing(site_id: UUID) -> str:
    return reverse("directory:platform_appoint", args=[site_id])


def _access(request: SignedInRequest, membership_id: UUID) -> MemberAccess:
    access = access_membership(request.actor, membership_id)
    if not access.may_appoint:
        raise Unseen
    return access


def _frame(site: Site, here: str) -> platform_console.Frame:
    return platform_console.frame("sites", (site.name, reverse("directory:platform_site", args=[site.id])), (here, ""))
