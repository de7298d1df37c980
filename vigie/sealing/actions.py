"""What people do with the keys of a site. Each function is one transaction: rights, rules, rows, journal.

The browser makes and wraps every key; here shapes, rights and monotony are checked, and nothing can be opened. Functions
take the actor first and raise errors of `foundation.errors` whose text is for people; then nothing was written.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from vigie.audit.actions import record_act
from vigie.directory.actors import Actor
from vigie.directory.models import Site
from vigie.foundation.errors import DomainError, Invalid, NotAllowed, Unseen
from vigie.foundation.text import clean_line
from vigie.sealing import queries, records, registry
from vigie.sealing.models import Confirmation, Connector, DataKey, KeyState, KeyWrap, Method, SiteKey, Workstation
from vigie.sealing.policies import SealingAccess, access_site

if TYPE_CHECKING:
    from django.utils.functional import Promise

REASONS = ("first", "rotation", "leaver", "workstation", "doubt")
LONGEST_LABEL = 80
LONGEST_PURPOSE = 200
MOST_PASSKEYS = 50
BATCH = 100
"""Values of one step of the job that seals them again."""
SEEN_EVERY = timedelta(minutes=10)


class KeyInTheMaking(DomainError):
    message = _("Une clé est déjà en préparation pour ce site. Terminez-la ou abandonnez-la avant d’en créer une autre.")


class KeyMovedOn(DomainError):
    message = _("La clé du site a changé entre-temps. Rechargez la page : elle dira où elle en est.")


class NotOneselfAgain(NotAllowed):
    message = _("La clé se confirme par un autre administrateur que celui qui l’a créée : c’est la règle des deux personnes.")


class ConfirmedAlready(NotAllowed):
    message = _("Vous avez déjà confirmé cette clé : il faut encore un autre administrateur, c’est la règle des deux personnes.")


class NothingToProve(DomainError):
    message = _("Cette méthode a été retirée ou remplacée. Rechargez la page.")


class StaysInService(DomainError):
    message = _("Cette méthode ne se retire pas, elle se remplace : sans elle, plus rien ne garantirait de retrouver les noms.")


class StationGone(DomainError):
    message = _("Ce poste a été révoqué : il a oublié la clé. Un administrateur de votre site peut vous dire pourquoi.")
    status = 410


# --- The key and its two administrators ------------------------------------------------------------------------------
@transaction.atomic
def make_key(actor: Actor, number: str, *, record: object, wraps: object, succession: object, reason: str) -> SiteKey:
    """Store the public record of a new epoch and its first two wraps: the passphrase and the recovery kit.

    The same key sent twice is stored once.
    """
    access = _to_manage(actor, number)
    made = records.site_key(record, access.site.id)
    known = SiteKey.objects.filter(site=access.site, epoch=made.epoch, record=made.record, created_by=actor.id).first()
    if known is not None:
        return known
    keys = queries.keys_of(access.site)
    if any(key.state in (KeyState.DRAFT, KeyState.PROVEN) for key in keys):
        raise KeyInTheMaking
    if made.epoch != queries.next_epoch(keys):
        raise KeyMovedOn
    former = next((key for key in keys if key.state is KeyState.ACTIVE), None)
    if reason not in REASONS or (reason == "first") != (former is None):
        raise Invalid({"reason": _("Dites pourquoi une nouvelle clé est faite.")})
    key = SiteKey.objects.create(
        site=access.site,
        epoch=made.epoch,
        record=made.record,
        succession=records.succession(succession, former=former, successor=made) if former else "",
        thumbprint=made.thumbprint,
        jkt=made.jkt,
        check_value=made.check,
        reason=reason,
        created_at=timezone.now(),
        created_by_id=actor.id,
        created_by_name=actor.name,
    )
    read = [records.wrap(one, key.kid) for one in records.items(wraps)]
    if sorted(one.method for one in read) != sorted((Method.PASSPHRASE, Method.KIT)):
        raise Invalid({"wraps": _("Une clé nouvelle a une phrase secrète et un kit de secours, ni plus ni moins.")})
    for one in read:
        _store_wrap(access, key, one, label="")
    _record(access, "sealing.key_made", key, reason=reason)
    return key


@transaction.atomic
def confirm_key(actor: Actor, number: str, epoch: int, *, confirmation: object) -> SiteKey:
    """Take one of the two confirmations that put a key in service, signed with the key itself.

    The first one is its maker's: her browser unwrapped it with the printed kit, so the kit works. The second one is
    another administrator's: she compared the fingerprint on two screens, and unwrapped it with the passphrase.
    """
    access = _to_manage(actor, number)
    key = _key(access, epoch)
    if key.state is KeyState.ACTIVE and actor.id in (key.created_by_id, key.confirmed_by_id):
        return key
    is_maker = key.created_by_id == actor.id
    if is_maker and key.state is KeyState.PROVEN:
        raise NotOneselfAgain
    if key.state is not (KeyState.DRAFT if is_maker else KeyState.PROVEN):
        raise KeyMovedOn
    _confirm(access, signer=key, record=confirmation, kid=key.kid, thumbprint=key.thumbprint)
    now = timezone.now()
    if is_maker:
        key.proven_at = now
        key.save(update_fields=["proven_at"])
        _prove(access, key, Method.KIT)
        _record(access, "sealing.kit_proven", key)
        return key
    SiteKey.objects.filter(site=access.site, confirmed_at__isnull=False, superseded_at__isnull=True).update(superseded_at=now)
    key.confirmed_at, key.confirmed_by_id, key.confirmed_by_name = now, actor.id, actor.name
    key.save(update_fields=["confirmed_at", "confirmed_by_id", "confirmed_by_name"])
    _prove(access, key, Method.PASSPHRASE)
    _record(access, "sealing.key_confirmed", key)
    return key


@transaction.atomic
def withdraw_key(actor: Actor, number: str, epoch: int) -> SiteKey:
    """Abandon a key that never served; its wraps are erased."""
    access = _to_manage(actor, number)
    key = _key(access, epoch)
    if key.state is KeyState.WITHDRAWN:
        return key
    if key.state not in (KeyState.DRAFT, KeyState.PROVEN):
        raise KeyMovedOn
    for wrap in _live(key):
        _erase(access, wrap)
    key.withdrawn_at = timezone.now()
    key.save(update_fields=["withdrawn_at"])
    _record(access, "sealing.key_withdrawn", key)
    return key


# --- Ways to unlock --------------------------------------------------------------------------------------------------
@transaction.atomic
def read_wraps(actor: Actor, number: str, *, purpose: str, epoch: int | None = None) -> tuple[SiteKey, Sequence[KeyWrap]]:
    """Return a key and the ways to unwrap it, the active one unless an epoch is asked for. The reading is an act.

    `purpose`: « unlock », for a member who may open health data; « manage », for an administrator.
    """
    access = access_site(actor, number)
    access.require({"unlock": access.may_unlock, "manage": access.may_manage}.get(purpose, False))
    key = queries.active_key(access.site) if epoch is None else SiteKey.objects.filter(site=access.site, epoch=epoch).first()
    if key is None:
        raise Unseen
    wraps = list(_live(key))
    _record(access, "sealing.wraps_read", key, purpose=purpose)
    return key, wraps


@transaction.atomic
def add_wrap(actor: Actor, number: str, epoch: int, *, record: object, label: str) -> KeyWrap:
    """Add a passkey, or what will replace the passphrase or the kit once it is proven; the same record is added once."""
    access = _to_manage(actor, number)
    key = _key(access, epoch)
    if key.state is not KeyState.ACTIVE:
        raise KeyMovedOn
    read = records.wrap(record, key.kid)
    known = KeyWrap.objects.filter(id=read.id, key=key, removed_at=None).first()
    if known is not None and known.record == read.record:
        return known
    live = list(_live(key))
    label = clean_line(label)
    if read.method == Method.PASSKEY:
        if not label or len(label) > LONGEST_LABEL:
            raise Invalid({"label": _("Donnez un nom à cette clé d’accès, de 80 caractères au plus, pour la reconnaître dans la liste.")})
        if sum(wrap.method == Method.PASSKEY for wrap in live) >= MOST_PASSKEYS:
            raise Invalid({"label": _("Cinquante clés d’accès au plus : retirez celles qui ne servent plus.")})
    for unproven in live:
        # Somebody began to replace it and did not finish: hers is the last one.
        if unproven.method == read.method != Method.PASSKEY and unproven.proven_at is None:
            _erase(access, unproven)
    wrap = _store_wrap(access, key, read, label=label)
    _record_wrap(access, "sealing.wrap_added", wrap)
    return wrap


@transaction.atomic
def prove_wrap(actor: Actor, number: str, wrap_id: UUID, *, confirmation: object) -> KeyWrap:
    """Note that a method really opens the key: who used it confirms the key again, signed with what it unwrapped.

    What replaces a passphrase or a kit removes it now, and not before.
    """
    access = _to_manage(actor, number)
    wrap = KeyWrap.objects.select_related("key").filter(site=access.site, id=wrap_id).first()
    if wrap is None:
        raise Unseen
    if wrap.removed_at is not None or wrap.key.state is not KeyState.ACTIVE:
        raise NothingToProve
    records.confirmation(confirmation, signer=wrap.key, kid=wrap.key.kid, thumbprint=wrap.key.thumbprint, by=actor.id)
    if wrap.proven_at is not None:
        return wrap
    if wrap.method != Method.PASSKEY:
        for former in _live(wrap.key).filter(method=wrap.method, proven_at__isnull=False):
            _erase(access, former)
    wrap.proven_at = timezone.now()
    wrap.save(update_fields=["proven_at"])
    _record_wrap(access, "sealing.wrap_proven", wrap)
    return wrap


@transaction.atomic
def remove_wrap(actor: Actor, number: str, wrap_id: UUID) -> KeyWrap:
    """Remove a passkey, or a replacement that was not proven; its ciphertext is erased."""
    access = _to_manage(actor, number)
    wrap = KeyWrap.objects.select_related("key").filter(site=access.site, id=wrap_id).first()
    if wrap is None:
        raise Unseen
    if wrap.removed_at is not None:
        return wrap
    if wrap.method != Method.PASSKEY and (wrap.proven_at is not None or wrap.key.state is not KeyState.ACTIVE):
        raise StaysInService
    _erase(access, wrap)
    _record_wrap(access, "sealing.wrap_removed", wrap)
    return wrap


# --- Data keys -------------------------------------------------------------------------------------------------------
@transaction.atomic
def add_data_key(actor: Actor, number: str, *, record: object) -> DataKey:
    """Store the next data key, wrapped for all who must read and signed with the active key."""
    access = access_site(actor, number)
    access.require(access.may_manage or access.may_unlock)
    site = _locked(access)
    key = queries.active_key(site)
    if key is None:
        raise KeyMovedOn
    read = records.data_key(record, signer=key, recipients=queries.recipients(site, key))
    known = DataKey.objects.filter(site=site, number=read.number).first()
    if known is not None and known.record == read.record:
        return known
    if read.number != queries.next_data_key(site):
        raise KeyMovedOn
    now = timezone.now()
    made = DataKey.objects.create(
        site=site,
        number=read.number,
        key=key,
        record=read.record,
        revision=read.revision,
        created_at=now,
        created_by_name=actor.name,
        wrapped_at=now,
    )
    _record(access, "sealing.data_key_added", key, number=read.number)
    return made


@transaction.atomic
def rewrap_data_key(actor: Actor, number: str, data_key: int, *, record: object) -> DataKey:
    """Replace the envelope of a data key by one for those who must read now; a key nobody needs any more is retired."""
    access = access_site(actor, number)
    access.require(access.may_manage or access.may_unlock)
    site = _locked(access)
    key = queries.active_key(site)
    found = DataKey.objects.select_related("key").filter(site=site, number=data_key, retired_at=None).first()
    if key is None or found is None:
        raise KeyMovedOn
    read = records.data_key(record, signer=key, recipients=queries.recipients(site, key))
    if read.number != data_key:
        raise Invalid({"record": _("Cette enveloppe est celle d’une autre clé de données.")})
    if found.record == read.record:
        return found
    former = found.key.epoch
    if read.revision <= found.revision:
        raise KeyMovedOn
    found.key, found.record, found.revision, found.wrapped_at = key, read.record, read.revision, timezone.now()
    found.save(update_fields=["key", "record", "revision", "wrapped_at"])
    _record(access, "sealing.data_key_wrapped", key, number=data_key, former=former)
    _retire_superseded(access)
    return found


@transaction.atomic
def retire_data_keys(actor: Actor, number: str) -> int:
    """Erase the data keys that seal nothing any more, the newest one aside; return how many.

    Only for who may read the values: row-level security would count none for anybody else.
    """
    access = access_site(actor, number)
    access.require(access.may_unlock)
    site = _locked(access)
    alive = list(DataKey.objects.filter(site=site, retired_at=None).order_by("-number"))
    done = 0
    for data_key in alive[1:]:
        if registry.in_use(site.id, data_key.number):
            continue
        data_key.record, data_key.retired_at = "", timezone.now()
        data_key.save(update_fields=["record", "retired_at"])
        record_act(
            actor,
            "sealing.data_key_retired",
            site_id=site.id,
            space_id=site.space_id,
            object_kind="sealing_datakey",
            object_id=data_key.id,
            object_name=f"{site.name} #{data_key.number}",
            details={"number": data_key.number},
        )
        done += 1
    _retire_superseded(access)
    return done


def _retire_superseded(access: SealingAccess) -> None:
    """End the epochs for which nothing is wrapped any more; whatever unwraps them is erased."""
    used = DataKey.objects.filter(site=access.site, retired_at=None).values("key")
    for key in SiteKey.objects.filter(site=access.site, superseded_at__isnull=False, retired_at=None).exclude(id__in=used):
        for wrap in _live(key):
            _erase(access, wrap)
        key.retired_at = timezone.now()
        key.save(update_fields=["retired_at"])
        _record(access, "sealing.key_retired", key)


# --- Values ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Batch:
    """Values to seal again, and how many are left with them."""

    values: Sequence[registry.SealedValue]
    left: int


def values_to_reseal(actor: Actor, number: str, code: str) -> Batch:
    """Return some values that are sealed under an old data key, to whom may read them."""
    access = access_site(actor, number)
    access.require(access.may_unlock)
    newest = _newest_data_key(access.site)
    source = registry.source(code)
    return Batch(source.batch(actor, access.site.id, below=newest, limit=BATCH), left=source.count(access.site.id, below=newest))


@transaction.atomic
def replace_values(actor: Actor, number: str, code: str, *, values: object) -> tuple[int, int]:
    """Store values sealed again under the newest data key; return how many, and how many are left."""
    access = access_site(actor, number)
    access.require(access.may_unlock)
    source = registry.source(code)
    newest = _newest_data_key(access.site)
    read = records.resealed(values, number=newest, most=BATCH)
    done = source.replace(actor, access.site.id, read)
    left = source.count(access.site.id, below=newest)
    record_act(
        actor,
        "sealing.values_resealed",
        site_id=access.site.id,
        space_id=access.site.space_id,
        object_kind="site",
        object_id=access.site.id,
        object_name=access.site.name,
        details={"source": code, "count": done, "left": left},
    )
    return done, left


def _newest_data_key(site: Site) -> int:
    found = DataKey.objects.filter(site=site, retired_at=None).values_list("number", flat=True).first()
    if found is None:
        raise KeyMovedOn
    return found


# --- Workstations ----------------------------------------------------------------------------------------------------
@transaction.atomic
def register_workstation(actor: Actor, number: str, *, record: object, browser: str) -> Workstation:
    """Note that the key was unlocked in this browser: it signed so, with the key that it unwrapped."""
    access = access_site(actor, number)
    access.require(access.may_unlock)
    key = queries.active_key(access.site)
    if key is None:
        raise KeyMovedOn
    read = records.workstation(record, signer=key)
    known = Workstation.objects.select_for_update().filter(id=read.id, site=access.site).first()
    if known is not None and (known.revoked_at or known.forgotten_at):
        raise StationGone
    if read.method == Method.PASSPHRASE:
        _prove(access, key, Method.PASSPHRASE)
    now = timezone.now()
    stated = {
        "user_id": actor.id,
        "user_name": actor.name,
        "browser": browser[:LONGEST_LABEL],
        "key": key,
        "method": read.method,
        "record": read.record,
        "unlocked_at": now,
        "seen_at": now,
    }
    if known is None:
        name = clean_line(read.name)[:LONGEST_LABEL] or browser[:LONGEST_LABEL]
        station = Workstation.objects.create(id=read.id, site=access.site, name=name, **stated)
    else:
        station = known
        for field, value in stated.items():
            setattr(station, field, value)
        station.save(update_fields=list(stated))
    _record_station(access, "sealing.station_unlocked", station, method=read.method, epoch=key.epoch)
    return station


@transaction.atomic
def see_workstation(actor: Actor, number: str, station_id: UUID) -> Workstation:
    """Note that a workstation was seen, at most every ten minutes. Raises StationGone when it must forget the key."""
    access = access_site(actor, number)
    station = _station(access, station_id)
    if not access.may_unlock or station.revoked_at is not None or station.forgotten_at is not None:
        raise StationGone
    now = timezone.now()
    if station.seen_at < now - SEEN_EVERY:
        station.seen_at = now
        station.save(update_fields=["seen_at"])
    return station


def note_workstation(access: SealingAccess, station_id: str) -> None:
    """Note that a workstation asked for something, at most every ten minutes; one that is not hers changes nothing."""
    try:
        known = UUID(station_id)
    except ValueError:
        return
    now = timezone.now()
    Workstation.objects.filter(
        id=known, site=access.site, user=access.actor.id, revoked_at=None, forgotten_at=None, seen_at__lt=now - SEEN_EVERY
    ).update(seen_at=now)


@transaction.atomic
def rename_workstation(actor: Actor, number: str, station_id: UUID, *, name: str) -> Workstation:
    """Change what a workstation is called: an administrator any of them, a member her own."""
    access = access_site(actor, number)
    station = _station(access, station_id)
    access.require(access.may_manage or station.user_id == actor.id)
    name = clean_line(name)
    if not name or len(name) > LONGEST_LABEL:
        raise Invalid({"name": _("Écrivez un nom de 80 caractères au plus.")})
    station.name = name
    station.save(update_fields=["name"])
    return station


@transaction.atomic
def forget_workstation(actor: Actor, number: str, station_id: UUID) -> None:
    """Note that a browser erased the key itself."""
    access = access_site(actor, number)
    station = Workstation.objects.select_for_update().filter(id=station_id, site=access.site, user=actor.id).first()
    if station is None or station.forgotten_at is not None:
        return
    station.forgotten_at = timezone.now()
    station.save(update_fields=["forgotten_at"])
    _record_station(access, "sealing.station_forgotten", station)


@transaction.atomic
def revoke_workstation(actor: Actor, number: str, station_id: UUID) -> Workstation:
    """Have a workstation erase the key at its next visit. What it has read cannot be unread."""
    access = _to_manage(actor, number)
    station = _station(access, station_id)
    if station.revoked_at is not None:
        return station
    station.revoked_at, station.revoked_by_name = timezone.now(), actor.name
    station.save(update_fields=["revoked_at", "revoked_by_name"])
    _record_station(access, "sealing.station_revoked", station)
    return station


# --- Connectors ------------------------------------------------------------------------------------------------------
@transaction.atomic
def propose_connector(actor: Actor, number: str, *, name: str, purpose: str, record: str) -> Connector:
    """Propose a program as a reader; it reads nothing before two administrators have confirmed its key."""
    access = _to_manage(actor, number)
    name, purpose = clean_line(name), clean_line(purpose)
    refused: dict[str, str | Promise] = {}
    if not name or len(name) > LONGEST_LABEL:
        refused["name"] = _("Écrivez un nom de 80 caractères au plus.")
    if not purpose or len(purpose) > LONGEST_PURPOSE:
        refused["purpose"] = _("Dites à quoi sert ce connecteur, en 200 caractères au plus.")
    read: records.PublicKey | None = None
    try:
        read = records.connector_key(record.strip())
    except Invalid:
        refused["record"] = _("Collez la clé publique telle que le connecteur la donne, en entier : elle commence par « eyJ ».")
    if read is None or refused:
        raise Invalid(refused)
    if Connector.objects.filter(site=access.site, kid=read.kid).exists():
        raise Invalid({"record": _("Cette clé est déjà celle d’un connecteur du site, en service ou retiré.")})
    connector = Connector.objects.create(
        id=read.owner_id,
        site=access.site,
        name=name,
        purpose=purpose,
        kid=read.kid,
        record=read.record,
        thumbprint=read.thumbprint,
        jkt=read.jkt,
        proposed_at=timezone.now(),
        proposed_by_name=actor.name,
    )
    _record_connector(access, "sealing.connector_proposed", connector)
    return connector


@transaction.atomic
def confirm_connector(actor: Actor, number: str, connector_id: UUID, *, confirmation: object) -> Connector:
    """Take one of the two confirmations that make a program a reader, signed with the site's key."""
    access = _to_manage(actor, number)
    connector = _connector(access, connector_id)
    key = queries.active_key(access.site)
    if key is None:
        raise KeyMovedOn
    if Confirmation.objects.filter(site=access.site, kid=connector.kid, confirmed_by=actor.id).exists():
        raise ConfirmedAlready
    _confirm(access, signer=key, record=confirmation, kid=connector.kid, thumbprint=connector.thumbprint)
    _record_connector(access, "sealing.connector_confirmed", connector)
    return connector


