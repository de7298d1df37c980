"""Acting as somebody in a test: the scope that a request of hers would have."""

from collections.abc import Iterator
from contextlib import contextmanager

from vigie.accounts.models import User
from vigie.directory.actors import Actor
from vigie.directory.entry import enter_as
from vigie.foundation import scope


@contextmanager
def acting_as(user: User) -> Iterator[Actor]:
    with scope.entered(scope.NOTHING):
        actor = enter_as(user.id)
        assert actor is not None
        yield actor
