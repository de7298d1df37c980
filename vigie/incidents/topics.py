"""Who may follow the live messages of an incident: those who may read it."""

from uuid import UUID

from vigie.directory.actors import Actor
from vigie.foundation import live
from vigie.incidents import policies


@live.topic_guard("incident")
def may_follow_incident(actor: Actor, identifier: str) -> bool:
    try:
        incident = UUID(identifier)
    except ValueError:
        return False
    return policies.visible_to(actor).filter(pk=incident).exists()
