"""What operators and administrators do to features (ACC-24, ACC-25). Each function is one transaction.

The operator defines features, makes them available to a site and gives them to practitioners; the site's administrator
activates them for services. The database itself refuses a feature that is not available in the site.
"""

import re
from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vigie.audit.actions import record_act
from vigie.directory import policies
from vigie.directory.actors import Actor
from vigie.directory.models import (
    Feature,
    Practitioner,
    PractitionerFeature,
    Service,
    ServiceFeature,
    Site,
    SiteFeature,
)
from vigie.directory.policies import access_practitioner
from vigie.directory.practitioner_actions import PractitionerChangedMeanwhile
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid, NotAllowed, Unseen
from vigie.foundation.text import clean_line, clean_text

LONGEST_NAME = 120
LONGEST_DESCRIPTION = 1000
_CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_CODE = 50


class FeatureNotAvailable(DomainError):
    message = _("Cette fonctionnalité n’est pas disponible dans ce site. Demandez à l’opérateur de la plateforme de l’ouvrir au site.")


class FeatureInUse(DomainError):
    message = _("Cette fonctionnalité est disponible dans un site au moins : retirez-la d’abord des sites.")


class FeatureChangedMeanwhile(ChangedMeanwhile):
    message = _(
        "Cette fonctionnalité a changé pendant votre saisie. Relisez ce qui a changé, puis enregistrez de nouveau : "
        "rien de ce que vous avez saisi n’est perdu."
    )


class FeatureSpreadMeanwhile(ChangedMeanwhile):
    message = _("L’usage de la fonctionnalité a changé pendant que vous lisiez cette page. Relisez qui la perdrait, puis confirmez.")


# --- Operators: the catalogue ----------------------------------------------------------------------------------------
@transaction.atomic
def define_feature(actor: Actor, *, code: str, name: str, description: str) -> Feature:
    """Add a feature to the catalogue of the platform."""
    _require_operator(actor)
    code = clean_line(code)
    fields: dict[str, str | Promise] = {}
    if len(code) > _LONGEST_CODE or not _CODE.fullmatch(code):
        fields["code"] = _("Écrivez au plus 50 lettres minuscules sans accent, chiffres et traits d’union.")
    elif Feature.objects.filter(code=code).exists():
        fields["code"] = _KNOWN
    stated = _checked(name, description, fields)
    try:
        with transaction.atomic():
            feature = Feature.objects.create(code=code, **stated)
    except IntegrityError as error:
        # Somebody defined it between the question and the answer.
        raise Invalid({"code": _KNOWN}) from error
    _record(actor, None, feature, "feature.defined")
    return feature


@transaction.atomic
def edit_feature(actor: Actor, code: str, *, name: str, description: str, revision: int) -> Feature:
    """Say otherwise what a feature is; its code, which software knows, does not change."""
    _require_operator(actor)
    feature = _feature(code, lock=True)
    if revision != feature.revision:
        raise FeatureChangedMeanwhile
    stated = _checked(name, description, {}, besides=feature.id)
    changed = [field for field, value in stated.items() if getattr(feature, field) != value]
    if not changed:
        return feature
    for field in changed:
        setattr(feature, field, stated[field])
    feature.revision += 1
    feature.save(update_fields=[*changed, "revision"])
    _record(actor, None, feature, "feature.edited", fields=changed)
    return feature


@transaction.atomic
def delete_feature(actor: Actor, code: str) -> Feature:
    """Take a feature that no site has out of the catalogue."""
    _require_operator(actor)
    feature = _feature(code, lock=True)
    if SiteFeature.objects.filter(feature=feature).exists():
        raise FeatureInUse
    identifier = feature.id
    feature.delete()
    feature.id = identifier
    _record(actor, None, feature, "feature.deleted")
    return feature


# --- Operators: sites and practitioners ------------------------------------------------------------------------------
@transaction.atomic
def make_available(actor: Actor, *, site_id: UUID, code: str) -> Feature:
    """Let a site activate a feature."""
    _require_operator(actor)
    site, feature = _site(site_id), _feature(code)
    _row, is_new = SiteFeature.objects.get_or_create(site=site, feature=feature)
    if is_new:
        _record(actor, site, feature, "feature.made_available")
    return feature


@transaction.atomic
def withdraw_feature(actor: Actor, *, site_id: UUID, code: str, services: int, practitioners: int) -> Feature:
    """Take a feature away from a site: its services and practitioners lose it.

    `services` and `practitioners` are what the writer was told; when there are others by now, she is asked again.
    """
    _require_operator(actor)
    site, feature = _site(site_id), _feature(code)
    available = SiteFeature.objects.select_for_update().filter(site=site, feature=feature).first()
    if available is None:
        return feature
    of_services = ServiceFeature.objects.filter(site=site, feature=feature)
    of_practitioners = PractitionerFeature.objects.filter(site=site, feature=feature)
    lost = [str(service) for service in of_services.order_by("service_id").values_list("service_id", flat=True)]
    lost_by = [str(one) for one in of_practitioners.order_by("practitioner_id").values_list("practitioner_id", flat=True)]
    if (len(lost), len(lost_by)) != (services, practitioners):
        raise FeatureSpreadMeanwhile
    of_services.delete()
    of_practitioners.delete()
    available.delete()
    _record(actor, site, feature, "feature.withdrawn", services=lost, practitioners=lost_by)
    return feature


