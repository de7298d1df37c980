"""What importing a file of people would do in a site, line by line, and the errand that does it (ACC-10).

Nothing is written before the administrator has seen the plan. The rules on each person are those of `invitations`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from vigie.accounts.addresses import normal_email
from vigie.directory import invitations, member_queries, people_file, policies
from vigie.directory.actors import Actor
from vigie.directory.invitations import AlreadyMember, Invitee
from vigie.directory.member_errands import working_for
from vigie.directory.models import Membership, Role, Service, Site
from vigie.directory.people_file import COLUMNS, REQUIRED, PeopleFile, UnreadableFile, normal, several
from vigie.errands import actions as errands
from vigie.errands import kinds
from vigie.errands.kinds import Kind, Outcome, Refusal, Task
from vigie.errands.models import Errand, ErrandState
from vigie.foundation.errors import DomainError, Invalid, Unseen
from vigie.ui.numbers import grouped

IMPORT: Final = "members.import"
_TOGETHER: Final = 100


@dataclass(frozen=True, slots=True)
class Planned:
    """Somebody who would be invited."""

    line: int
    name: str
    email: str
    function: str
    roles: str
    services: str
    habilitations: str
    item: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the file would do."""

    header: Sequence[str]
    columns: Mapping[str, int]
    missing: Sequence[str]
    """Labels of the required columns that were not found: nothing can be planned without them."""
    invited: Sequence[Planned] = ()
    members: Sequence[Refusal] = ()
    """They are in the site already: nothing changes for them."""
    errors: Sequence[Refusal] = ()
    wrong_lines: int = 0

    @property
    def lines(self) -> int:
        return len(self.invited) + len(self.members) + self.wrong_lines


@dataclass(frozen=True, slots=True)
class _Place:
    """What names mean in a site."""

    roles: Mapping[str, str]
    services: Mapping[str, UUID]
    practitioners: Mapping[str, UUID]
    habilitations: Mapping[str, str]
    members: Mapping[str, bool]


def register() -> None:
    kinds.register(
        IMPORT,
        Kind(
            title=gettext_lazy("Importer des personnes"),
            said=lambda count: (
                ngettext("%(count)s invitation envoyée.", "%(count)s invitations envoyées.", count) % {"count": grouped(count)}
            ),
            step=_step,
            together=_TOGETHER,
        ),
    )


def begin(actor: Actor, site: Site, data: bytes, submission: UUID) -> Errand:
    """Keep a file, encrypted, for at most a day, until its plan is confirmed. Raises UnreadableFile."""
    text = people_file.decoded(data)
    found = people_file.read(text)
    columns = people_file.guessed_columns(found.header)
    return errands.prepare(
        actor.id,
        IMPORT,
        submission=submission,
        order={"site": site.number, "file": text, "columns": columns},
        about={"site": site.number, "back": reverse("directory:members", args=[site.number])},
    )


def prepared(actor: Actor, site: Site, errand_id: UUID) -> Errand:
    """Return an import of hers in this site; Unseen, exactly as if it did not exist, otherwise."""
    errand = errands.owned_errand(actor.id, errand_id)
    if errand is None or errand.kind != IMPORT or errand.about.get("site") != site.number:
        raise Unseen
    return errand


def choose_columns(errand: Errand, columns: Mapping[str, int]) -> None:
    """Say where each field is, when titles did not."""
    errands.change_order(errand.id, lambda order: order | {"columns": dict(columns)})


def confirm(actor: Actor, site: Site, errand: Errand) -> bool:
    """Start inviting those whom the plan would invite now; return whether there was anybody. Twice is once."""
    if errand.state != ErrandState.PREPARED:
        return True
    plan = plan_of(actor, site, errand)
    if not plan.invited:
        return False
    errands.confirm(errand.id, [planned.item for planned in plan.invited], refusals=sorted([*plan.errors, *plan.members], key=_line))
    return True


def appoints(actor: Actor, site: Site, errand: Errand) -> bool:
    """Tell whether the plan would invite administrators, as an operator's may."""
    if errand.state != ErrandState.PREPARED or not policies.may_appoint(actor):
        return False
    return any(Role.ADMIN in planned.item["roles"] for planned in plan_of(actor, site, errand).invited)


def plan_of(actor: Actor, site: Site, errand: Errand) -> Plan:
    """Say what the file would do now. It reads the site four times, however long the file is."""
    order = errands.order_of(errand)
    found = people_file.read(order["file"])
    columns = {name: int(at) for name, at in order["columns"].items() if name in COLUMNS and int(at) in range(len(found.header))}
    missing = [str(COLUMNS[name]) for name in REQUIRED if name not in columns]
    if missing:
        return Plan(found.header, columns, missing)
    return _planned(actor, site, found, columns)


