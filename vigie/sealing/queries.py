"""What pages and browsers read of the keys of a site. The caller has asked `policies` for the site."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from vigie.directory.actors import Actor
from vigie.directory.models import Membership, Role, Site
from vigie.foundation.errors import Unseen
from vigie.sealing import records, registry
from vigie.sealing.models import Confirmation, Connector, DataKey, Installation, KeyState, KeyWrap, Method, SiteKey, Workstation

Row = TypeVar("Row", bound=Model)
STATIONS_A_PAGE = 50
PUTS_OUT = ("leaver", "workstation", "doubt")
"""Reasons of a new epoch for which somebody may still hold the data keys of before."""


def instance_id() -> UUID:
    """Return the identifier of this installation."""
    return Installation.objects.values_list("id", flat=True).get()


# --- Keys ------------------------------------------------------------------------------------------------------------
def keys_of(site: Site) -> list[SiteKey]:
    """Return every epoch, the newest first."""
    return list(SiteKey.objects.filter(site=site))


def active_key(site: Site) -> SiteKey | None:
    """Return the epoch in service."""
    return SiteKey.objects.filter(site=site, confirmed_at__isnull=False, superseded_at=None).first()


def next_epoch(keys: Sequence[SiteKey]) -> int:
    """Return the number of the epoch to come; that of an abandoned one is not used again."""
    return max((key.epoch for key in keys), default=0) + 1


def next_data_key(site: Site) -> int:
    newest = DataKey.objects.filter(site=site).values_list("number", flat=True).first()
    return (newest or 0) + 1


def connectors_of(site: Site) -> list["ConnectorView"]:
    """Return the programs that read or are proposed as readers, with who confirmed each."""
    connectors = list(Connector.objects.filter(site=site, withdrawn_at=None))
    confirmations: dict[str, list[Confirmation]] = {}
    for one in Confirmation.objects.filter(site=site, kid__in=[connector.kid for connector in connectors]):
        confirmations.setdefault(one.kid, []).append(one)
    return [ConnectorView(connector, tuple(confirmations.get(connector.kid, ()))) for connector in connectors]


@dataclass(frozen=True, slots=True)
class ConnectorView:
    connector: Connector
    confirmations: tuple[Confirmation, ...]

    @property
    def is_confirmed(self) -> bool:
        return len({one.confirmed_by_id for one in self.confirmations}) >= 2

    @property
    def fingerprint(self) -> str:
        return records.fingerprint(self.connector.thumbprint)

    def awaits(self, actor: Actor) -> bool:
        """Tell whether this person may still confirm it."""
        return not self.is_confirmed and all(one.confirmed_by_id != actor.id for one in self.confirmations)


def recipients(site: Site, key: SiteKey) -> list[tuple[str, str]]:
    """Return who must read the data keys of a site: itself, and its confirmed connectors (kid and jkt)."""
    return [
        (key.kid, key.jkt),
        *((view.connector.kid, view.connector.jkt) for view in connectors_of(site) if view.is_confirmed),
    ]


def live_data_keys(site: Site) -> list[DataKey]:
    """Return the data keys in use, the newest first."""
    return list(DataKey.objects.select_related("key").filter(site=site, retired_at=None))


# --- What browsers receive -------------------------------------------------------------------------------------------
def scope_of(site: Site) -> str:
    """Return the scope of what a site keeps outside events."""
    return f"dat:{site.id}"


def key_ring(site: Site, scopes: Sequence[str] | None = None) -> dict[str, Any]:
    """Return what a browser needs to open and seal the values of a site (section 8 of the protocol). No secret is in it.

    `scopes` are those of the page, None for the site's own records.
    """
    keys = [key for key in keys_of(site) if key.state is not KeyState.WITHDRAWN]
    return {
        "v": 1,
        "instance": str(instance_id()),
        "site": str(site.id),
        "keys": [key.record for key in keys]
        + list(Connector.objects.filter(site=site, withdrawn_at=None).values_list("record", flat=True)),
        "dataKeys": [key.record for key in live_data_keys(site)] if scopes is None or scope_of(site) in scopes else [],
        "confirmations": list(Confirmation.objects.filter(site=site).order_by("id").values_list("record", flat=True)),
        "withdrawn": [
            str(identifier) for identifier in Workstation.objects.filter(site=site, revoked_at__isnull=False).values_list("id", flat=True)
        ],
    }


# --- The state of a site ---------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class KeyView:
    """One epoch, as pages tell it."""

    key: SiteKey
    state: KeyState
    fingerprint: str

    @classmethod
    def of(cls, key: SiteKey) -> "KeyView":
        return cls(key, key.state, records.fingerprint(key.thumbprint))


@dataclass(frozen=True, slots=True)
class SiteState:
    """Where the sealing of a site stands, and what is left to do."""

    active: KeyView | None
    draft: KeyView | None
    superseded: tuple[KeyView, ...]
    past: tuple[KeyView, ...]
    methods: frozenset[str]
    passkeys: int
    to_wrap: int
    """Data keys whose envelope is not for those who must read now."""
    to_reseal: int
    """Values sealed under a data key that is not the newest, as far as this person may count them."""
    stations_at_large: int
    """Workstations of people who may not read any more, or that were revoked, and that held the key in service."""
    administrators: int
    wants_new_number: bool
    """A reader left: values are to be sealed under a data key that she never had."""

    @property
    def has_work(self) -> bool:
        return bool(self.to_wrap or self.to_reseal or self.superseded or self.wants_new_number)

    @property
    def former(self) -> tuple[KeyView, ...]:
        return (*self.superseded, *self.past)


def site_state(site: Site) -> SiteState:
    """Return where a site stands."""
    views = [KeyView.of(key) for key in keys_of(site)]
    active = next((view for view in views if view.state is KeyState.ACTIVE), None)
    wraps = list(KeyWrap.objects.filter(key=active.key, removed_at=None, proven_at__isnull=False)) if active else []
    return SiteState(
        active=active,
        draft=next((view for view in views if view.state in (KeyState.DRAFT, KeyState.PROVEN)), None),
        superseded=tuple(view for view in views if view.state is KeyState.SUPERSEDED),
        past=tuple(view for view in views if view.state in (KeyState.RETIRED, KeyState.WITHDRAWN)),
        methods=frozenset(wrap.method for wrap in wraps),
        passkeys=sum(wrap.method == Method.PASSKEY for wrap in wraps),
        to_wrap=len(data_keys_to_wrap(site, active.key)) if active else 0,
        to_reseal=sum(values_to_reseal(site).values()),
        stations_at_large=len(stations_at_large(site, active.key)) if active else 0,
        administrators=Membership.objects.in_force().filter(site=site, roles__contains=[Role.ADMIN]).count(),
        wants_new_number=active is not None and _wants_new_number(site, active.key),
    )


def _wants_new_number(site: Site, key: SiteKey) -> bool:
    newest = DataKey.objects.filter(site=site, retired_at=None).first()
    if newest is None or key.confirmed_at is None:
        return False
    put_out = key.reason in PUTS_OUT and newest.created_at < key.confirmed_at
    return put_out or Connector.objects.filter(site=site, withdrawn_at__gt=newest.created_at).exists()


def data_keys_to_wrap(site: Site, key: SiteKey) -> list[DataKey]:
    """Return the data keys in use that are not wrapped for exactly those who must read."""
    wanted = set(recipients(site, key))
    return [one for one in live_data_keys(site) if set(records.recipients_of(one.record)) != wanted]


def values_to_reseal(site: Site) -> dict[str, int]:
    """Return how many values of each source are sealed under an old data key; sources without any are left out."""
    newest = DataKey.objects.filter(site=site, retired_at=None).values_list("number", flat=True).first()
    if newest is None or newest == 1:
        return {}
    counted = {source.code: source.count(site.id, below=newest) for source in registry.sources()}
    return {code: count for code, count in counted.items() if count}


def sealed_values(site: Site) -> int:
    """Return how many values the site has, under any data key, for who may open them: anybody else would count none."""
    return sum(source.count(site.id) for source in registry.sources())


# --- One of them -----------------------------------------------------------------------------------------------------
def station(site: Site, station_id: UUID) -> Workstation:
    """Return a workstation of the site. Raises Unseen."""
    return _one(Workstation.objects.filter(site=site, id=station_id))


def wrap(site: Site, wrap_id: UUID) -> KeyWrap:
    """Return a way to unlock that is in use. Raises Unseen."""
    return _one(KeyWrap.objects.filter(site=site, id=wrap_id, removed_at=None).defer("record"))


def connector(site: Site, connector_id: UUID) -> ConnectorView:
    """Return a connector that was not withdrawn. Raises Unseen."""
    found = next((view for view in connectors_of(site) if view.connector.id == connector_id), None)
    if found is None:
        raise Unseen
    return found


def _one(found: QuerySet[Row]) -> Row:
    row = found.first()
    if row is None:
        raise Unseen
    return row


# --- Ways to unlock, workstations ------------------------------------------------------------------------------------
def wraps_of(key: SiteKey) -> list[KeyWrap]:
    """Return the ways to unlock an epoch, without their ciphertext."""
    order = {Method.PASSPHRASE: 0, Method.KIT: 1, Method.PASSKEY: 2}
    found = KeyWrap.objects.filter(key=key, removed_at=None).defer("record")
    return sorted(found, key=lambda wrap: (order[Method(wrap.method)], wrap.created_at))


@dataclass(frozen=True, slots=True)
class StationView:
    """A workstation in the list."""

    station: Workstation
    epoch: int
    may_read: bool
    """Whether the person may still unlock."""
    is_current: bool
    """Whether it holds the key in service."""

    @property
    def is_live(self) -> bool:
        return self.station.revoked_at is None and self.station.forgotten_at is None


@dataclass(frozen=True, slots=True)
class StationPage:
    """Workstations, last seen first, and where the page after begins; empty on the last one."""

    stations: Sequence[StationView]
    after: str


def stations_page(site: Site, *, of_user: UUID | None = None, after: str = "") -> StationPage:
    """Return workstations from a cursor on, all of the site's or one person's; a cursor that is none begins at the first."""
    found = Workstation.objects.select_related("key").filter(site=site)
    if of_user is not None:
        found = found.filter(user=of_user)
    if (place := _cursor(after)) is not None:
        seen_at, identifier = place
        found = found.filter(Q(seen_at__lt=seen_at) | Q(seen_at=seen_at, id__lt=identifier))
    rows = list(found[: STATIONS_A_PAGE + 1])
    readers = readers_of(site)
    shown = [
        StationView(
            station,
            epoch=station.key.epoch,
            may_read=station.user_id in readers,
            is_current=station.key.state is KeyState.ACTIVE,
        )
        for station in rows[:STATIONS_A_PAGE]
    ]
    last = rows[STATIONS_A_PAGE - 1] if len(rows) > STATIONS_A_PAGE else None
    return StationPage(shown, f"{last.seen_at.timestamp()!r}_{last.id}" if last else "")


def _cursor(text: str) -> tuple[datetime, UUID] | None:
    moment, _separator, identifier = text.partition("_")
    try:
        return datetime.fromtimestamp(float(moment), tz=UTC), UUID(identifier)
    except (ValueError, OverflowError, OSError):
        return None


def stations_at_large(site: Site, key: SiteKey) -> list[Workstation]:
    """Return the workstations that held this epoch and should not read any more: their key may be copied out of reach."""
    gone = Q(revoked_at__isnull=False) | ~Q(user__in=readers_of(site))
    return list(Workstation.objects.filter(gone, site=site, key=key, forgotten_at=None))


def readers_of(site: Site) -> dict[UUID, "Reader"]:
    """Return the members who may open health data, by account."""
    found = (
        Membership.objects.in_force()
        .filter(site=site, habilitations__code="patients.open", roles__overlap=[Role.USER, Role.REFERENT])
        .order_by("last_name", "first_name", "id")
    )
    return {member.user_id: Reader(member.full_name, member.function) for member in found if member.user_id is not None}


@dataclass(frozen=True, slots=True)
class Reader:
    name: str
    function: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """One line of « Qui peut lire », as the newest data key lists it."""

    kid: str
    name: str
    is_site: bool
    since: datetime | None
    awaited: bool = False
    """Confirmed, and not yet in the envelope."""
    leaving: bool = False
    """In the envelope, and withdrawn."""


def who_may_read(site: Site, key: SiteKey | None) -> list[Recipient]:
    """Return the readers of the newest data key, those to come and those on their way out."""
    newest = DataKey.objects.filter(site=site, retired_at=None).first()
    listed = dict(records.recipients_of(newest.record)) if newest else {}
    wanted = dict(recipients(site, key)) if key else {}
    connectors = {one.kid: one for one in Connector.objects.filter(site=site)}
    found = []
    for kid in sorted({*listed, *wanted}):
        connector = connectors.get(kid)
        found.append(
            Recipient(
                kid=kid,
                name=connector.name if connector else site.name,
                is_site=connector is None,
                since=newest.wrapped_at if newest and kid in listed else None,
                awaited=kid not in listed,
                leaving=kid not in wanted,
            )
        )
    return found
