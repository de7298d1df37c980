"""Pages of the console that invite: they ask `invitations`, and answer."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from vigie.directory import console, console_forms, invitations, member_queries
from vigie.directory.access import PLATFORM, administrators, confirmation_first, sent_before_confirming
from vigie.directory.entry import SignedInRequest
from vigie.directory.models import Role
from vigie.directory.policies import administered_member
from vigie.foundation.errors import DomainError
from vigie.ui import dates

_UNPROCESSABLE = 422


@require_http_methods(["GET", "POST"])
@administrators
def member_add(request: SignedInRequest, number: str) -> HttpResponse:
    """Invite a person (ACC-10)."""
    site = member_queries.administered_site(request.actor, number)
    typed = sent_before_confirming(request, request.path) if request.method == "GET" else None
    form = console_forms.InviteForm(
        request.POST if request.method == "POST" else None,
        initial=console_forms.stated_before(console_forms.InviteForm, typed),
        roles=member_queries.roles_to_give(request.actor),
        services=member_queries.services_of(site),
        habilitations=member_queries.habilitations(),
        practitioners=member_queries.practitioners_by_name(site),
    )
    status = 200
    if request.method == "POST":
        status = _UNPROCESSABLE
        if form.is_valid():
            stated = form.cleaned_data
            if Role.ADMIN in stated["roles"] and (ask := confirmation_first(request, "admins.appoint", PLATFORM, back=request.path)):
                return ask
            try:
                member = invitations.invite(
                    request.actor,
                    site_id=site.id,
                    email=stated["email"],
                    first_name=stated["first_name"],
                    last_name=stated["last_name"],
                    function=stated["function"],
                    roles=stated["roles"],
                    service_ids=[UUID(service) for service in stated.get("services", ())],
                    practitioner_ids=stated.get("practitioners", ()),
                    habilitations=stated.get("habilitations", ()),
                )
            except DomainError as error:
                console.show(form, error)
                status = error.status
            else:
                messages.success(request, _("L’invitation de %(name)s est envoyée.") % {"name": member.full_name})
                return redirect("directory:member", membership_id=member.id)
    context = {"form": form, "site": site, "crumbs": console.crumbs(site, (_("Ajouter une personne"), ""))}
    return render(request, "directory/member_add.html", context, status=status)


@require_POST
@administrators
def member_resend(request: SignedInRequest, membership_id: UUID) -> HttpResponse:
    """Send the invitation again, in one click (ACC-12)."""
    access = administered_member(request.actor, membership_id)
    try:
        sent = invitations.resend(request.actor, access.membership.id)
    except DomainError as error:
        messages.error(request, str(error.message))
    else:
        until = dates.day(sent.invitation_expires_at) if sent.invitation_expires_at else ""
        messages.success(request, _("L’invitation est renvoyée. Elle est valable jusqu’au %(date)s.") % {"date": until})
    return redirect("directory:member", membership_id=membership_id)
