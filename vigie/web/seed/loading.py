"""Putting the territory into the database: one transaction, COPY for what is numerous."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

import pgtrigger
from django.db import connections, transaction
from django.db.models import Model
from psycopg import sql

from vigie.accounts import demonstration
from vigie.accounts.models import TermsOfUse, User
from vigie.applications import demonstration as application
from vigie.attachments import storage
from vigie.attachments.models import Scan
from vigie.audit.actions import record_act
from vigie.audit.models import Act
from vigie.directory import rights
from vigie.directory.models import Feature, RightsOrigin, RightsVersion, Space
from vigie.foundation.database_roles import MAINTENANCE
from vigie.incidents import search_sql
from vigie.incidents.models import EntryKind
from vigie.patients.models import Patient, Register
from vigie.sealing.demonstration import record_passphrases
from vigie.sealing.models import Installation
from vigie.web.seed import governance as governance_plan
from vigie.web.seed.dice import Dice
from vigie.web.seed.governance import Governance
from vigie.web.seed.patients import sealed_patients
from vigie.web.seed.pictures import Picture, form, screenshot
from vigie.web.seed.sealing import seal_site
from vigie.web.seed.settlement import Person, Settlement
from vigie.web.seed.territory import APPLICATION, APPLICATION_SITES
from vigie.web.seed.timeline import PARIS, Case, Chronicle, Entry
from vigie.web.seed.waiting import waiting_rows

ALIAS: Final = "maintenance"
_CHUNK: Final = 2_000
_LOCK: Final = 0x53454544  # « SEED », of advisory locks.
BRIEF_AFTER: Final = 100_000
"""Beyond so many cases, the old ones keep only the main steps of their story."""
_CHECK_LATER_AFTER: Final = 5_000
"""Beyond so many cases, indexes and foreign keys are made again at the end rather than kept along."""

_INCIDENT: Final = (
    "id", "number", "site_id", "desk_id", "solution_id", "kind", "status", "priority_id", "priority_rank", "category_id",
    "subject", "description", "source", "requester_id", "requester_name", "contact_name", "contact_phone", "notify_requester",
    "notify_address", "assignee_id", "assignee_name", "team_id", "planned_at", "planned_minutes", "created_at", "updated_at",
    "answered_at", "resolved_at", "closed_at", "minutes_spent", "nudge_count", "is_nudged", "entry_count", "revision",
    "filed_after_id", "submission",
)  # fmt: skip
_ENTRY: Final = (
    "id", "incident_id", "site_id", "desk_id", "position", "kind", "internal", "is_nudge", "author_id", "author_name", "side",
    "body", "changes", "minutes_spent", "created_at", "submission",
)  # fmt: skip
_ATTACHMENT: Final = (
    "id", "site_id", "desk_id", "internal", "digest", "name", "media_type", "size", "scan", "uploaded_by_id", "created_at",
)  # fmt: skip
_FILE: Final = ("id", "incident_id", "entry_id", "attachment_id", "site_id", "desk_id", "internal")
_FOLLOWER: Final = ("incident_id", "user_id", "user_name", "site_id", "desk_id", "interest", "created_at")

_NUMEROUS: Final = (
    "attachments_attachment", "incidents_incident", "incidents_followup", "incidents_incidentfile", "incidents_follower",
    "incidents_incidenttext", "incidents_internaltext",
)  # fmt: skip
_TABLES: Final = (
    *_NUMEROUS, "accounts_user", "account_emailaddress", "mfa_authenticator", "directory_membership", "directory_site",
)  # fmt: skip
REQUEST_FORM: Final = (
    "Formulaire de demande",
    ("Établissement :", "Service :", "Objet de la demande :", "Date souhaitée :", "Visa du responsable :"),
)
VISIT_FORM: Final = (
    "Fiche d'intervention",
    ("Site :", "Matériel remplacé :", "Durée de l'intervention :", "Essais réalisés :", "Suites à donner :"),
)

Progress = Callable[[int], None]
Row = tuple[Any, ...]


_INDEXES: Final = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
     WHERE indrelid = ANY (%s::regclass[]) AND NOT indisunique
"""
_FOREIGN_KEYS: Final = """
    SELECT quote_ident(k.conname), k.conrelid::regclass::text,
           (SELECT array_agg(quote_ident(a.attname) ORDER BY n.at) FROM unnest(k.conkey) WITH ORDINALITY AS n (number, at)
              JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number),
           k.confrelid::regclass::text,
           (SELECT array_agg(quote_ident(a.attname) ORDER BY n.at) FROM unnest(k.confkey) WITH ORDINALITY AS n (number, at)
              JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.number),
           pg_get_constraintdef(k.oid)
      FROM pg_constraint k WHERE k.contype = 'f' AND k.conrelid = ANY (%s::regclass[])
"""


