"""Passwords known from breaches, looked up offline (ACC-5).

The list is a Bloom filter in `breached.bloom`: about 1.4 million passwords of twelve bytes or more, without case, in
4 MiB that are mapped and never read as a whole. It cannot be turned back into passwords. A password that is not on the
list is refused once in a hundred thousand times; one that is on the list, always.

`scripts/breach_list.py` makes the file, and says where the passwords come from.
"""

import hashlib
import mmap
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

FILTER: Final = Path(__file__).parent / "breached.bloom"
HEADER_BYTES: Final = 512
"""Room for a text that says what the file is and under which licence; the bits follow."""
SIZE_BITS: Final = 1 << 25
PROBES: Final = 16
_PROBE_BYTES: Final = 4


def is_breached(password: str) -> bool:
    """Tell whether this password, in whatever case, is known from a breach."""
    bits = _mapped()
    return all(bits[HEADER_BYTES + place // 8] >> place % 8 & 1 for place in _places(password))


def write_filter(path: Path, passwords: Iterable[str], *, header: str) -> int:
    """Write a filter that knows these passwords; return how many there were, without case."""
    bits = bytearray(SIZE_BITS // 8)
    known = {normal_form(password) for password in passwords}
    for password in known:
        for place in _places(password):
            bits[place // 8] |= 1 << place % 8
    path.write_bytes(header.encode().ljust(HEADER_BYTES - 1)[: HEADER_BYTES - 1] + b"\n" + bits)
    return len(known)


def normal_form(password: str) -> str:
    return unicodedata.normalize("NFKC", password).casefold()


def _places(password: str) -> Iterator[int]:
    digest = hashlib.blake2b(normal_form(password).encode(), digest_size=PROBES * _PROBE_BYTES).digest()
    for start in range(0, len(digest), _PROBE_BYTES):
        yield int.from_bytes(digest[start : start + _PROBE_BYTES], "big") % SIZE_BITS


@cache
def _mapped() -> mmap.mmap:
    with FILTER.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
