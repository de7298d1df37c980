"""What the operator's console reads of spaces and sites. The caller is an operator (`access.operators`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from vigie.directory.models import Membership, Space


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """One line of the list of spaces."""

    id: UUID
    name: str
    slug: str
    sites: int
    """Those in service."""
    members: int
    """Memberships in force in them."""


def spaces() -> Sequence[SpaceRow]:
    """Return all spaces by name, in one statement: a territory has tens of them."""
    members = (
        Membership.objects.in_force()
        .filter(site__space=OuterRef("pk"), site__is_active=True)
        .order_by()
        .values("site__space")
        .annotate(count=Count("pk"))
    )
    found = (
        Space.objects.annotate(
            site_count=Count("sites", filter=Q(sites__is_active=True)),
            member_count=Coalesce(Subquery(members.values("count")), 0),
        )
        .order_by("name", "id")
        .values_list("id", "name", "slug", "site_count", "member_count")
    )
    return [SpaceRow(*values) for values in found]