class BrokenReference(Exception):
    """The generator made a row that refers to nothing: nothing was kept."""


class NotEmpty(Exception):
    """There is something in the database already: seeding would mix invented people with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """How much was stored."""

    users: int
    incidents: int
    entries: int


def is_empty(*, using: str = ALIAS) -> bool:
    """Tell whether nobody has made anything here yet."""
    return not Space.objects.using(using).exists()


def load(
    *,
    incidents: int,
    users: int,
    seed: int,
    patients: int = 0,
    now: datetime | None = None,
    progress: Progress | None = None,
    using: str = ALIAS,
    one_site: bool = False,
) -> Loaded:
    """Store the whole territory, or nothing.

    Files are written before the rows that name them are committed; those of a load that was killed are orphans, which
    a job removes.

    Raises:
        NotEmpty: and nothing was done.

    """
    now = now or datetime.now(tz=UTC)
    # Only the owner may take them aside; it then writes as the maintenance role, which is granted to it.
    checks_later = using == ALIAS and incidents > _CHECK_LATER_AFTER and "owner" in connections
    using = "owner" if checks_later else using
    with transaction.atomic(using=using):
        store = _Store(using)
        if checks_later:
            store.execute(f"SET LOCAL ROLE {MAINTENANCE}")
        store.begin()
        if not is_empty(using=using):
            raise NotEmpty
        features = {feature.code: feature for feature in Feature.objects.using(using)}
        settlement = Settlement(users=users, now=now, seed=seed, features=features, one_site=one_site)
        store.settle(settlement)
        store.govern(Governance(settlement, now=now, seed=seed))
        store.add(waiting_rows(settlement, seed=seed, now=now))
        store.add(application.rows([settlement.site(key) for key in APPLICATION_SITES], **APPLICATION, now=now))
        sealed = seal_site(settlement, seed=seed, now=now)
        store.add(sealed.rows)
        store.admit(
            sealed_patients(
                sealed.site,
                instance=store.instance(),
                data_key=sealed.data_key,
                writers=settlement.holders(sealed.site, "patients.write"),
                count=patients,
                seed=seed,
                now=now,
            )
        )
        chronicle = Chronicle(settlement, count=incidents, now=now, seed=seed, brief_after=BRIEF_AFTER)
        with store.checks_at_the_end() if checks_later else nullcontext():
            entries = store.record(chronicle.cases(), album=Album(seed), progress=progress)
        store.execute("SELECT setval('incidents_number', %s)", [max(1, incidents)])
        # The last act before the rows exist: this list is shown on the sign-in page.
        record_passphrases({sealed.data_key.signer: sealed.passphrase})
        shown = {sealed.site.name: sealed.passphrase}
        demonstration.record_accounts(replace(account, passphrase=shown.get(account.site, "")) for account in settlement.accounts)
    _tidy(using)
    return Loaded(users=len(settlement.people), incidents=incidents, entries=entries)


def _tidy(using: str) -> None:
    """Tell the planner what is there now. Tables belong to the owner, who alone may do so before PostgreSQL 17."""
    connection = connections["owner" if "owner" in connections else using]
    if connections[using].in_atomic_block:
        return  # Somebody else's transaction: what it holds may still disappear.
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(_TABLES)}")


class _Store:
    """Writes to one database, inside the transaction under way."""

    def __init__(self, using: str) -> None:
        self._using = using

    def execute(self, statement: str, parameters: list[Any] | None = None) -> None:
        with connections[self._using].cursor() as cursor:
            cursor.execute(statement, parameters)

    def begin(self) -> None:
        """Take the turn of seeding, and keep triggers quiet until the end of the transaction."""
        self.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        history = [trigger.get_pgid(model) for model, trigger in pgtrigger.registered()]
        self.execute(
            "SELECT set_config('vigie.bulk', 'on', true), set_config('pgtrigger.ignore', %s, true)",
            ["{" + ",".join(history) + "}"],
        )
        # Checked at each statement: the queue of a million deferred checks would stay in the server's memory.
        self.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def settle(self, settlement: Settlement) -> None:
        """Store the directory and the accounts."""
        for model, rows in settlement.rows.items():
            model._default_manager.using(self._using).bulk_create(rows, batch_size=1_000)
        for model, births in settlement.born.items():
            table = model._meta.db_table
            self.execute(
                f"UPDATE {table} SET created_at = born.at FROM unnest(%s::uuid[], %s::timestamptz[]) AS born (id, at)"  # noqa: S608
                f" WHERE born.id = {table}.id",
                [list(births), list(births.values())],
            )
        # They have been here for a while: nobody is asked at her first sign-in.
        self.execute(
            "INSERT INTO accounts_termsacceptance (user_id, terms_id, accepted_at) SELECT u.id, t.id, u.created_at"
            " FROM accounts_user u CROSS JOIN accounts_termsofuse t WHERE u.id = ANY (%s::uuid[])",
            [list(settlement.born[User])],
        )

    def govern(self, governance: Governance) -> None:
        """Store what was done in the administration: the journal, with its chains, a decision on rights, a draft of terms."""
        operator = _Operator(*governance.operator)
        Act.objects.using(self._using).bulk_create(governance.acts(), batch_size=1_000)
        in_force = TermsOfUse.objects.using(self._using).latest("version")
        governance.draft(in_force.text_fr, in_force.text_en).save(using=self._using)
        self.execute("SELECT set_config('vigie.platform', 'on', true), set_config('vigie.user', %s, true)", [str(operator.id)])
        version = RightsVersion.objects.using(self._using).latest("number")
        delivered = rights.decoded(version.delivered)
        number = rights.write(
            delivered | {governance_plan.DECISION: False},
            expected=version.number,
            origin=RightsOrigin.CHANGED,
            author_name=operator.name,
            source=(version.file_version, delivered),
            decisions={governance_plan.DECISION: rights.GIVEN},
            reason=governance_plan.REASON,
            alias=self._using,
        )
        record_act(
            operator,
            "rights.changed",
            site_id=None,
            space_id=None,
            object_kind="rights",
            object_id=number,
            details={"version": number, "changes": [f"+{rights.key_of(governance_plan.DECISION)}"]},
            using=self._using,
        )
        self.execute("SELECT audit_verify_chains() FROM audit_link_acts(10000)")
        self.execute("SELECT set_config('vigie.platform', '', true), set_config('vigie.user', '', true)")

    def instance(self) -> UUID:
        """Return what sealed values of this installation are bound to."""
        return Installation.objects.using(self._using).get().id

    def admit(self, patients: Sequence[Patient]) -> None:
        """Store the patients of one site, the last of whom bears the last number."""
        if not patients:
            return
        Patient.objects.using(self._using).bulk_create(patients, batch_size=1_000)
        Register.objects.using(self._using).create(site=patients[-1].site, last_reference=patients[-1].reference)

    def add(self, rows: Iterable[Model]) -> None:
        """Store a few rows, in their order."""
        for row in rows:
            row.save(using=self._using, force_insert=True)

    @contextmanager
    def checks_at_the_end(self) -> Iterator[None]:
        """Take indexes and foreign keys aside for the block, then check every reference and make them again.

        Several times quicker than keeping them row by row. Only the owner may do it; the rest is written and read as the
        maintenance role. All of it is undone with the transaction.
        """
        indexes: dict[str, str] = dict(self._rows(_INDEXES, [list(_NUMEROUS)]))
        keys = [_ForeignKey(*row) for row in self._rows(_FOREIGN_KEYS, [list(_NUMEROUS)])]
        with self._as_owner():
            for key in keys:
                self.execute(f"ALTER TABLE {key.table} DROP CONSTRAINT {key.name}")
            self.execute(f"DROP INDEX {', '.join(indexes)}")
        yield
        for key in keys:
            # The owner, bound by row-level security, would find nothing to check.
            if self._rows(key.orphans):
                raise BrokenReference(key.name)
        with self._as_owner():
            self.execute("SET LOCAL maintenance_work_mem = '256MB'")
            for definition in indexes.values():
                self.execute(definition)
            for key in keys:
                self.execute(f"ALTER TABLE {key.table} ADD CONSTRAINT {key.name} {key.definition}")
            self.execute("SET CONSTRAINTS ALL IMMEDIATE")

    @contextmanager
    def _as_owner(self) -> Iterator[None]:
        self.execute("RESET ROLE")
        yield
        self.execute(f"SET LOCAL ROLE {MAINTENANCE}")

    def _rows(self, question: str, parameters: list[Any] | None = None) -> list[Row]:
        with connections[self._using].cursor() as cursor:
            cursor.execute(question, parameters)
            rows: list[Row] = cursor.fetchall()
            return rows

    def record(self, cases: Iterator[Case], *, album: "Album", progress: Progress | None) -> int:
        """Store the cases by chunks and return the number of entries. One chunk is told while the last is stored."""
        done = entries = 0
        for chunk in _told_ahead(_chunks(cases, album)):
            for table, columns, rows in chunk.tables():
                self._copy(table, columns, rows)
            identifiers = [row[0] for row in chunk.incidents]
            self.execute(search_sql.INDEX_INCIDENTS, [identifiers])
            self.execute(search_sql.INDEX_NOTES, [identifiers])
            done += len(chunk.incidents)
            entries += len(chunk.entries)
            if progress is not None:
                progress(done)
        return entries

    def _copy(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)))
        connection = connections[self._using].connection
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)


@dataclass(frozen=True, slots=True)
class _Operator:
    """Who decided."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class _ForeignKey:
    """A foreign key as PostgreSQL describes it; names are quoted already."""

    name: str
    table: str
    columns: list[str]
    referenced_table: str
    referenced_columns: list[str]
    definition: str

    @property
    def orphans(self) -> str:
        """Return the question « which row refers to nothing? », for one."""
        pairs = list(zip(self.columns, self.referenced_columns, strict=True))
        given = " AND ".join(f"c.{column} IS NOT NULL" for column in self.columns)
        equal = " AND ".join(f"p.{referenced} = c.{column}" for column, referenced in pairs)
        return (
            f"SELECT 1 FROM {self.table} c WHERE {given}"  # noqa: S608 - names given by PostgreSQL.
            f" AND NOT EXISTS (SELECT FROM {self.referenced_table} p WHERE {equal}) LIMIT 1"
        )


