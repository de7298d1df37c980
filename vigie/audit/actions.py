"""Writing the journal of administrative acts (PLA-42), in the transaction of what it tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from uuid import UUID

from django.utils import timezone

from vigie.audit import acts
from vigie.audit.models import Act


@dataclass(frozen=True, slots=True)
class Delegation:
    """In whose name somebody acts for a site that is not hers (SEA-3)."""

    grant_id: UUID
    support_site_id: UUID
    support_name: str


class Author(Protocol):
    """Who acts."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...


@runtime_checkable
class Delegate(Author, Protocol):
    """Somebody who may act for sites that are not hers."""

    def delegation_at(self, site_id: UUID) -> Delegation | None: ...


def signature(actor: Author, site_id: UUID | None) -> str:
    """Return how an act for this site is signed: « X », or « X (support Y) »."""
    delegation = _delegation(actor, site_id)
    return actor.name if delegation is None else f"{actor.name} (support {delegation.support_name})"


def _delegation(actor: Author | None, site_id: UUID | None) -> Delegation | None:
    return actor.delegation_at(site_id) if isinstance(actor, Delegate) and site_id is not None else None


def record_act(
    actor: Author | None,
    code: str,
    *,
    site_id: UUID | None,
    space_id: UUID | None,
    object_kind: str,
    object_id: object,
    object_name: str = "",
    subject_id: UUID | None = None,
    details: Mapping[str, object] | None = None,
    using: str | None = None,
) -> Act:
    """Write that somebody did something, in the name of a site (None: of the platform). None acts for Vigie itself.

    What a support site does for another one is signed « X (support Y) », and names the grant.
    `details` hold codes and identifiers, never texts. The code has a sentence in the module `acts` of its app.
    """
    if not acts.is_declared(code):
        message = f"The act {code!r} has no sentence: declare it in the module acts of its app (see vigie.audit.acts)."
        raise LookupError(message)
    stated = dict(details or {})
    if (delegation := _delegation(actor, site_id)) is not None:
        stated |= {"grant": str(delegation.grant_id), "support": str(delegation.support_site_id)}
    return Act.objects.using(using).create(
        space_id=space_id,
        site_id=site_id,
        at=timezone.now(),
        actor_id=actor.id if actor is not None else None,
        actor_name=signature(actor, site_id) if actor is not None else "Vigie",
        code=code,
        object_kind=object_kind,
        object_id=str(object_id),
        object_name=object_name,
        subject_id=subject_id,
        details=stated,
    )
