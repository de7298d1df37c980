"""What the frame of every page shows: who, where, and what waits."""

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from vigie.directory import policies
from vigie.directory.access import actor_of
from vigie.directory.actors import Actor
from vigie.directory.console_entrusted_views import acting_of
from vigie.directory.current_site import current_site
from vigie.directory.models import Role
from vigie.incidents import queries
from vigie.patients.policies import registers_of
from vigie.sealing.policies import may_have_a_key
from vigie.ui.shell import NavItem, Shell, SiteChoice
from vigie.ui.templatetags.ui import initials_of

if TYPE_CHECKING:
    from vigie.directory.entry import SignedInRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    """Give templates `shell`; made only when a page shows its frame."""
    return {"shell": SimpleLazyObject(lambda: _shell_of(request))}


def _shell_of(request: HttpRequest) -> Shell:
    banner = _("Démonstration : les personnes et les établissements sont inventés.") if settings.VIGIE_DEMONSTRATION else ""
    actor = actor_of(request)
    if actor is None:
        return Shell(
            language=getattr(request, "LANGUAGE_CODE", "fr"),
            language_url=reverse("accounts:language"),
            sign_in_url=reverse("account_login"),
            banner=banner,
        )
    user = actor.user
    return Shell(
        user_name=actor.name,
        user_email=user.email,
        initials=initials_of(actor.name),
        language=user.language,
        time_zone=user.time_zone,
        theme=user.theme,  # type: ignore[arg-type]
        navigation=_navigation(request, actor),
        sites=_sites(request, actor),
        site_url=reverse("site"),
        waiting_count=queries.waiting_count(actor),
        waiting_url=_waiting_url(actor),
        search_url=reverse("search"),
        search_text=request.GET.get("q", ""),
        language_url=reverse("accounts:language"),
        theme_url=reverse("accounts:theme"),
        help_url=reverse("help"),
        profile_url=reverse("accounts:profile"),
        security_url=reverse("accounts:security"),
        home_url=reverse("home"),
        sign_in_url=reverse("account_login"),
        sign_out_url=reverse("account_logout"),
        banner=banner,
        acting=acting_of(actor.exercised[-1]) if actor.exercised else None,
    )


def _sites(request: HttpRequest, actor: Actor) -> list[SiteChoice]:
    """Her sites, after « all of them » when there are several."""
    chosen = current_site(cast("SignedInRequest", request))
    sites = [
        SiteChoice(id=str(membership.site_id), name=membership.site_name, current=membership.site_id == chosen)
        for membership in actor.memberships
    ]
    return [SiteChoice(id="", name=_("Tous mes sites"), current=chosen is None), *sites] if len(sites) > 1 else sites


def _waiting_url(actor: Actor) -> str:
    """Where what waits for her is: her answers, or what she was given to handle."""
    if actor.desks and not (actor.has(Role.USER) or actor.has(Role.REFERENT)):
        return f"{reverse('incidents:queue', args=[actor.desks[0].slug])}?liste=a-traiter"
    return f"{reverse('incidents:index')}?liste=a-moi"


def _navigation(request: HttpRequest, actor: Actor) -> list[NavItem]:
    path = request.path
    incidents = reverse("incidents:index")
    items = [NavItem(_("Accueil"), reverse("home"), "home", active=path == "/")]
    if actor.has(Role.USER) or actor.has(Role.REFERENT):
        in_queue = path.startswith("/incidents/guichet/")
        items.append(NavItem(_("Mes incidents"), incidents, "inbox", active=path.startswith(incidents) and not in_queue))
    items += [
        NavItem(desk.name, url := reverse("incidents:queue", args=[desk.slug]), "headset", active=path == url) for desk in actor.desks
    ]
    if registers_of(actor):
        patients = reverse("patients:index")
        items.append(NavItem(_("Patients"), patients, "id", active=path.startswith(patients)))
    if policies.administers_somewhere(actor):
        console = reverse("directory:index")
        platform = reverse("directory:platform")
        items.append(NavItem(_("Administration"), console, "users", active=path.startswith(console) and not path.startswith(platform)))
        if may_have_a_key(actor):
            sealing = reverse("sealing:index")
            items.append(NavItem(_("Scellement"), sealing, "lock", active=path.startswith(sealing)))
        if policies.is_operator(actor):
            items.append(NavItem(_("Plateforme"), platform, "settings", active=path.startswith(platform)))
    return items
