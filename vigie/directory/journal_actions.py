"""What people do with the journal besides reading it: take it away, have its chains read again. Each is an act itself."""

from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vigie.audit.actions import record_act
from vigie.directory import journal_queries, policies
from vigie.directory.actors import Actor
from vigie.directory.journal_queries import ActFilters, Journal
from vigie.directory.member_errands import working_for
from vigie.errands import kinds
from vigie.errands.kinds import Kind, Product, Task, Tell
from vigie.foundation import jobs, tables
from vigie.foundation.errors import NotAllowed
from vigie.ui.numbers import grouped

EXPORT: Final = "journal.export"
MOST_AT_ONCE: Final = 5_000
"""Rows of an export that is made while the person waits."""


def export_journal(actor: Actor, journal: Journal, filters: ActFilters, *, tell: Tell | None = None) -> Product:
    """Make the acts as a file for spreadsheets, with its filters. The export is an act of the same journal."""
    rows = list(journal_queries.exported_acts(journal, filters))
    header = [_("Date"), _("Acte"), _("Détail"), _("Nature"), _("Site")]
    name = f"journal-{journal.site.number if journal.site else 'plateforme'}-{timezone.localtime():%Y-%m-%d}.csv"
    if journal.is_own:
        name = f"mon-journal-{timezone.localtime():%Y-%m-%d}.csv"
    text = tables.csv_text(header, rows, tell=tell)
    site = journal.site
    record_act(
        actor,
        "journal.exported",
        site_id=site.id if site else None,
        space_id=site.space_id if site else None,
        object_kind="journal",
        object_id=site.id if site else actor.id if journal.is_own else "platform",
        object_name=site.name if site else "",
        subject_id=actor.id if journal.is_own else None,
        details={"rows": len(rows)},
    )
    # The mark of UTF-8 at the head is for spreadsheets.
    return Product(name, tables.CSV_TYPE, text.encode("utf-8-sig"), len(rows))


def verify_chains(actor: Actor) -> None:
    """Have every chain read again, as soon as a worker is free. Asked twice, it is done once."""
    if not policies.may_audit_platform(actor):
        raise NotAllowed
    jobs.defer("audit.verify_chains")
    record_act(actor, "journal.verified", site_id=None, space_id=None, object_kind="journal", object_id="platform")


def journal_of(actor: Actor, number: str | None) -> Journal:
    """Return the journal that an address or an errand names: a site's number, « platform », or None for one's own."""
    if number is None:
        return journal_queries.own_journal(actor)
    if number == "platform":
        return journal_queries.platform_journal(actor)
    return journal_queries.site_journal(actor, number)


def register() -> None:
    """Give the long export to the register of errands."""
    kinds.register(EXPORT, Kind(title=gettext_lazy("Exporter le journal"), said=_said, make=_make))


def _said(count: int) -> str:
    return ngettext("%(count)s acte exporté.", "%(count)s actes exportés.", count) % {"count": grouped(count)}


def _make(task: Task, tell: Tell) -> Product:
    order: Any = task.order
    with working_for(task) as actor:
        return export_journal(actor, journal_of(actor, order["journal"]), ActFilters(**order["filters"]), tell=tell)
