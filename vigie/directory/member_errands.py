"""Long work on the members of a site: what the buttons of the list ask for, one person after another, as one errand.

Rights are those of the moment when each step is done, never those of the moment when it was asked.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from vigie.audit.actions import record_act
from vigie.directory import invitations, member_actions, member_queries
from vigie.directory.actors import Actor
from vigie.directory.entry import enter_as
from vigie.directory.member_queries import MemberFilters, MemberRow
from vigie.directory.models import Membership, MemberStatus, Role, Site
from vigie.errands import kinds
from vigie.errands.kinds import Kind, Outcome, Product, Refusal, Task, Tell
from vigie.foundation import tables
from vigie.foundation.errors import DomainError, NotAllowed, Unseen
from vigie.ui.numbers import grouped

RESEND: Final = "members.resend"
DEACTIVATE: Final = "members.deactivate"
ATTACH: Final = "members.attach"
REMOVE: Final = "members.remove"
EXPORT: Final = "members.export"
FORMATS: Final = ("csv", "xlsx")


@contextmanager
def working_for(task: Task) -> Iterator[Actor]:
    """Act as whoever asked, with the rights she has now, in her language and time zone. Raises NotAllowed."""
    actor = enter_as(task.owner_id)
    if actor is None:
        raise NotAllowed
    with override(actor.user.language), timezone.override(actor.user.time_zone):
        yield actor


def register() -> None:
    """Give the errands on members to the register of kinds."""
    kinds.register(
        RESEND,
        Kind(
            title=gettext_lazy("Renvoyer des invitations"),
            said=_counting(
                lambda n: ngettext("%(count)s invitation renvoyée.", "%(count)s invitations renvoyées.", n),
            ),
            step=_each(lambda actor, _task, member: invitations.resend(actor, member)),
        ),
    )
    kinds.register(
        DEACTIVATE,
        Kind(
            title=gettext_lazy("Désactiver des personnes"),
            said=_counting(lambda n: ngettext("%(count)s personne désactivée.", "%(count)s personnes désactivées.", n)),
            step=_each(lambda actor, _task, member: member_actions.deactivate_member(actor, member)),
        ),
    )
    kinds.register(
        ATTACH,
        Kind(
            title=gettext_lazy("Rattacher à des services"),
            said=_counting(lambda n: ngettext("%(count)s personne rattachée.", "%(count)s personnes rattachées.", n)),
            step=_each(lambda actor, task, member: member_actions.attach_to_services(actor, member, _services(task))),
        ),
    )
    kinds.register(
        REMOVE,
        Kind(
            title=gettext_lazy("Retirer de services"),
            said=_counting(lambda n: ngettext("%(count)s personne retirée.", "%(count)s personnes retirées.", n)),
            step=_each(lambda actor, task, member: member_actions.remove_from_services(actor, member, _services(task))),
        ),
    )
    kinds.register(
        EXPORT,
        Kind(
            title=gettext_lazy("Exporter les utilisateurs"),
            said=_counting(lambda n: ngettext("%(count)s personne exportée.", "%(count)s personnes exportées.", n)),
            make=_make_export,
            may_take=_may_take,
        ),
    )


def _may_take(actor: Actor, about: Mapping[str, Any]) -> bool:
    """A list of people does not outlive the right to read it: a grant may have been withdrawn meanwhile."""
    try:
        member_queries.opened_site(actor, str(about.get("site", "")))
    except Unseen:
        return False
    return True


def _counting(words: Callable[[int], str]) -> Callable[[int], str]:
    return lambda count: words(count) % {"count": grouped(count)}


def _services(task: Task) -> list[UUID]:
    return [UUID(service) for service in task.order["services"]]


def _each(act: Callable[[Actor, Task, UUID], object]) -> Callable[[Task, Sequence[Any]], Outcome]:
    """Return the step that does `act` to each member, and says who was refused and why."""

    def step(task: Task, items: Sequence[Any]) -> Outcome:
        refusals = []
        with working_for(task) as actor:
            for item in items:
                try:
                    act(actor, task, UUID(item))
                except Unseen:
                    # She was withdrawn meanwhile, or is no longer hers to see.
                    refusals.append(Refusal("—", _("Cette personne n’est plus dans le site.")))
                except DomainError as error:
                    name = str(Membership.objects.filter(id=item).first() or "—")
                    refusals.append(Refusal(name, str(error.message)))
        return Outcome(len(items) - len(refusals), refusals)

    return step


# --- Export ----------------------------------------------------------------------------------------------------------


def export_members(actor: Actor, site: Site, filters: MemberFilters, form: str, *, tell: Tell | None = None) -> Product:
    """Make the list as a file, with its filters and columns. The export is an act of the journal."""
    rows = 0

    def cells() -> Iterator[Sequence[tables.Cell]]:
        nonlocal rows
        for row in member_queries.exported_members(site, filters):
            rows += 1
            yield _exported(row)

    header = [
        _("Nom"),
        _("Prénom"),
        _("Adresse électronique"),
        _("Fonction"),
        _("Statut"),
        _("Rôles"),
        _("Services"),
        _("Invitation envoyée"),
        _("Actif depuis"),
    ]
    name = f"utilisateurs-{site.number}-{timezone.localtime():%Y-%m-%d}.{form}"
    if form == "xlsx":
        product = Product(name, tables.XLSX_TYPE, tables.xlsx_bytes(_("Utilisateurs"), header, cells(), tell=tell))
    else:
        # The mark of UTF-8 at the head is for spreadsheets.
        product = Product(name, tables.CSV_TYPE, tables.csv_text(header, cells(), tell=tell).encode("utf-8-sig"))
    record_act(
        actor,
        "members.exported",
        site_id=site.id,
        space_id=site.space_id,
        object_kind="site",
        object_id=str(site.id),
        object_name=site.name,
        details={"rows": rows, "format": form},
    )
    return Product(product.name, product.media_type, product.data, rows)


def _make_export(task: Task, tell: Tell) -> Product:
    order = task.order
    with working_for(task) as actor:
        site = member_queries.opened_site(actor, order["site"])
        return export_members(actor, site, MemberFilters(**order["filters"]), order["form"], tell=tell)


def _exported(row: MemberRow) -> Sequence[tables.Cell]:
    roles = ", ".join(str(role.label) for role in Role if role in row.roles)
    status = str(MemberStatus(row.status).label)
    return (
        row.last_name,
        row.first_name,
        row.email,
        row.function,
        status,
        roles,
        row.services,
        row.invitation_sent_at,
        row.activated_at,
    )
