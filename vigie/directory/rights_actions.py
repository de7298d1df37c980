"""Changing the matrix of rights (ACC-40): the operator alone, never so that she locks herself out or anybody promotes herself."""

from collections.abc import Mapping
from typing import Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vigie.audit.actions import record_act
from vigie.directory import policies, rights
from vigie.directory import rights_catalogue as catalogue
from vigie.directory.actors import Actor
from vigie.directory.models import RightsOrigin, RightsVersion
from vigie.directory.rights import ABSENT, GIVEN, GIVEN_WITH_STEP_UP, Cell
from vigie.foundation.errors import ChangedMeanwhile, DomainError, Invalid, NotAllowed
from vigie.foundation.text import clean_line

LONGEST_REASON: Final = 300


class RightsChangedMeanwhile(ChangedMeanwhile):
    message = _(
        "La matrice a changé depuis que vous l’avez lue. Votre modification est appliquée ci-dessous à la version en vigueur : "
        "relisez ses effets, puis enregistrez de nouveau."
    )


class RightsRefused(DomainError):
    """A guard rail: the change would open more than anybody may."""

    status = 422


def guard(changes: Mapping[Cell, int]) -> dict[Cell, str | Promise]:
    """Return why each of these changes is refused; empty when all may be saved."""
    reasons: dict[Cell, str | Promise] = {}
    _version, delivered = rights.read_source()
    offered = catalogue.offered(set(delivered))
    for cell, state in changes.items():
        capability, role, _scope = cell
        if cell == catalogue.LOCKED and state == ABSENT:
            reasons[cell] = _("Sans ce droit, plus personne ne pourrait modifier la matrice : l’opérateur le garde toujours.")
        elif capability in catalogue.POWERS and role != "operator" and state != ABSENT:
            reasons[cell] = _("Ce droit permettrait à une personne d’étendre elle-même ses droits : il reste à l’opérateur.")
        elif cell not in offered and state != ABSENT:
            reasons[cell] = _("Vigie ne sait pas appliquer ce droit à ce rôle : l’accorder n’aurait aucun effet.")
        elif cell == catalogue.ALWAYS_CONFIRMED and state == GIVEN:
            reasons[cell] = _("Vigie demande toujours de confirmer son identité avant de toucher à ses propres facteurs.")
        elif state == GIVEN_WITH_STEP_UP and capability not in catalogue.WITH_STEP_UP:
            reasons[cell] = _("Aucune page ne demande encore de confirmer son identité pour ce droit.")
    return reasons


@transaction.atomic
def change_rights(actor: Actor, changes: Mapping[Cell, int], *, base: int, reason: str, restores: int | None = None) -> RightsVersion:
    """Put these changes in force, over the version `base` that the writer had read; `restores` is a former version given back."""
    if not policies.may_change_rights(actor):
        raise NotAllowed
    reason = clean_line(reason)
    if len(reason) > LONGEST_REASON:
        raise Invalid({"reason": _("Écrivez au plus 300 caractères.")})
    if refused := guard(changes):
        raise RightsRefused(next(iter(refused.values())))
    last = current_version()
    if last.number != base:
        raise RightsChangedMeanwhile
    before = rights.decoded(last.cells)
    changes = {cell: state for cell, state in changes.items() if rights.state_of(before, cell) != state}
    if not changes:
        raise DomainError(_("Cette modification ne change rien : la matrice en vigueur la contient déjà."))
    after = {cell: step_up for cell, step_up in before.items() if cell not in changes}
    after |= {cell: state == GIVEN_WITH_STEP_UP for cell, state in changes.items() if state != ABSENT}
    delivered = rights.decoded(last.delivered)
    decisions = {rights.cell_of(key): state for key, state in last.decisions.items()} | dict(changes)
    number = rights.write(
        after,
        expected=base,
        origin=RightsOrigin.CHANGED if restores is None else RightsOrigin.RESTORED,
        author_name=actor.name,
        source=(last.file_version, delivered),
        # A cell put back as it is delivered follows the file again.
        decisions={cell: state for cell, state in decisions.items() if rights.state_of(delivered, cell) != state},
        reason=reason,
    )
    if not number:
        raise RightsChangedMeanwhile
    details: dict[str, object] = {"version": number, "changes": rights.differences(before, after)}
    if restores is not None:
        details["restored"] = restores
    record_act(
        actor,
        "rights.changed" if restores is None else "rights.restored",
        site_id=None,
        space_id=None,
        object_kind="rights",
        object_id=number,
        details=details,
    )
    return current_version()


def current_version() -> RightsVersion:
    """Return the version in force."""
    return RightsVersion.objects.latest("number")
