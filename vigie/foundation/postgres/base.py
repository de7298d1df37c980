"""Django's PostgreSQL backend, which looks at its socket before a request instead of asking `SELECT 1`.

A server that stopped, restarted or cut the session has closed the socket or written its farewell on it: one system call tells,
where Django's own check costs a round trip a connection and a request. A connection that was not looked at for a minute is asked all
the same, for a network that lost it without a word.
"""

import select
import time
from typing import Any, Final

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper
from psycopg.pq import ConnStatus

_TRUSTED_SECONDS: Final = 60.0


class DatabaseWrapper(PostgresWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._usable_at = 0.0

    def is_usable(self) -> bool:
        if self.connection is None:
            return False
        now = time.monotonic()
        usable = (self._is_silent() and now - self._usable_at < _TRUSTED_SECONDS) or bool(super().is_usable())
        self._usable_at = now if usable else 0.0
        return usable

    def _is_silent(self) -> bool:
        """Whether the connection is open and the server has nothing to say on it."""
        pgconn = self.connection.pgconn
        if pgconn.status != ConnStatus.OK:
            return False
        poll = select.poll()
        poll.register(pgconn.socket, select.POLLIN)
        return not poll.poll(0)
