"""Writing the journal of administrative acts (PLA-42), in the transaction of what it tells."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from django.utils import timezone

from vigie.audit import acts
from vigie.audit.models import Act


class Author(Protocol):
    """Who acts."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...


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

    `details` hold codes and identifiers, never texts. The code has a sentence in the module `acts` of its app.
    """
    if not acts.is_declared(code):
        message = f"The act {code!r} has no sentence: declare it in the module acts of its app (see vigie.audit.acts)."
        raise LookupError(message)
    return Act.objects.using(using).create(
        space_id=space_id,
        site_id=site_id,
        at=timezone.now(),
        actor_id=actor.id if actor is not None else None,
        actor_name=actor.name if actor is not None else "Vigie",
        code=code,
        object_kind=object_kind,
        object_id=str(object_id),
        object_name=object_name,
        subject_id=subject_id,
        details=dict(details or {}),
    )
