"""What the console reads of the registers of a site: pages of services, of practitioners and of who belongs to them.

A list is ordered by name, its pages start after or before a row, and their number of statements never grows. The caller
has asked `policies` whether the site may be administered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import Count, FloatField, Func, Model, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict

from vigie.directory.feature_queries import EffectiveFeature, effective_features
from vigie.directory.keyset import Position, Slice, cut, uuid_or_none
from vigie.directory.member_queries import MOST_SOUGHT, sought_members
from vigie.directory.models import (
    MedicalIdentity,
    Membership,
    Practitioner,
    PractitionerFeature,
    Service,
    ServiceFeature,
    ServiceMembership,
    Site,
)
from vigie.foundation.text import clean_line

MOST_TICKED = 200
_MOST_WORDS = 10
_NEAR = 0.4
"""Likeness of a name from which it is shown, as for members."""

Row = TypeVar("Row", bound=Model)
_BY_NAME = ("last_name", "first_name", "id")


def position_of(query: QueryDict) -> Position:
    """Read where a page starts from its address."""
    return Position(after=query.get("apres", ""), before=query.get("avant", ""), last="fin" in query)


def words_of(query: QueryDict) -> str:
    """Read what is sought from the address of a page."""
    return query.get("q", "").strip()[:MOST_SOUGHT]


def ticked(given: Sequence[str]) -> list[UUID]:
    """Return the identifiers that a form ticks; what is not one is ignored."""
    return [identifier for text in given[:MOST_TICKED] if (identifier := uuid_or_none(text)) is not None]


def _has_words(rows: QuerySet[Row], column: str, words: str) -> QuerySet[Row]:
    """Keep the rows that hold all these words, whatever accents and capitals."""
    for word in clean_line(words).split()[:_MOST_WORDS]:
        rows = rows.filter(**{f"{column}__contains": Func(Value(word), function="plain")})
    return rows


# --- Services --------------------------------------------------------------------------------------------------------
def _counted(model: type[Model], name: str) -> Coalesce:
    """Return how many rows of a link name this one."""
    rows = model._default_manager.filter(**{name: OuterRef("pk")}).order_by()
    return Coalesce(Subquery(rows.values(name).annotate(count=Count("pk")).values("count")), 0)


def services_page(site: Site, words: str, position: Position) -> Slice[Service]:
    """Return a page of the services of a site, each with `people` and `activated` (how many features)."""
    services = Service.objects.filter(site=site).alias(plain_name=Func("name", function="plain"))
    services = _has_words(services, "plain_name", words)
    return cut(
        services.annotate(people=_counted(ServiceMembership, "service"), activated=_counted(ServiceFeature, "service")),
        ("name", "id"),
        position,
    )


def service_people(service: Service, position: Position) -> Slice[Membership]:
    """Return a page of the members of a service, by name, with their status."""
    members = Membership.objects.filter(site=service.site_id, pk__in=ServiceMembership.objects.filter(service=service).values("membership"))
    return cut(members.with_status(), _BY_NAME, position)


def people_to_attach(service: Service, words: str, position: Position) -> Slice[Membership]:
    """Return a page of the members of the site who are not in a service, by name."""
    there = ServiceMembership.objects.filter(service=service).values("membership")
    members = sought_members(service.site, words).filter(is_active=True).exclude(pk__in=there)
    return cut(members.with_status(), _BY_NAME, position)  # type: ignore[attr-defined]


def activated_in(service: Service) -> list[str]:
    """Return the names of the features that a service has."""
    return list(ServiceFeature.objects.filter(service=service).order_by("feature__name").values_list("feature__name", flat=True))


# --- Practitioners ---------------------------------------------------------------------------------------------------
def practitioners_page(site: Site, words: str, activity: str, position: Position) -> Slice[Practitioner]:
    """Return a page of the practitioners of a site, each with `people` (how many act for her).

    `activity`: « actifs », « inactifs », or all.
    """
    practitioners = sought_practitioners(site, words)
    if activity in ("actifs", "inactifs"):
        practitioners = practitioners.filter(is_active=activity == "actifs")
    return cut(practitioners.annotate(people=_counted(MedicalIdentity, "practitioner")), _BY_NAME, position)


def sought_practitioners(site: Site, words: str) -> QuerySet[Practitioner]:
    """Return the practitioners of a site whose name, number or speciality has all these words; the nearest when nobody's has."""
    return _nearest_practitioners(site, words) if finds_only_near(site, words) else _practitioners_with(site, words)


def finds_only_near(site: Site, words: str) -> bool:
    """Tell whether no practitioner of the site has all these words, so that a search shows those that resemble them."""
    return bool(clean_line(words)) and not _practitioners_with(site, words).exists()


def _practitioners_with(site: Site, words: str) -> QuerySet[Practitioner]:
    return _has_words(Practitioner.objects.filter(site=site), "search", words)


def _nearest_practitioners(site: Site, words: str) -> QuerySet[Practitioner]:
    # One site's register is a few hundred rows: compared one by one, under the policy.
    likeness = Func(Func(Value(clean_line(words)), function="plain"), "search", function="word_similarity", output_field=FloatField())
    return Practitioner.objects.filter(site=site).alias(likeness=likeness).filter(likeness__gte=_NEAR)


def practitioner_people(practitioner: Practitioner, position: Position) -> Slice[Membership]:
    """Return a page of those who act for a practitioner, by name, with their status."""
    acting = MedicalIdentity.objects.filter(practitioner=practitioner).values("membership")
    return cut(Membership.objects.filter(site=practitioner.site_id, pk__in=acting).with_status(), _BY_NAME, position)


def features_of_practitioner(practitioner: Practitioner) -> frozenset[str]:
    """Return the codes of what the operator gave to a practitioner."""
    return frozenset(PractitionerFeature.objects.filter(practitioner=practitioner).values_list("feature__code", flat=True))


# --- Medical identities ----------------------------------------------------------------------------------------------
def has_practitioners(site: Site) -> bool:
    return Practitioner.objects.filter(site=site).exists()


def identities_of(member: Membership) -> list[Practitioner]:
    """Return the practitioners that a member may act for, by name, out of practice or not."""
    return list(Practitioner.objects.filter(medical_identities__membership=member).order_by(*_BY_NAME))


def practitioners_to_add(member: Membership, words: str, position: Position) -> Slice[Practitioner]:
    """Return a page of the practitioners of her site that a member may not act for yet."""
    there = MedicalIdentity.objects.filter(membership=member).values("practitioner")
    return cut(sought_practitioners(member.site, words).filter(is_active=True).exclude(pk__in=there), _BY_NAME, position)


@dataclass(frozen=True, slots=True)
class MemberRegisters:
    """What the registers of the site say of a member; parts without matter are not shown (ACC-22)."""

    identities: Sequence[Practitioner]
    shows_identities: bool
    features: Sequence[EffectiveFeature]


def registers_of(member: Membership) -> MemberRegisters:
    identities = identities_of(member)
    return MemberRegisters(
        identities=identities,
        shows_identities=bool(identities) or has_practitioners(member.site),
        features=effective_features(member),
    )