def _planned(actor: Actor, site: Site, found: PeopleFile, columns: Mapping[str, int]) -> Plan:
    place = _place(actor, site, found, columns)
    invited: list[Planned] = []
    members: list[Refusal] = []
    errors: list[Refusal] = []
    seen: dict[str, int] = {}
    wrong_lines = 0
    labels = dict(member_queries.habilitations())
    for line in found.lines:
        values = people_file.values_of(line, columns)
        email = normal_email(values["email"])
        name = f"{values['first_name']} {values['last_name']}".strip() or values["email"] or "—"
        if place.members.get(email):
            members.append(Refusal(name, str(AlreadyMember().fields["email"]), line.number, values["email"]))
            continue
        item, problems = _read(actor, site, place, values)
        if email in place.members:
            problems.append(("email", str(invitations.AlreadyMemberDisabled().fields["email"])))
        if email in seen and not any(column == "email" for column, _reason in problems):
            problems.append(("email", _("Cette adresse est déjà à la ligne %(line)s.") % {"line": seen[email]}))
        seen.setdefault(email, line.number)
        if problems:
            wrong_lines += 1
            errors += [
                Refusal(name, f"{COLUMNS[column]} : {reason}" if column else reason, line.number, values.get(column, "")[:200])
                for column, reason in problems
            ]
            continue
        roles = ", ".join(str(role.label) for role in Role if role.value in item["roles"])
        given = ", ".join(label for code, label in labels.items() if code in item["habilitations"])
        invited.append(
            Planned(line.number, name, email, values["function"], roles, values["services"], given, item | {"line": line.number})
        )
    return Plan(found.header, columns, (), invited, members, errors, wrong_lines)


def _read(actor: Actor, site: Site, place: _Place, values: Mapping[str, str]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return what to invite a line's person with, and what is wrong with it, by column."""
    problems: list[tuple[str, str]] = []
    roles = [
        _meant(place.roles, one, "roles", _("Ce rôle n’existe pas, ou vous ne pouvez pas le donner."), problems)
        for one in several(values["roles"], place.roles)
    ]
    services = [
        _meant(place.services, one, "services", _("Ce site n’a pas de service de ce nom."), problems)
        for one in several(values["services"], place.services)
    ]
    practitioners = [
        _meant(place.practitioners, one, "practitioners", _("Ce site n’a pas de médecin en exercice avec ce numéro RPPS."), problems)
        for one in several(values["practitioners"], place.practitioners)
    ]
    habilitations = [
        _meant(place.habilitations, one, "habilitations", _("Cette habilitation n’existe pas."), problems)
        for one in several(values["habilitations"], place.habilitations)
    ]
    item: dict[str, Any] = {name: values[name] for name in ("email", "first_name", "last_name", "function")}
    item |= {
        "roles": sorted({role for role in roles if role}) or [Role.USER.value],
        "services": sorted({str(service) for service in services if service}),
        "practitioners": sorted({str(one) for one in practitioners if one}),
        "habilitations": sorted({code for code in habilitations if code}),
    }
    try:
        invitations.checked(actor, site, _invitee(item))
    except Invalid as error:
        problems += [(name, str(reason)) for name, reason in error.fields.items()]
    except DomainError as error:
        problems.append(("roles", str(error.message)))
    return item, problems


def _meant(known: Mapping[str, Any], name: str, column: str, reason: str, problems: list[tuple[str, str]]) -> Any:
    found = known.get(normal(name))
    if found is None:
        problems.append((column, reason))
    return found


def _place(actor: Actor, site: Site, found: PeopleFile, columns: Mapping[str, int]) -> _Place:
    addresses = {normal_email(people_file.values_of(line, columns)["email"]) for line in found.lines}
    return _Place(
        roles=_roles(actor),
        services={normal(name): identifier for identifier, name in Service.objects.filter(site=site).values_list("id", "name")},
        practitioners=member_queries.practitioners_by_name(site),
        habilitations=_habilitations(),
        members=dict(Membership.objects.filter(site=site, email__in=addresses).values_list("email", "is_active")),
    )


def _roles(actor: Actor) -> dict[str, str]:
    """Return the roles that she may give, by their names in French, in English, and by their codes."""
    found: dict[str, str] = {}
    for role in member_queries.roles_to_give(actor):
        found[normal(role.value)] = role.value
        for language in ("fr", "en"):
            with override(language):
                found[normal(str(role.label))] = role.value
    return found


def _habilitations() -> dict[str, str]:
    """Return the habilitations by their names in French, in English, and by their codes."""
    found: dict[str, str] = {}
    for language in ("fr", "en"):
        with override(language):
            for code, label in member_queries.habilitations():
                found |= {normal(code): code, normal(label): code}
    return found


def _step(task: Task, items: Sequence[Any]) -> Outcome:
    with working_for(task) as actor:
        site = member_queries.administered_site(actor, task.order["site"])
        outcomes = invitations.invite_many(actor, site_id=site.id, invitees=[_invitee(item) for item in items])
    refusals = [
        Refusal(f"{item['first_name']} {item['last_name']}", _reason(outcome), item["line"], item["email"])
        for item, outcome in zip(items, outcomes, strict=True)
        if isinstance(outcome, DomainError)
    ]
    return Outcome(len(items) - len(refusals), refusals)


def _invitee(item: Mapping[str, Any]) -> Invitee:
    return Invitee(
        email=item["email"],
        first_name=item["first_name"],
        last_name=item["last_name"],
        function=item["function"],
        roles=item["roles"],
        service_ids=[UUID(service) for service in item["services"]],
        practitioner_ids=[UUID(one) for one in item["practitioners"]],
        # A file that waited through an upgrade has none.
        habilitations=item.get("habilitations", ()),
    )


def _reason(error: DomainError) -> str:
    return " ".join(str(reason) for reason in error.fields.values()) if isinstance(error, Invalid) else str(error.message)


def _line(refusal: Refusal) -> int:
    return refusal.line


__all__ = ["Plan", "UnreadableFile", "begin", "choose_columns", "confirm", "plan_of", "prepared", "register"]