@dataclass(slots=True)
class _Chunk:
    """Rows of some cases, by table, in the order of the columns above."""

    incidents: list[Row] = field(default_factory=list)
    entries: list[Row] = field(default_factory=list)
    attachments: list[Row] = field(default_factory=list)
    files: list[Row] = field(default_factory=list)
    followers: list[Row] = field(default_factory=list)

    def tables(self) -> Iterator[tuple[str, Sequence[str], list[Row]]]:
        """Yield table, columns and rows, in an order that foreign keys accept."""
        yield "incidents_incident", _INCIDENT, self.incidents
        yield "incidents_followup", _ENTRY, self.entries
        yield "attachments_attachment", _ATTACHMENT, self.attachments
        yield "incidents_incidentfile", _FILE, self.files
        yield "incidents_follower", _FOLLOWER, self.followers

    def add(self, case: Case, album: "Album") -> None:
        self.incidents.append(_incident_row(case))
        for position, entry in enumerate(case.entries, start=1):
            self.entries.append(_entry_row(case, entry, position))
        for file in album.files_of(case):
            self.attachments.append(file.attachment_row(case))
            self.files.append(file.file_row(case))
        for person, interest, at in case.followers:
            self.followers.append((case.id, person.id, person.name, case.place.id, case.office.id, interest, at))


