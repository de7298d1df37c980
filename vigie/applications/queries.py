"""What pages read of applications."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from vigie.applications.models import Application, ApplicationSite, SigningKey
from vigie.applications.policies import serves
from vigie.audit.models import Act
from vigie.directory.actors import Actor, MembershipFacts
from vigie.directory.models import Site


def applications() -> list[tuple[Application, int]]:
    """Return all applications by name, each with how many sites were chosen."""
    counted = dict(ApplicationSite.objects.order_by().values("application").annotate(count=Count("pk")).values_list("application", "count"))
    return [(application, counted.get(application.pk, 0)) for application in Application.objects.order_by("name", "id")]


def sites_of(application: Application) -> list[str]:
    """Return the identifiers of the sites that were chosen."""
    return sorted(str(site) for site in ApplicationSite.objects.filter(application=application).values_list("site_id", flat=True))


def site_choices() -> list[tuple[str, str]]:
    """Return the sites in service, by name."""
    found = Site.objects.filter(is_active=True).order_by("name", "id").values_list("id", "name", "number")
    return [(str(identifier), f"{name} ({number})") for identifier, name, number in found]


def last_change(application: Application) -> tuple[str, datetime] | None:
    """Return who changed it last, and when."""
    acts = Act.objects.filter(object_kind="application", object_id=str(application.pk)).exclude(code="application.consented")
    return acts.order_by("-at", "-id").values_list("actor_name", "at").first()


def signing_key() -> SigningKey | None:
    """Return the youngest key."""
    return SigningKey.objects.order_by("-signs_from", "-id").first()


# --- For the people who use them -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Tile:
    """An application as the home page shows it."""

    name: str
    text: str
    address: str


def tiles_for(actor: Actor) -> list[Tile]:
    """Return the applications that this person may use, by name, in one statement: none would refuse her (PLA-14)."""
    found = Application.objects.filter(serves(actor)).order_by("name", "id").distinct()
    return [Tile(name, text, address) for name, text, address in found.values_list("name", "text", "address")]


def usable_application(actor: Actor, client_id: str) -> Application | None:
    """Return the application of this client, if this person may use it."""
    return Application.objects.filter(serves(actor), client_id=client_id).distinct().first()


def told_memberships(actor: Actor, application: Application) -> list[MembershipFacts]:
    """Return her memberships in sites that the application serves: it learns nothing of the others."""
    if application.serves_all:
        return list(actor.memberships)
    served = set(ApplicationSite.objects.filter(application=application).values_list("site_id", flat=True))
    return [membership for membership in actor.memberships if membership.site_id in served]
