"""The key of the demonstration's hospital, made as two browsers would make it, and its passphrase, which everybody may read.

Made by the Python implementation of the protocol: the same key at each run of one seed. The other sites have none, and
show the guide that makes one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from django.db.models import Model

from vigie.accounts.models import User
from vigie.directory.models import Site
from vigie.foundation.ids import uuid7
from vigie.sealing import protocol
from vigie.sealing.models import Confirmation, DataKey, KeyWrap, Method, SiteKey, Workstation
from vigie.web.seed.dice import Dice
from vigie.web.seed.settlement import Settlement
from vigie.web.seed.territory import MAIL_DOMAIN

SEALED_SITE: Final = "saint-aubrin"
MAKER: Final = "nadia.benali"
CONFIRMER: Final = "benoit.royer"
STATIONS: Final = (
    ("camille.renaud", "Poste de soins – cardiologie", "Firefox sur Windows", timedelta(days=40), timedelta(hours=3)),
    ("laure.peltier", "Bureau des entrées 1", "Edge sur Windows", timedelta(days=38), timedelta(minutes=40)),
    ("sylvie.autret", "Bureau du DIM", "Firefox sur Windows", timedelta(days=12), timedelta(days=2)),
)
"""Who unlocked which workstation, with what browser, how long ago, and how long ago it was seen."""
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256: private keys are numbers below it."""


@dataclass(frozen=True, slots=True)
class SealedSite:
    """A site with its key in service, opened: only a demonstration knows it."""

    site: Site
    passphrase: str
    data_key: protocol.DataKey
    rows: tuple[Model, ...]
    """In an order that foreign keys accept."""


def seal_site(settlement: Settlement, *, seed: int, now: datetime) -> SealedSite:
    """Make the key, its two wraps, the two confirmations, the first data key and some workstations."""
    dice = Dice(f"{seed}:sealing")
    site = settlement.site(SEALED_SITE)
    people = {name: settlement.user(f"{name}@{MAIL_DOMAIN}") for name in (MAKER, CONFIRMER, *(station[0] for station in STATIONS))}
    made_at = now - timedelta(days=42, hours=5)
    record, held = protocol.make_keys(f"site:{site.id}#1", enc=_private_key(dice), sig=_private_key(dice))
    keys = held.keys
    key = SiteKey(
        id=dice.identifier(made_at),
        site=site,
        epoch=1,
        record=record,
        thumbprint=keys.thumbprint,
        jkt=keys.jkt,
        check_value=keys.check,
        reason="first",
        created_at=made_at,
        created_by=people[MAKER],
        created_by_name=people[MAKER].full_name,
        proven_at=made_at + timedelta(minutes=14),
        confirmed_at=made_at + timedelta(minutes=31),
        confirmed_by=people[CONFIRMER],
        confirmed_by_name=people[CONFIRMER].full_name,
    )
    passphrase = protocol.in_groups(protocol.to_base32(dice.randbytes(10)), 4)
    pins = protocol.Pins()
    pins.see(keys, own=True)
    sealed = protocol.make_data_key(
        scope=f"dat:{site.id}", number=1, recipients=[keys.kid], signer=held, pins=pins, content=dice.randbytes(32)
    )
    data_key = protocol.open_data_key(sealed, held=[held], pins=pins)
    stations = list(_stations(key, held, people, now))
    return SealedSite(
        site=site,
        passphrase=passphrase,
        data_key=data_key,
        rows=(
            key,
            *_wraps(key, held, passphrase, dice, people[MAKER]),
            *(
                _confirmation(key, held, person, at)
                for person, at in ((people[MAKER], key.proven_at), (people[CONFIRMER], key.confirmed_at))
            ),
            DataKey(
                id=dice.identifier(made_at),
                site=site,
                number=1,
                key=key,
                record=sealed,
                revision=UUID(data_key.rev),
                created_at=stations[0].unlocked_at,
                created_by_name=stations[0].user_name,
                wrapped_at=stations[0].unlocked_at,
            ),
            *stations,
        ),
    )


def _private_key(dice: Dice) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(1 + dice.getrandbits(256) % (_ORDER - 1), ec.SECP256R1())


def _wraps(key: SiteKey, held: protocol.PrivateKeys, passphrase: str, dice: Dice, maker: User) -> Iterator[KeyWrap]:
    kdf = protocol.passphrase_kdf(dice.randbytes(16))
    kit = dice.randbytes(32)
    records = (
        protocol.make_wrap(held, method="passphrase", kdf=kdf, wrapping_key=protocol.passphrase_key(passphrase, kdf)),
        protocol.make_wrap(held, method="kit", kdf={"alg": "hkdf-sha256"}, wrapping_key=protocol.kit_key(kit, held.keys.kid)),
    )
    for record in records:
        yield KeyWrap(
            id=UUID(record["id"]),
            site_id=key.site_id,
            key=key,
            method=record["method"],
            record=record,
            created_at=key.created_at,
            created_by=maker,
            created_by_name=maker.full_name,
            proven_at=key.proven_at if record["method"] == Method.KIT else key.confirmed_at,
        )


def _confirmation(key: SiteKey, held: protocol.PrivateKeys, person: User, at: datetime | None) -> Confirmation:
    at = at or key.created_at
    return Confirmation(
        id=uuid7(at),
        site_id=key.site_id,
        key=key,
        kid=key.kid,
        thumbprint=key.thumbprint,
        record=protocol.make_confirmation(held, confirmed=held.keys, by=str(person.id)),
        confirmed_at=at,
        confirmed_by=person,
        confirmed_by_name=person.full_name,
    )


def _stations(key: SiteKey, held: protocol.PrivateKeys, people: dict[str, User], now: datetime) -> Iterator[Workstation]:
    for who, name, browser, unlocked, seen in STATIONS:
        identifier = uuid7(now - unlocked)
        yield Workstation(
            id=identifier,
            site_id=key.site_id,
            user=people[who],
            user_name=people[who].full_name,
            name=name,
            browser=browser,
            key=key,
            method=Method.PASSPHRASE,
            record=protocol.make_workstation(held, name=name, method="passphrase", identifier=str(identifier)),
            unlocked_at=now - unlocked,
            seen_at=now - seen,
        )