@dataclass(frozen=True, slots=True, kw_only=True)
class _AttachedFile:
    """A file on disk, as one case shows it."""

    id: UUID
    link_id: UUID
    digest: str
    picture: Picture
    name: str
    at: datetime
    author: Person | None
    entry: Entry | None

    @property
    def is_internal(self) -> bool:
        return self.entry is not None and self.entry.kind == EntryKind.NOTE

    def attachment_row(self, case: Case) -> Row:
        return (
            self.id, case.place.id, case.office.id, self.is_internal, self.digest, self.name, self.picture.media_type,
            len(self.picture.data), Scan.NOT_CONFIGURED, self.author and self.author.id, self.at,
        )  # fmt: skip

    def file_row(self, case: Case) -> Row:
        return (
            self.link_id, case.id, self.entry and self.entry.id, self.id, case.place.id, case.office.id, self.is_internal,
        )  # fmt: skip


class Album:
    """The files that people attach: a few dozen different ones on disk, however many rows name them."""

    def __init__(self, seed: int) -> None:
        self._dice = Dice(f"{seed}:album")
        self._digests: dict[int, str] = {}

    def files_of(self, case: Case) -> Iterator[_AttachedFile]:
        """Yield the files of a case, stored."""
        product, at = case.product.name, case.created_at
        if case.screenshot:
            yield self._file(screenshot(product, case.screenshot), _screenshot_name(at), at, case.requester, None)
        elif case.is_request and self._dice.happens(0.2):
            yield self._file(form(*REQUEST_FORM), "demande-signee", at, case.requester, None)
        for entry in case.entries:
            if entry.screenshot:
                yield self._file(screenshot(product, entry.screenshot), _screenshot_name(entry.at), entry.at, entry.author, entry)
            elif entry.kind == EntryKind.NOTE and case.situation.on_site and self._dice.happens(0.3):
                yield self._file(form(*VISIT_FORM), "fiche-d-intervention", entry.at, entry.author, entry)

    def _file(self, picture: Picture, name: str, at: datetime, author: Person | None, entry: Entry | None) -> _AttachedFile:
        digest = self._digests.get(id(picture))
        if digest is None:
            digest = self._digests[id(picture)] = storage.write(picture.data)
        return _AttachedFile(
            id=self._dice.identifier(at),
            link_id=self._dice.identifier(at),
            digest=digest,
            picture=picture,
            name=f"{name}.{picture.extension}",
            at=at,
            author=author,
            entry=entry,
        )


