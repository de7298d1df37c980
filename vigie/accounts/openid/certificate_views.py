"""Signing in with a card that the reverse proxy has checked, and linking it (ACC-3)."""

import structlog
from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from vigie.accounts import identities
from vigie.accounts.authentication import VOUCHED
from vigie.accounts.client_certificates import certified_subject
from vigie.accounts.identities import CERTIFICATE, Asserted, IdentityIsTaken
from vigie.accounts.models import User
from vigie.accounts.views import PersonRequest
from vigie.foundation import scope
from vigie.foundation.scope import NOTHING

log = structlog.get_logger(__name__)


@require_POST
@never_cache
@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    """Open the account to which the card in the reader is linked."""
    wanted = request.POST.get("next", "")
    wanted = wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"
    if isinstance(request.user, User):
        return redirect(wanted)
    subject = certified_subject(request)
    user = identities.person_behind(Asserted(CERTIFICATE, subject)) if subject else None
    if user is None:
        scope.apply(NOTHING)
        log.info("certificate_refused", reason="unknown" if subject else "absent")
        return render(request, "openid/card_refused.html", {"is_known": bool(subject)}, status=403)
    if user.is_active:
        identities.link(user, Asserted(CERTIFICATE, subject))  # Notes that it has just served.
    configured = settings.VIGIE_CLIENT_CERTIFICATES
    is_twofold = configured is not None and configured.are_two_factors
    record_authentication(request, user, VOUCHED, by=CERTIFICATE, two_factors=is_twofold)
    return perform_login(request, user, email_verification="none", redirect_url=wanted)


@require_http_methods(["GET", "POST"])
@never_cache
@reauthentication_required(app="vigie.accounts")  # type: ignore[untyped-decorator] # allauth has no types.
def link_certificate(request: PersonRequest) -> HttpResponse:
    """Link the card in the reader to the account of whoever is signed in."""
    subject = certified_subject(request)
    if not subject:
        raise Http404
    if request.method == "GET":
        return render(request, "openid/link_card.html", {"subject": subject})
    try:
        is_new = identities.link(request.user, Asserted(CERTIFICATE, subject))
    except IdentityIsTaken as error:
        messages.error(request, str(error.message))
        return redirect("accounts:security")
    if is_new:
        name = _("Certificat ou carte professionnelle")
        get_adapter().send_notification_mail("account/email/identity_linked", request.user, {"provider": name})
        messages.success(request, _("L’identité est liée à votre compte."))
    else:
        messages.info(request, _("Cette identité était déjà liée à votre compte."))
    return redirect("accounts:security")