@transaction.atomic
def set_practitioner_features(actor: Actor, practitioner_id: UUID, *, codes: Collection[str], revision: int) -> Practitioner:
    """Say which features of the site come through a practitioner to those who act for her."""
    practitioner = access_practitioner(actor, practitioner_id, lock=True)
    _require_operator(actor)
    if revision != practitioner.revision:
        raise PractitionerChangedMeanwhile
    available = _available(practitioner.site_id, codes)
    rows = PractitionerFeature.objects.filter(practitioner=practitioner)
    former = set(rows.values_list("feature__code", flat=True))
    if former == set(codes):
        return practitioner
    rows.exclude(feature__code__in=codes).delete()
    PractitionerFeature.objects.bulk_create(
        PractitionerFeature(site_id=practitioner.site_id, practitioner=practitioner, feature=feature)
        for feature in available
        if feature.code not in former
    )
    practitioner.revision += 1
    practitioner.save(update_fields=["revision"])
    record_act(
        actor,
        "practitioner.features_changed",
        site_id=practitioner.site_id,
        space_id=practitioner.site.space_id,
        object_kind="practitioner",
        object_id=practitioner.id,
        object_name=str(practitioner),
        details={"features": _difference(former, codes)},
    )
    return practitioner


# --- Administrators --------------------------------------------------------------------------------------------------
@transaction.atomic
def activate_for_services(actor: Actor, *, site_id: UUID, code: str, service_ids: Collection[UUID], revision: int) -> Feature:
    """Say which services of a site have a feature, all of them and no other. `revision` is what the writer had read."""
    site = _site(site_id)
    if not policies.may_open_console(actor, site.id):
        raise Unseen
    if not policies.may_activate_features(actor, site.id):
        raise policies.BeyondTheGrant if policies.is_delegate(actor, site.id) else NotAllowed
    feature = _feature(code)
    available = SiteFeature.objects.select_for_update().filter(site=site, feature=feature).first()
    if available is None:
        raise FeatureNotAvailable
    if revision != available.revision:
        raise FeatureChangedMeanwhile
    wanted = set(service_ids)
    if set(Service.objects.filter(site=site, id__in=wanted).values_list("id", flat=True)) != wanted:
        raise Invalid({"services": _("Ce service n’est pas de ce site, ou n’existe plus.")})
    rows = ServiceFeature.objects.filter(site=site, feature=feature)
    former = set(rows.values_list("service_id", flat=True))
    if former == wanted:
        return feature
    rows.exclude(service__in=wanted).delete()
    ServiceFeature.objects.bulk_create(
        ServiceFeature(site=site, feature=feature, service_id=service) for service in sorted(wanted - former)
    )
    available.revision += 1
    available.save(update_fields=["revision"])
    _record(actor, site, feature, "feature.activated", services=_difference(map(str, former), map(str, wanted)))
    return feature


# --- Rules -----------------------------------------------------------------------------------------------------------
_KNOWN = _("Une fonctionnalité porte déjà ce code.")


def _require_operator(actor: Actor) -> None:
    if not policies.may_define_features(actor):
        raise NotAllowed


def _feature(code: str, *, lock: bool = False) -> Feature:
    features = Feature.objects.select_for_update() if lock else Feature.objects
    feature = features.filter(code=code).first()
    if feature is None:
        raise Unseen
    return feature


def _site(site_id: UUID) -> Site:
    site = Site.objects.filter(id=site_id).first()
    if site is None:
        raise Unseen
    return site


def _available(site_id: UUID, codes: Collection[str]) -> list[Feature]:
    # Locked: what is given to a practitioner is not withdrawn from the site meanwhile.
    rows = SiteFeature.objects.select_for_update(of=("self",)).filter(site=site_id, feature__code__in=codes)
    found = [row.feature for row in rows.select_related("feature").order_by("feature__code")]
    if len(found) != len(set(codes)):
        raise FeatureNotAvailable
    return found


def _checked(name: str, description: str, fields: dict[str, str | Promise], *, besides: UUID | None = None) -> dict[str, str]:
    stated = {"name": clean_line(name), "description": clean_text(description)}
    if not stated["name"]:
        fields["name"] = _("Ce champ est obligatoire.")
    elif len(stated["name"]) > LONGEST_NAME:
        fields["name"] = _("Écrivez au plus 120 caractères.")
    elif set(Feature.objects.filter(name__iexact=stated["name"]).values_list("id", flat=True)) - {besides}:
        fields["name"] = _("Une fonctionnalité porte déjà ce nom.")
    if len(stated["description"]) > LONGEST_DESCRIPTION:
        fields["description"] = _("Écrivez au plus 1 000 caractères.")
    if fields:
        raise Invalid(fields)
    return stated


def _difference(former: Iterable[str], wanted: Iterable[str]) -> list[str]:
    before, after = set(former), set(wanted)
    return sorted([f"+{one}" for one in after - before] + [f"-{one}" for one in before - after])


def _record(actor: Actor, site: Site | None, feature: Feature, code: str, **details: list[str]) -> None:
    record_act(
        actor,
        code,
        site_id=site.id if site is not None else None,
        space_id=site.space_id if site is not None else None,
        object_kind="feature",
        object_id=feature.id,
        object_name=feature.name,
        details=details or None,
    )