@transaction.atomic
def withdraw_connector(actor: Actor, number: str, connector_id: UUID) -> Connector:
    """Take a program off the readers: a new data key without it is to be made, and values sealed again."""
    access = _to_manage(actor, number)
    connector = _connector(access, connector_id)
    connector.withdrawn_at, connector.withdrawn_by_name = timezone.now(), actor.name
    connector.save(update_fields=["withdrawn_at", "withdrawn_by_name"])
    _record_connector(access, "sealing.connector_withdrawn", connector)
    return connector


# --- Alarms ----------------------------------------------------------------------------------------------------------
@transaction.atomic
def report_alarm(actor: Actor, number: str, *, alarm: str, expected: str, found: str) -> None:
    """Write in the journal that a browser refused what it was shown. `expected` and `found`: thumbprints, or a code of refusal."""
    access = access_site(actor, number)
    if alarm not in ALARMS or not all(_TOLD.fullmatch(told) for told in (expected, found)):
        raise Invalid({"alarm": _("Cette alarme est inconnue.")})
    record_act(
        actor,
        "sealing.alarm",
        site_id=access.site.id,
        space_id=access.site.space_id,
        object_kind="site",
        object_id=access.site.id,
        object_name=access.site.name,
        details={"alarm": alarm, "expected": expected, "found": found},
    )


