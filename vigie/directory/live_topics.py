"""Who may follow which live topic of the directory."""

from vigie.directory.actors import Actor
from vigie.foundation.live import Follower, topic_guard


@topic_guard("grant")
def may_follow_grant(follower: Follower, identifier: str) -> bool:
    """A grant: whoever acts under it, so that her open pages close with it."""
    return isinstance(follower, Actor) and identifier in {str(grant.id) for grant in follower.grants}
