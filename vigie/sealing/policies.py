"""Who may do what with the key of a site. The only place where rights on keys are decided.

Two rights that do not imply each other. An administrator of the site makes keys, adds and removes ways to unlock, sees
workstations: nothing of this opens a patient's record. A member whose habilitation « patients.open » is in force unlocks
her workstation and reads. Both come from a membership of one's own: a support site never has either, whatever it was
delegated, and nor does the operator. Row-level security repeats it (`isolation`).
"""

from dataclasses import dataclass

from vigie.directory import rights
from vigie.directory.actors import Actor, MembershipFacts
from vigie.directory.models import Role, Site, SiteKind
from vigie.foundation.errors import NotAllowed, Unseen

OPENING = "patients.open"
"""The habilitation that opens health data."""
KEEPS_HEALTH_DATA = frozenset({SiteKind.HOSPITAL, SiteKind.CLINIC, SiteKind.NURSING_HOME, SiteKind.CRRA})
"""Kinds of sites that have a key: never a vendor, a support site, an authority nor the operator."""


@dataclass(frozen=True)
class SealingAccess:
    """What one person may do with the key of one of her sites."""

    actor: Actor
    site: Site
    may_manage: bool
    may_unlock: bool

    def require(self, allowed: bool) -> None:  # noqa: FBT001 - the answer of one of the questions above
        """Raise NotAllowed unless the answer was yes."""
        if not allowed:
            raise NotAllowed


def access_site(actor: Actor, number: str) -> SealingAccess:
    """Return what this person may do with the key of a site.

    Raises Unseen when she may do nothing with it, exactly as when there is no such site.
    """
    membership = next((membership for membership in _caring(actor) if membership.site_number == number), None)
    if membership is None:
        raise Unseen
    access = SealingAccess(
        actor,
        Site.objects.get(id=membership.site_id),
        may_manage=_may_manage(membership),
        may_unlock=_may_unlock(membership),
    )
    if not (access.may_manage or access.may_unlock):
        raise Unseen
    return access


def sealing_sites(actor: Actor) -> list[MembershipFacts]:
    """Return her memberships that give her something to do with a key."""
    return [membership for membership in _caring(actor) if _may_manage(membership) or _may_unlock(membership)]


def may_have_a_key(actor: Actor) -> bool:
    """Tell whether she administers a site that may have a key."""
    return any(_may_manage(membership) for membership in _caring(actor))


def _caring(actor: Actor) -> list[MembershipFacts]:
    return [membership for membership in actor.memberships if membership.site_kind in KEEPS_HEALTH_DATA]


def _may_manage(membership: MembershipFacts) -> bool:
    return Role.ADMIN in membership.roles and rights.holds("sealing.manage", {(Role.ADMIN, "site")})


def _may_unlock(membership: MembershipFacts) -> bool:
    return OPENING in membership.habilitations and rights.holds(OPENING, {(role, "habilitation") for role in membership.roles})
