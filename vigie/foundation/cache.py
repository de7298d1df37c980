"""Django's cache on one PostgreSQL table, shared by every process.

Django's own `DatabaseCache` counts the table at each insert and culls at random past 300 entries, which would forget
rate limits and the marks that a one-time code was used. Here a write is one atomic upsert, an expired row counts as
absent, and a job removes expired rows (`delete_expired`).
"""

import pickle
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.core.cache import caches
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import connections, transaction

_ALIVE = "(expires_at IS NULL OR expires_at > clock_timestamp())"


class PostgresCache(BaseCache):
    """Values are pickled: the table is written by the application role alone."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.table = location
        self.alias = params.get("OPTIONS", {}).get("database", "side")

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self.get_many([key], version=version).get(key, default)

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        made = {self.make_and_validate_key(key, version=version): key for key in keys}
        rows = self._query(f"SELECT key, value FROM {self.table} WHERE key = ANY(%s) AND {_ALIVE}", [list(made)])
        return {made[key]: pickle.loads(value) for key, value in rows}

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._query(
            f"INSERT INTO {self.table} (key, value, expires_at) VALUES (%s, %s, %s)"
            " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at",
            [self.make_and_validate_key(key, version=version), pickle.dumps(value), self._expiry(timeout)],
        )

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Store the value if there is none. Of several callers at once, exactly one is told True."""
        rows = self._query(
            f"INSERT INTO {self.table} AS kept (key, value, expires_at) VALUES (%s, %s, %s)"
            " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value, expires_at = EXCLUDED.expires_at"
            " WHERE kept.expires_at <= clock_timestamp() RETURNING key",
            [self.make_and_validate_key(key, version=version), pickle.dumps(value), self._expiry(timeout)],
        )
        return bool(rows)

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        """Add under a row lock: concurrent callers all count."""
        made = self.make_and_validate_key(key, version=version)
        with transaction.atomic(using=self.alias):
            rows = self._query(f"SELECT value FROM {self.table} WHERE key = %s AND {_ALIVE} FOR UPDATE", [made])
            if not rows:
                raise ValueError(f"Key '{key}' not found")
            value: int = pickle.loads(rows[0][0]) + delta
            self._query(f"UPDATE {self.table} SET value = %s WHERE key = %s", [pickle.dumps(value), made])
        return value

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        rows = self._query(
            f"UPDATE {self.table} SET expires_at = %s WHERE key = %s AND {_ALIVE} RETURNING key",
            [self._expiry(timeout), self.make_and_validate_key(key, version=version)],
        )
        return bool(rows)

    def delete(self, key: str, version: int | None = None) -> bool:
        rows = self._query(f"DELETE FROM {self.table} WHERE key = %s RETURNING key", [self.make_and_validate_key(key, version=version)])
        return bool(rows)

    def has_key(self, key: str, version: int | None = None) -> bool:
        return bool(
            self._query(
                f"SELECT 1 FROM {self.table} WHERE key = %s AND {_ALIVE}",
                [self.make_and_validate_key(key, version=version)],
            )
        )

    def clear(self) -> None:
        self._query(f"DELETE FROM {self.table}", [])

    def delete_expired(self) -> int:
        """Remove the rows that count as absent; return how many."""
        return len(self._query(f"DELETE FROM {self.table} WHERE expires_at <= clock_timestamp() RETURNING key", []))

    def _expiry(self, timeout: Any) -> datetime | None:
        seconds = self.get_backend_timeout(timeout)
        if seconds is None:
            return None
        return datetime.fromtimestamp(max(seconds, time.time() - 1), tz=UTC)

    def _query(self, sql: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        with connections[self.alias].cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []


def delete_expired() -> int:
    """Remove the expired rows of the default cache; return how many."""
    cache = caches["default"]
    return cache.delete_expired() if isinstance(cache, PostgresCache) else 0
