"""What an application is told of a person: no more than the scopes that it was granted (docs/reference/applications.md)."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from vigie.applications.models import Application, ClaimScope
from vigie.applications.queries import told_memberships
from vigie.directory.actors import Actor
from vigie.directory.feature_queries import effective_features_of
from vigie.directory.models import MedicalIdentity, ServiceMembership

_OF_SITES: Final = (ClaimScope.SITES, ClaimScope.SERVICES, ClaimScope.PRACTITIONERS, ClaimScope.FEATURES)


def claims_of(actor: Actor, application: Application, scopes: Collection[str]) -> dict[str, Any]:
    """Return what these scopes say of her; of her sites, only those that the application serves."""
    told: dict[str, Any] = {}
    if ClaimScope.PROFILE in scopes:
        told |= {"name": actor.user.full_name, "given_name": actor.user.first_name, "family_name": actor.user.last_name}
        told["locale"] = actor.user.language
        told["zoneinfo"] = actor.user.time_zone
    if ClaimScope.EMAIL in scopes:
        told["email"] = actor.user.email
    if not set(_OF_SITES) & set(scopes):
        return told
    memberships = told_memberships(actor, application)
    numbers = {membership.id: membership.site_number for membership in memberships}
    if ClaimScope.SITES in scopes:
        told["sites"] = [
            {"number": one.site_number, "name": one.site_name, "kind": one.site_kind, "function": one.function} for one in memberships
        ]
    if ClaimScope.SERVICES in scopes:
        told["services"] = _services(numbers)
    if ClaimScope.PRACTITIONERS in scopes:
        told["practitioners"] = _practitioners(numbers)
    if ClaimScope.FEATURES in scopes:
        held = effective_features_of(numbers)
        told["features"] = {numbers[one]: sorted(feature.code for feature in held.get(one, ())) for one in numbers}
    return told


def _services(numbers: dict[UUID, str]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    rows = ServiceMembership.objects.filter(membership__in=numbers).order_by("service__name", "service_id")
    for membership, identifier, name in rows.values_list("membership_id", "service_id", "service__name"):
        found[numbers[membership]].append({"id": str(identifier), "name": name})
    return dict(found)


def _practitioners(numbers: dict[UUID, str]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    rows = MedicalIdentity.objects.filter(membership__in=numbers, practitioner__is_active=True).select_related("practitioner")
    for row in rows.order_by("practitioner__last_name", "practitioner__first_name", "practitioner_id"):
        found[numbers[row.membership_id]].append({"rpps": row.practitioner.rpps, "name": str(row.practitioner)})
    return dict(found)