ALARMS = ("key", "recipient", "revision", "value", "instance")
_TOLD = re.compile(r"[\w-]{0,43}", re.ASCII)


# --- What they share -------------------------------------------------------------------------------------------------
def _to_manage(actor: Actor, number: str) -> SealingAccess:
    access = access_site(actor, number)
    access.require(access.may_manage)
    _locked(access)
    return access


def _locked(access: SealingAccess) -> Site:
    # Lock first: two administrators often act at once, each on her screen, while they telephone.
    return Site.objects.select_for_update(of=("self",)).get(id=access.site.id)


def _key(access: SealingAccess, epoch: int) -> SiteKey:
    key = SiteKey.objects.filter(site=access.site, epoch=epoch).first()
    if key is None:
        raise Unseen
    return key


def _live(key: SiteKey) -> QuerySet[KeyWrap]:
    return KeyWrap.objects.filter(key=key, removed_at=None).order_by("created_at", "id")


def _prove(access: SealingAccess, key: SiteKey, method: Method) -> None:
    """Note that the first wrap of this method opened the key; one that replaces another is proven by `prove_wrap`."""
    live = list(_live(key).filter(method=method))
    if len(live) == 1 and live[0].proven_at is None:
        live[0].proven_at = timezone.now()
        live[0].save(update_fields=["proven_at"])


