"""Registers for tests. To be used inside `as_maintenance()`. Sealed values are of the form that browsers send; nothing opens them."""

import os
from typing import Any
from uuid import UUID

from django.utils import timezone

from vigie.accounts.models import User
from vigie.directory.models import Habilitation, Membership, Role, Site
from vigie.directory.tests import factories as directory
from vigie.foundation.ids import uuid7
from vigie.patients.models import Patient, Register
from vigie.patients.policies import OPEN, WRITE
from vigie.sealing.models import DataKey, SiteKey
from vigie.sealing.records import encoded


def sealed(*, number: int = 1, revision: UUID | None = None, size: int = 16) -> str:
    """Return what has the form of a sealed value."""
    iv, ciphertext, tag = os.urandom(12), os.urandom(size), os.urandom(16)
    return ".".join(["s1", str(number), str(revision or uuid7()), encoded(iv), encoded(ciphertext), encoded(tag)])


def carer(site: Site, *codes: str, **fields: Any) -> User:
    """Return a new person whose habilitations open the register of a site, and let her write unless codes are given."""
    user = directory.member(site, Role.USER, **fields)
    membership = Membership.objects.get(user=user, site=site)
    for code in codes or (OPEN, WRITE):
        Habilitation.objects.create(site=site, membership=membership, code=code)
    return user


def site_with_key(*, number: int = 1, **fields: Any) -> Site:
    """Return a site whose key is in service, with a data key of this number."""
    site: Site = directory.SiteFactory.create(**fields)
    maker, other = directory.member(site, Role.ADMIN), directory.member(site, Role.ADMIN)
    now = timezone.now()
    key = SiteKey.objects.create(
        site=site,
        epoch=1,
        record="…",
        thumbprint=encoded(os.urandom(32)),
        jkt=encoded(os.urandom(32)),
        check_value="7KQ2-M9XD",
        reason="first",
        created_at=now,
        created_by=maker,
        created_by_name=maker.full_name,
        proven_at=now,
        confirmed_at=now,
        confirmed_by=other,
        confirmed_by_name=other.full_name,
    )
    add_data_key(key, number)
    return site


def add_data_key(key: SiteKey, number: int) -> DataKey:
    """Give a site its next data key."""
    now = timezone.now()
    return DataKey.objects.create(site=key.site, number=number, key=key, record="…", revision=uuid7(), created_at=now, wrapped_at=now)


def patient(site: Site, **fields: Any) -> Patient:
    """Return a new patient of a site."""
    register, _created = Register.objects.get_or_create(site=site)
    register.last_reference += 1
    register.save()
    now = timezone.now()
    usual = {"family_name": sealed(), "given_name": sealed(), "created_at": now, "updated_at": now, "reference": register.last_reference}
    return Patient.objects.create(site=site, **(usual | fields))