def _screenshot_name(at: datetime) -> str:
    return f"Capture d’écran {at.astimezone(PARIS):%Y-%m-%d %H%M%S}"


def _incident_row(case: Case) -> Row:
    office, requester, agent, contact = case.office, case.requester, case.assignee, case.contact
    priority = office.priorities[case.rank - 1]
    return (
        case.id, case.number, case.place.id, office.id, case.product.id, case.kind, case.status, priority.id, case.rank,
        office.categories[case.situation.category], case.subject, case.description, case.source, requester.id, requester.name,
        contact.name if contact else "", contact.phone if contact else "", True, requester.address,
        agent.id if agent else None, agent.name if agent else "", case.team[0] if case.team else None, case.planned_at,
        case.planned_minutes, case.created_at, case.updated_at, case.answered_at, case.resolved_at, case.closed_at,
        case.minutes_spent, case.nudges, case.is_nudged, len(case.entries), case.revision, case.filed_after, case.submission,
    )  # fmt: skip


def _entry_row(case: Case, entry: Entry, position: int) -> Row:
    author = entry.author
    return (
        entry.id, case.id, case.place.id, case.office.id, position, entry.kind, entry.kind == EntryKind.NOTE, entry.is_nudge,
        author.id if author else None, author.name if author else "Vigie", entry.side, entry.body, entry.recorded_changes,
        entry.minutes, entry.at, None,
    )  # fmt: skip


def _chunks(cases: Iterator[Case], album: Album) -> Iterator[_Chunk]:
    while some := list(islice(cases, _CHUNK)):
        chunk = _Chunk()
        for case in some:
            chunk.add(case, album)
        yield chunk


def _told_ahead(chunks: Iterator[_Chunk]) -> Iterator[_Chunk]:
    """Yield the same chunks, made by another thread: the server works on one while the next is being told."""
    ready: queue.Queue[_Chunk | BaseException | None] = queue.Queue(maxsize=2)
    abandoned = threading.Event()

    def tell() -> None:
        last: BaseException | None = None
        try:
            for chunk in chunks:
                _put(chunk)
                if abandoned.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised again where the chunks are read.
            last = error
        _put(last)

    def _put(item: _Chunk | BaseException | None) -> None:
        while not abandoned.is_set():
            try:
                ready.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    teller = threading.Thread(target=tell, name="seed-teller", daemon=True)
    teller.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        abandoned.set()
        teller.join()
