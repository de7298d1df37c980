"""Who may follow which live topic: those who may read what it tells of."""

from uuid import UUID

from vigie.directory.actors import Actor
from vigie.directory.models import Role
from vigie.foundation.errors import DomainError
from vigie.foundation.live import Follower, topic_guard
from vigie.incidents import policies


@topic_guard("incident")
def may_follow_incident(follower: Follower, identifier: str) -> bool:
    try:
        return isinstance(follower, Actor) and policies.access_incident(follower, id=UUID(identifier)) is not None
    except (ValueError, DomainError):
        return False


@topic_guard("notes")
def may_follow_notes(follower: Follower, identifier: str) -> bool:
    """Internal notes of an incident: the desk alone learns that one was written."""
    try:
        return isinstance(follower, Actor) and policies.access_incident(follower, id=UUID(identifier)).may_note
    except (ValueError, DomainError):
        return False


@topic_guard("desk")
def may_follow_desk(follower: Follower, identifier: str) -> bool:
    return isinstance(follower, Actor) and identifier in {str(desk) for desk in follower.desk_ids}


@topic_guard("site")
def may_follow_site(follower: Follower, identifier: str) -> bool:
    return isinstance(follower, Actor) and identifier in {str(site) for site in follower.sites_as(Role.REFERENT)}