def _confirm(access: SealingAccess, *, signer: SiteKey, record: object, kid: str, thumbprint: str) -> None:
    Confirmation.objects.create(
        site=access.site,
        key=signer,
        kid=kid,
        thumbprint=thumbprint,
        record=records.confirmation(record, signer=signer, kid=kid, thumbprint=thumbprint, by=access.actor.id),
        confirmed_at=timezone.now(),
        confirmed_by_id=access.actor.id,
        confirmed_by_name=access.actor.name,
    )


def _store_wrap(access: SealingAccess, key: SiteKey, read: records.Wrap, *, label: str) -> KeyWrap:
    return KeyWrap.objects.create(
        id=read.id,
        site=access.site,
        key=key,
        method=read.method,
        label=label,
        record=read.record,
        created_at=timezone.now(),
        created_by_id=access.actor.id,
        created_by_name=access.actor.name,
    )


def _erase(access: SealingAccess, wrap: KeyWrap) -> None:
    wrap.record, wrap.removed_at, wrap.removed_by_name = None, timezone.now(), access.actor.name
    wrap.save(update_fields=["record", "removed_at", "removed_by_name"])


def _station(access: SealingAccess, station_id: UUID) -> Workstation:
    station = Workstation.objects.select_for_update().filter(id=station_id, site=access.site).first()
    if station is None or not (access.may_manage or station.user_id == access.actor.id):
        raise Unseen
    return station


