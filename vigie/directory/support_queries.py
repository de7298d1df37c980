"""What the pages of support sites read: the grants of a site, those that a support site uses, and what was done under them."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.utils import timezone

from vigie.accounts.models import User
from vigie.audit.models import Act
from vigie.directory import policies
from vigie.directory.actors import Actor
from vigie.directory.models import Membership, Role, Site, SiteKind, SupportGrant, SupportGrantQuerySet
from vigie.foundation.errors import Unseen

MOST_ENDED = 50
LONGEST_NAME = 160


@dataclass(frozen=True, slots=True)
class SupportSite:
    """A support site as it is shown to be confirmed: homonyms differ by number and town."""

    id: UUID
    name: str
    kind: str
    number: str
    city: str

    @property
    def kind_label(self) -> str:
        return str(SiteKind(self.kind).label)


@dataclass(frozen=True, slots=True)
class Grants:
    """The grants of one site, or to one support site: those in force first, then the latest that ended."""

    in_force: list[SupportGrant]
    ended: list[SupportGrant]


def supported_site(actor: Actor, number: str) -> Site:
    """Return a site whose support sites this person may see and withdraw; Unseen otherwise, as for those who support it."""
    site = Site.objects.filter(number=number).first()
    if site is None or not policies.may_withdraw_support(actor, site.id):
        raise Unseen
    return site


def helping_site(actor: Actor, number: str) -> Site:
    """Return the support site whose grants this person uses; Unseen otherwise."""
    site = Site.objects.filter(number=number).first()
    if site is None or not policies.may_help_others(actor, site.id):
        raise Unseen
    return site


def find_support_sites(sought: str) -> list[SupportSite]:
    """Return the support sites whose name contains this, or whose number it is; they are found past row-level security."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name, kind, number, city FROM directory_find_support_sites(%s)", [sought[:LONGEST_NAME]])
        return [SupportSite(*row) for row in cursor.fetchall()]


def support_site(number: str) -> SupportSite | None:
    """Return the support site with exactly this number."""
    return next((site for site in find_support_sites(number) if site.number == number), None)


def grants_of(site: Site) -> Grants:
    """Return the grants that a site has given."""
    return _split(SupportGrant.objects.filter(site=site))


def grants_to(site: Site) -> Grants:
    """Return the grants that a support site has been given."""
    return _split(SupportGrant.objects.filter(support_site=site))


def _split(grants: SupportGrantQuerySet) -> Grants:
    now = timezone.now()
    latest = grants.order_by("-granted_at", "-id")
    return Grants(in_force=list(latest.in_force(now)), ended=list(latest.over(now)[:MOST_ENDED]))


def was_hers(actor: Actor, grant_id: UUID) -> bool:
    """Tell whether she could act under a grant that is over by now."""
    return SupportGrant.objects.filter(id=grant_id, support_site__in=actor.sites_as(Role.ADMIN)).exists()


def signatures_at(site_id: UUID) -> dict[UUID, str]:
    """Return how those who acted for this site under a grant sign, by account: « X (support Y) »."""
    acts = Act.objects.filter(site_id=site_id, details__has_key="grant", actor_id__isnull=False)
    signed = acts.order_by("actor_id", "-at").distinct("actor_id").values_list("actor_id", "actor_name")
    return {actor: name for actor, name in signed if actor is not None}


def administrators_of(site_id: UUID) -> list[User]:
    """Return the accounts of those who administer a site; the scope holds it."""
    members = Membership.objects.in_force().filter(site=site_id, roles__contains=[Role.ADMIN], user__is_active=True)
    return [member.user for member in members.select_related("user").order_by("id") if member.user is not None]
