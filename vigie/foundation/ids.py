"""Identifiers made by the application, so that a record is named before it is stored."""

import os
import time
from datetime import UTC, datetime
from uuid import UUID


def uuid7(at: datetime | None = None, *, entropy: int | None = None) -> UUID:
    """Return a version 7 UUID (RFC 9562): sorts by time to the microsecond, 62 bits at random.

    `at` dates the identifier in the past, for imported or generated records; `entropy` replaces the random bits of
    those that must come out the same at each run.
    """
    nanoseconds = time.time_ns() if at is None else int(at.timestamp() * 1_000_000) * 1_000
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = rest * 4096 // 1_000_000
    random = (int.from_bytes(os.urandom(8)) if entropy is None else entropy) & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random)


def moment_of(identifier: UUID) -> datetime:
    """Return the instant, to the millisecond, that a version 7 UUID carries."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, tz=UTC)