def _connector(access: SealingAccess, connector_id: UUID) -> Connector:
    connector = Connector.objects.filter(id=connector_id, site=access.site, withdrawn_at=None).first()
    if connector is None:
        raise Unseen
    return connector


def _record(access: SealingAccess, code: str, key: SiteKey, **details: object) -> None:
    record_act(
        access.actor,
        code,
        site_id=access.site.id,
        space_id=access.site.space_id,
        object_kind="sealing_key",
        object_id=key.id,
        object_name=f"{access.site.name} #{key.epoch}",
        details={"epoch": key.epoch, **details},
    )


def _record_wrap(access: SealingAccess, code: str, wrap: KeyWrap) -> None:
    _record(access, code, wrap.key, method=wrap.method, wrap=str(wrap.id))


def _record_station(access: SealingAccess, code: str, station: Workstation, **details: object) -> None:
    record_act(
        access.actor,
        code,
        site_id=access.site.id,
        space_id=access.site.space_id,
        object_kind="sealing_workstation",
        object_id=station.id,
        object_name=station.name,
        subject_id=station.user_id,
        details=details or None,
    )


def _record_connector(access: SealingAccess, code: str, connector: Connector) -> None:
    record_act(
        access.actor,
        code,
        site_id=access.site.id,
        space_id=access.site.space_id,
        object_kind="sealing_connector",
        object_id=connector.id,
        object_name=connector.name,
    )
