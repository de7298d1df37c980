"""What pages read of features: the catalogue, those of a site and who has them, and those of a member with where each comes from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Count

from vigie.directory.models import (
    Feature,
    Membership,
    PractitionerFeature,
    Service,
    ServiceFeature,
    Site,
    SiteFeature,
)
from vigie.foundation.errors import Unseen


@dataclass(frozen=True, slots=True)
class SiteFeatureView:
    """A feature of the platform, as one site has it."""

    code: str
    name: str
    description: str
    is_available: bool
    revision: int
    services: Sequence[tuple[str, str]] = ()
    """Identifier and name of those for which it is activated."""
    practitioners: Sequence[str] = ()


def site_features(site: Site, *, with_unavailable: bool) -> list[SiteFeatureView]:
    """Return the features of a site by name, with those it has not for whoever may open them; in four statements."""
    revisions = dict(SiteFeature.objects.filter(site=site).values_list("feature_id", "revision"))
    services: dict[object, list[tuple[str, str]]] = {}
    of_services = ServiceFeature.objects.filter(site=site).order_by("service__name")
    for feature, identifier, name in of_services.values_list("feature_id", "service_id", "service__name"):
        services.setdefault(feature, []).append((str(identifier), name))
    practitioners: dict[object, list[str]] = {}
    of_practitioners = PractitionerFeature.objects.filter(site=site).select_related("practitioner")
    for row in of_practitioners.order_by("practitioner__last_name", "practitioner__first_name"):
        practitioners.setdefault(row.feature_id, []).append(str(row.practitioner))
    return [
        SiteFeatureView(
            code=feature.code,
            name=feature.name,
            description=feature.description,
            is_available=feature.id in revisions,
            revision=revisions.get(feature.id, 0),
            services=services.get(feature.id, ()),
            practitioners=practitioners.get(feature.id, ()),
        )
        for feature in Feature.objects.order_by("name", "id")
        if with_unavailable or feature.id in revisions
    ]


def site_feature(site: Site, code: str, *, with_unavailable: bool = False) -> SiteFeatureView:
    """Return one feature of a site; Unseen when the site has not got it."""
    for feature in site_features(site, with_unavailable=with_unavailable):
        if feature.code == code:
            return feature
    raise Unseen


def available_features(site: Site) -> list[tuple[str, str]]:
    """Return code and name of the features of a site."""
    return list(SiteFeature.objects.filter(site=site).order_by("feature__name").values_list("feature__code", "feature__name"))


def has_services(site: Site) -> bool:
    return Service.objects.filter(site=site).exists()


def catalogue() -> list[tuple[Feature, int]]:
    """Return all features of the platform, with how many sites have each."""
    sites = dict(SiteFeature.objects.order_by().values("feature").annotate(count=Count("pk")).values_list("feature", "count"))
    return [(feature, sites.get(feature.id, 0)) for feature in Feature.objects.order_by("name", "id")]


def defined_feature(code: str) -> Feature:
    feature = Feature.objects.filter(code=code).first()
    if feature is None:
        raise Unseen
    return feature


# --- Of a member -----------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class EffectiveFeature:
    """A feature that a member has, and all that gives it to her."""

    code: str
    name: str
    services: list[str] = field(default_factory=list)
    practitioners: list[str] = field(default_factory=list)

    @property
    def sources(self) -> list[str]:
        return [*self.services, *self.practitioners]


def effective_features(member: Membership) -> list[EffectiveFeature]:
    """Return the union over her services and her practitioners in practice, by name, in two statements (ACC-24)."""
    return effective_features_of([member.pk]).get(member.pk, [])


def effective_features_of(memberships: Iterable[UUID]) -> dict[UUID, list[EffectiveFeature]]:
    """Return what each of these members has; two statements for all."""
    wanted = list(memberships)
    found: dict[UUID, dict[str, EffectiveFeature]] = {}

    def of(member: UUID, code: str, name: str) -> EffectiveFeature:
        return found.setdefault(member, {}).setdefault(code, EffectiveFeature(code, name))

    through_services = ServiceFeature.objects.filter(service__servicemembership__membership__in=wanted).order_by("service__name")
    for member, code, name, service in through_services.values_list(
        "service__servicemembership__membership", "feature__code", "feature__name", "service__name"
    ):
        of(member, code, name).services.append(service)
    through_practitioners = PractitionerFeature.objects.filter(
        practitioner__is_active=True, practitioner__medical_identities__membership__in=wanted
    ).order_by("practitioner__last_name", "practitioner__first_name")
    for member, code, name, *names in through_practitioners.values_list(
        "practitioner__medical_identities__membership",
        "feature__code",
        "feature__name",
        "practitioner__title",
        "practitioner__first_name",
        "practitioner__last_name",
    ):
        of(member, code, name).practitioners.append(" ".join(filter(None, names)))
    return {member: sorted(features.values(), key=lambda feature: feature.name) for member, features in found.items()}
