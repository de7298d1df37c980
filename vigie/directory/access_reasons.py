"""« Pourquoi ai-je accès ? »: each right of a membership, and the role, habilitation, service or practitioner it comes from (ACC-30).

Rights are read from the matrix in force, in the words of its page; nothing here decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from vigie.directory import feature_queries, member_queries, rights
from vigie.directory import rights_catalogue as catalogue
from vigie.directory.actors import Actor, GrantFacts
from vigie.directory.feature_queries import EffectiveFeature
from vigie.directory.models import Desk, Habilitation, MedicalIdentity, Membership, Role, ServiceMembership
from vigie.ui import dates

_OF_DESKS = frozenset({"desk", "served", "contacts"})
_BY_HABILITATION = "habilitation"
_SUPPORT: rights.Relation = ("support", "granted")


@dataclass(frozen=True, slots=True)
class RightView:
    """One right, and all that gives it."""

    label: str
    reasons: Sequence[str]
    asks_step_up: bool


@dataclass(frozen=True, slots=True)
class FamilyView:
    label: str
    rights: Sequence[RightView]


@dataclass(frozen=True, slots=True)
class SiteAccess:
    """All that a person may do in one site, with its reasons."""

    site_name: str
    function: str
    roles: Sequence[str]
    families: Sequence[FamilyView]
    is_administrative: bool
    """She administers, which gives her nothing of incidents, documents or patients."""
    habilitations: Sequence[str] = ()
    services: Sequence[str] = ()
    practitioners: Sequence[str] = ()
    features: Sequence[EffectiveFeature] = ()
    desks: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Held:
    """A membership, as much of it as gives rights."""

    id: UUID
    site_name: str
    function: str
    roles: frozenset[str]
    desks: Sequence[str]


def own_accesses(actor: Actor) -> list[SiteAccess]:
    """Return what a person may do in each of her sites, in five statements, then in those whose administration is lent to hers."""
    own = _explained(
        [
            _Held(
                id=membership.id,
                site_name=membership.site_name,
                function=membership.function,
                roles=membership.roles,
                desks=[desk.name for desk in actor.desks if desk.site_id == membership.site_id],
            )
            for membership in actor.memberships
        ]
    )
    return own + [_lent(grant) for grant in actor.grants]


def _lent(grant: GrantFacts) -> SiteAccess:
    """Return what a grant in force lets its holder do in a site of others (SEA-3)."""
    reason = _("Délégation du site à %(support)s, jusqu’au %(date)s") % {"support": grant.support_name, "date": dates.day(grant.expires_at)}
    found: dict[str, list[RightView]] = {}
    for capability, label in catalogue.CAPABILITIES.items():
        if capability in grant.capabilities and rights.holds(capability, [_SUPPORT]):
            view = RightView(capfirst(catalogue.said(label)), [reason], asks_step_up=rights.asks_step_up(capability, [_SUPPORT]))
            found.setdefault(catalogue.family_of(capability), []).append(view)
    return SiteAccess(
        site_name=grant.site_name,
        function="",
        roles=[catalogue.said(catalogue.ROLES["support"])],
        families=_in_order(found),
        is_administrative=True,
    )


def access_of(member: Membership) -> SiteAccess:
    """Return what a member may do in her site, or could if her membership was in force, in six statements."""
    desks = list(Desk.objects.filter(site=member.site_id).order_by("name").values_list("name", flat=True))
    is_agent = Role.AGENT in member.roles
    held = _Held(member.pk, member.site.name, member.function, frozenset(member.roles), desks if is_agent else ())
    return _explained([held])[0]


def _explained(held: Sequence[_Held]) -> list[SiteAccess]:
    identifiers = [one.id for one in held]
    codes = _lists(Habilitation.objects.filter(membership__in=identifiers).order_by("code").values_list("membership_id", "code"))
    services = _lists(
        ServiceMembership.objects.filter(membership__in=identifiers).order_by("service__name").values_list("membership_id", "service__name")
    )
    identities = MedicalIdentity.objects.filter(membership__in=identifiers, practitioner__is_active=True).select_related("practitioner")
    practitioners = _lists(
        (identity.membership_id, str(identity.practitioner))
        for identity in identities.order_by("practitioner__last_name", "practitioner__first_name")
    )
    features = feature_queries.effective_features_of(identifiers)
    names = dict(member_queries.habilitations())
    return [
        SiteAccess(
            site_name=one.site_name,
            function=one.function,
            roles=[str(role.label) for role in Role if role in one.roles],
            families=_families(one, frozenset(codes.get(one.id, ()))),
            habilitations=[names.get(code, code) for code in codes.get(one.id, ())],
            services=services.get(one.id, []),
            practitioners=practitioners.get(one.id, []),
            features=features.get(one.id, []),
            desks=one.desks,
            is_administrative=bool(one.roles & {Role.ADMIN, Role.OPERATOR}),
        )
        for one in held
    ]


def _lists(pairs: Iterable[tuple[UUID, str]]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    for identifier, text in pairs:
        found.setdefault(identifier, []).append(text)
    return found


def _families(held: _Held, codes: frozenset[str]) -> list[FamilyView]:
    matrix = rights.matrix()
    found: dict[str, list[RightView]] = {}
    for capability, label in catalogue.CAPABILITIES.items():
        relations = [relation for relation in _ordered(matrix.get(capability, ())) if _has(held, codes, capability, relation)]
        if relations:
            found.setdefault(catalogue.family_of(capability), []).append(
                RightView(
                    label=capfirst(catalogue.said(label)),
                    reasons=_reasons(held, relations),
                    asks_step_up=rights.asks_step_up(capability, relations),
                )
            )
    return _in_order(found)


def _in_order(found: Mapping[str, Sequence[RightView]]) -> list[FamilyView]:
    return [FamilyView(catalogue.said(label), found[family]) for family, label in catalogue.FAMILIES.items() if family in found]


def _ordered(relations: Iterable[rights.Relation]) -> list[rights.Relation]:
    roles, scopes = list(catalogue.ROLES), list(catalogue.SCOPES)
    return sorted(relations, key=lambda relation: (roles.index(relation[0]), scopes.index(relation[1])))


def _has(held: _Held, codes: frozenset[str], capability: str, relation: rights.Relation) -> bool:
    """Tell whether this membership stands in a relation that the matrix asks for."""
    role, scope = relation
    if role not in held.roles:
        return False
    if scope == _BY_HABILITATION:
        return capability in codes
    return scope not in _OF_DESKS or bool(held.desks)


def _reasons(held: _Held, relations: Sequence[rights.Relation]) -> list[str]:
    """Return one sentence a role: « Rôle Référent : tout son site »."""
    scopes: dict[str, list[str]] = {}
    for role, scope in relations:
        scopes.setdefault(role, []).append(scope)
    return [_reason(held, role, of_role) for role, of_role in scopes.items()]


def _reason(held: _Held, role: str, scopes: Sequence[str]) -> str:
    name = catalogue.said(catalogue.ROLES[role])
    if list(scopes) == [_BY_HABILITATION]:
        return _("Habilitation, avec le rôle %(role)s") % {"role": name}
    words = ", ".join(catalogue.said(catalogue.SCOPES[scope]) for scope in scopes)
    if "desk" in scopes:
        words += f" ({', '.join(held.desks)})"
    return _("Rôle %(role)s : %(scope)s") % {"role": name, "scope": words}
