"""Pages of one's own account, and the few of sign-in that allauth lacks."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from allauth.account.adapter import get_adapter
from allauth.account.internal.stagekit import clear_login
from allauth.account.views import LoginView
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from vigie.accounts import actions, devices, identities, networks, terms
from vigie.accounts.authentication import began_in_network, has_two_factors
from vigie.accounts.client_certificates import certified_subject
from vigie.accounts.demonstration import DEMO_PASSWORD, demo_code, demonstration_accounts
from vigie.accounts.factors import STRONG, factors_of, holds_any, may_use_mailbox
from vigie.accounts.forms import FactorNameForm, PreferencesForm, ProfileForm, TermsForm
from vigie.accounts.models import Theme, TrustedNetwork, User
from vigie.accounts.strength import WITHOUT_NETWORK, strong_session
from vigie.accounts.tabs import account_tabs
from vigie.ui.shell import THEME_COOKIE

_YEAR = 365 * 24 * 3600


class PersonRequest(HttpRequest):
    """What the two-factor wall lets through."""

    user: User


class SignInView(LoginView):
    """Sign-in; the demonstration shows its accounts beside it."""

    def get_form(self, form_class: Any = None) -> Any:
        """Fill in the demonstration account that was chosen in the list."""
        form = super().get_form(form_class)
        chosen = self.request.GET.get("compte", "")
        if settings.VIGIE_DEMONSTRATION and chosen in {account.email for account in demonstration_accounts()}:
            form.initial |= {"login": chosen, "password": DEMO_PASSWORD}
            form.fields["password"].widget.render_value = True
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["demonstration_accounts"] = demonstration_accounts() if settings.VIGIE_DEMONSTRATION else []
        context["demonstration_password"] = DEMO_PASSWORD
        context["openid_providers"] = settings.VIGIE_OPENID_PROVIDERS
        context["shows_certificate"] = bool(certified_subject(self.request))
        return context


login = SignInView.as_view()


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Lead to one's profile; the wall leads others to sign-in."""
    return redirect("accounts:profile")


@require_GET
@never_cache
@login_not_required
def mailbox_alone(request: HttpRequest) -> HttpResponse:
    """Say why the sign-in stops here, and who can help."""
    clear_login(request)
    return render(request, "account/mailbox_alone.html")


@require_http_methods(["GET", "POST"])
@never_cache
@login_not_required
def stronger(request: HttpRequest) -> HttpResponse:
    """Say that the place where she is does not suffice here, and let her show a factor of her own."""
    if not isinstance(request.user, User) or not began_in_network(request, request.user):
        return redirect("account_login")
    wanted = urlencode({"next": _next(request)})
    if request.method == "POST":
        logout(request)
        request.session[WITHOUT_NETWORK] = True
        return redirect(f"{reverse('account_login')}?{wanted}")
    # Whoever has left her range shows everything again: her session is no longer behind two factors.
    may_add = has_two_factors(request, request.user) and holds_any(request.user, STRONG)
    context = {"next": _next(request), "confirm_url": f"{reverse('mfa_reauthenticate')}?{wanted}" if may_add else ""}
    return render(request, "account/stronger.html", context)


@require_GET
@never_cache
@login_not_required
def demonstration_code(request: HttpRequest) -> HttpResponse:
    """Answer the current one-time code of a demonstration account. In the demonstration only: see `urls`."""
    address = request.GET.get("adresse", "")
    if address not in {account.email for account in demonstration_accounts()}:
        raise Http404
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"code": demo_code(address)})
    return render(request, "accounts/demonstration_code.html", {"address": address, "one_time_code": demo_code(address)})


@require_GET
def security(request: PersonRequest) -> HttpResponse:
    """My factors, and what each is for."""
    linked = identities.linked_to(request.user)
    context = {
        "factors": factors_of(request.user),
        "mailbox_counts": may_use_mailbox(request.user),
        "networks": networks.networks_of(request.user),
        "now": timezone.now(),
        "identities": [(identities.name_of(identity), identity) for identity in linked],
        "openid_providers": settings.VIGIE_OPENID_PROVIDERS,
        "shows_certificate": bool(certified_subject(request)),
    }
    return render(request, "mfa/index.html", context | account_tabs("security"))


