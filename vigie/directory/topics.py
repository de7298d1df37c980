"""Who may follow the live messages of a desk or of a site: those who belong to it."""

from uuid import UUID

from vigie.directory.actors import Actor
from vigie.foundation import live


@live.topic_guard("desk")
def may_follow_desk(actor: Actor, identifier: str) -> bool:
    return _uuid(identifier) in actor.desk_ids


@live.topic_guard("site")
def may_follow_site(actor: Actor, identifier: str) -> bool:
    return _uuid(identifier) in actor.site_ids


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
