"""A hospital and the support site that it called: what tests of grants begin with."""

from dataclasses import dataclass

from vigie.accounts.models import User
from vigie.directory.models import Membership, Role, Site, SiteKind, SupportGrant
from vigie.directory.tests.factories import MembershipFactory, SiteFactory, SupportGrantFactory, member
from vigie.foundation.testing import as_maintenance


@dataclass(frozen=True)
class Help:
    site: Site
    other: Site
    """A hospital that called nobody."""
    support: Site
    grant: SupportGrant
    sam: User
    """Administrator of the support site."""
    adele: User
    """Administrator of the hospital."""
    claire: Membership
    """Of the hospital."""


def arranged() -> Help:
    with as_maintenance():
        site, other = SiteFactory.create(name="CH du Bourg"), SiteFactory.create()
        support = SiteFactory.create(name="Aide Éclair", kind=SiteKind.SUPPORT, city="Nantes")
        adele = member(site, Role.ADMIN, first_name="Adèle", last_name="Durand")
        grant = SupportGrantFactory.create(site=site, support_site=support, granted_by=adele)
        grant.refresh_from_db()
        return Help(
            site=site,
            other=other,
            support=support,
            grant=grant,
            sam=member(support, Role.ADMIN, first_name="Sam", last_name="Petit"),
            adele=adele,
            claire=MembershipFactory.create(
                site=site, first_name="Claire", last_name="Moreau", email="claire@chu.example", function="Cadre de santé"
            ),
        )