@require_http_methods(["GET", "POST"])
@strong_session
def rename_factor(request: PersonRequest, pk: int) -> HttpResponse:
    """Name my application or my sheet of recovery codes; keys have a page of allauth's."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    factor = get_object_or_404(Authenticator, user=request.user, pk=pk, type__in=kinds)
    form = FactorNameForm(request.POST or None, initial={"name": factor.data.get("name", "")})
    if request.method == "POST" and form.is_valid():
        actions.rename_factor(factor, form.cleaned_data["name"])
        return redirect("accounts:security")
    return render(request, "accounts/factor_name.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def rename_network(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Name a range of mine."""
    network = get_object_or_404(TrustedNetwork, user=request.user, pk=pk)
    form = FactorNameForm(request.POST or None, initial={"name": network.name})
    if request.method == "POST" and form.is_valid():
        actions.rename_network(request.user, network.pk, form.cleaned_data["name"])
        return redirect("accounts:security")
    return render(request, "accounts/factor_name.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
def keys(request: PersonRequest) -> HttpResponse:
    """Keys have no page of their own: allauth comes back here after each change."""
    return redirect("mfa_index")


@require_GET
def sessions(request: PersonRequest) -> HttpResponse:
    """My sessions, this one first."""
    current = request.session.session_key
    rows = [
        {
            "session": session,
            "browser": devices.browser_name(session.user_agent),
            "is_current": session.session_key == current,
            "is_by_network": bool(session.data.get("by_network")),
        }
        for session in UserSession.objects.purge_and_list(request.user)
    ]
    rows.sort(key=lambda row: (not row["is_current"], -row["session"].last_seen_at.timestamp()))
    return render(request, "usersessions/usersession_list.html", {"rows": rows} | account_tabs("sessions"))


@require_http_methods(["GET", "POST"])
@never_cache
@terms.before_terms
def accept_terms(request: PersonRequest) -> HttpResponse:
    """Put the terms in force to somebody who has shown two factors, before any page with data (ACC-13)."""
    in_force = terms.terms_in_force()
    form = TermsForm(request.POST or None)
    if in_force is None or terms.has_accepted(request.user, in_force) or (request.method == "POST" and form.is_valid()):
        if request.method == "POST" and in_force is not None:
            terms.accept(request.user, in_force, address=get_adapter().get_client_ip(request))
            terms.let_in(request, request.user)
        else:
            request.session[terms.SESSION_KEY] = True
        return redirect(_next(request))
    context = {
        "form": form,
        "terms": in_force,
        "text": in_force.text_en if translation.get_language() == "en" else in_force.text_fr,
        "next": request.GET.get("next") or request.POST.get("next", ""),
    }
    return render(request, "accounts/terms.html", context, status=422 if form.errors else 200)


@require_POST
def end_session(request: PersonRequest) -> HttpResponse:
    """Close one of my other sessions."""
    identifier = request.POST.get("session", "")
    session = UserSession.objects.filter(user_id=request.user.pk, pk=identifier if identifier.isdigit() else None).first()
    if session is None:
        raise Http404
    actions.end_session(session)
    messages.success(request, _("La session est fermée."))
    return redirect("accounts:sessions")


@require_POST
def end_other_sessions(request: PersonRequest) -> HttpResponse:
    """Close all my sessions but this one."""
    actions.end_sessions(request.user, but=request.session.session_key)
    messages.success(request, _("Vos autres sessions sont fermées."))
    return redirect("accounts:sessions")


@require_http_methods(["GET", "POST"])
def profile(request: PersonRequest) -> HttpResponse:
    """My names, my address, my accesses and why I have them."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Votre profil est enregistré."))
        return redirect("accounts:profile")
    actor = getattr(request, "actor", None)
    context = {"form": form, "memberships": getattr(actor, "memberships", ()), "desks": getattr(actor, "desks", ())}
    status = 422 if form.errors else 200
    return render(request, "accounts/profile.html", context | account_tabs("profile"), status=status)


@require_http_methods(["GET", "POST"])
def preferences(request: PersonRequest) -> HttpResponse:
    """Language, time zone, appearance."""
    form = PreferencesForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        with translation.override(user.language):
            messages.success(request, _("Vos paramètres sont enregistrés."))
        response = redirect("accounts:preferences")
        _keep_theme(response, user.theme)
        return _keep_language(response, user.language)
    status = 422 if form.errors else 200
    return render(request, "accounts/preferences.html", {"form": form} | account_tabs("preferences"), status=status)


@require_POST
@login_not_required
def switch_language(request: HttpRequest) -> HttpResponse:
    """Change language here and, signed in, for good."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        raise Http404
    if isinstance(request.user, User):
        request.user.language = language
        request.user.save(update_fields=["language"])
    return _keep_language(HttpResponseRedirect(_next(request)), language)


@require_POST
@login_not_required
def switch_theme(request: HttpRequest) -> HttpResponse:
    """Change appearance here and, signed in, for good."""
    theme = request.POST.get("theme", "")
    if theme not in Theme.values:
        raise Http404
    if isinstance(request.user, User):
        request.user.theme = theme
        request.user.save(update_fields=["theme"])
    response = HttpResponseRedirect(_next(request))
    _keep_theme(response, theme)
    return response


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/"


def _keep_language(response: HttpResponseRedirect, language: str) -> HttpResponseRedirect:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=_YEAR,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
    )
    return response


def _keep_theme(response: HttpResponseRedirect, theme: str) -> None:
    # Read by the script too, which changes the theme without asking the server.
    response.set_cookie(THEME_COOKIE, theme, max_age=_YEAR, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax")
