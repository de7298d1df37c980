"""Reading just enough of OLE2 compound files (.doc, .xls) to tell what they are: [MS-CFB].

Written for hostile input: every chain is bounded, and anything out of place is `MalformedCompoundFile`.
"""

import struct
from dataclasses import dataclass
from typing import Final

SIGNATURE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END_OF_CHAIN: Final = 0xFFFFFFFE
_LARGEST_REGULAR: Final = 0xFFFFFFFA
_STREAM: Final = 2
_ROOT: Final = 5
_MINI_SECTOR: Final = 64
_MOST_ENTRIES: Final = 10_000


class MalformedCompoundFile(Exception):
    """The file says it is a compound file, and is not a sound one."""


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    kind: int
    start: int
    size: int


class CompoundFile:
    """The entries of a compound file by name, and the first bytes of a stream."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        try:
            self._read_header()
            self.entries = self._read_entries()
        except (struct.error, IndexError, ValueError) as error:
            raise MalformedCompoundFile(type(error).__name__) from error

    def stream(self, name: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.name == name and entry.kind == _STREAM), None)

    def first_bytes(self, entry: Entry, count: int) -> bytes:
        """Return at most `count` bytes of a stream, from its first sector."""
        count = min(count, entry.size)
        if entry.size >= self.mini_cutoff:
            return self._sector(entry.start)[:count]
        root = next((one for one in self.entries if one.kind == _ROOT), None)
        if root is None:
            raise MalformedCompoundFile("no root")
        position = entry.start * _MINI_SECTOR
        chain = self._chain(root.start)
        number, within = divmod(position, self.sector_size)
        if number >= len(chain):
            raise MalformedCompoundFile("stream outside of its container")
        return self._sector(chain[number])[within : within + min(count, _MINI_SECTOR)]

    def _read_header(self) -> None:
        major, byte_order, shift = struct.unpack_from("<HHH", self.data, 0x1A)
        if byte_order != 0xFFFE or (major, shift) not in {(3, 9), (4, 12)}:
            raise MalformedCompoundFile("header")
        self.sector_size = 1 << shift
        _sectors, self._first_directory, _signature, self.mini_cutoff = struct.unpack_from("<IIII", self.data, 0x2C)
        first_difat, difat_count = struct.unpack_from("<II", self.data, 0x44)
        fat_sectors = [number for number in struct.unpack_from("<109I", self.data, 0x4C) if number <= _LARGEST_REGULAR]
        seen: set[int] = set()
        for _ in range(difat_count):
            if first_difat > _LARGEST_REGULAR or first_difat in seen:
                break
            seen.add(first_difat)
            numbers = struct.unpack(f"<{self.sector_size // 4}I", self._sector(first_difat))
            fat_sectors += [number for number in numbers[:-1] if number <= _LARGEST_REGULAR]
            first_difat = numbers[-1]
        if len(fat_sectors) * self.sector_size > len(self.data):
            raise MalformedCompoundFile("allocation table larger than the file")
        self._fat = [number for one in fat_sectors for number in struct.unpack(f"<{self.sector_size // 4}I", self._sector(one))]

    def _read_entries(self) -> tuple[Entry, ...]:
        directory = b"".join(self._sector(number) for number in self._chain(self._first_directory))
        found = []
        for offset in range(0, min(len(directory), _MOST_ENTRIES * 128), 128):
            length, kind = struct.unpack_from("<HB", directory, offset + 64)
            if kind == 0 or not 2 <= length <= 64:
                continue
            name = directory[offset : offset + length - 2].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<II", directory, offset + 116)
            found.append(Entry(name, kind, start, size))
        return tuple(found)

    def _chain(self, first: int) -> list[int]:
        chain: list[int] = []
        number = first
        while number != _END_OF_CHAIN:
            if number > _LARGEST_REGULAR or len(chain) > len(self._fat):
                raise MalformedCompoundFile("broken chain")
            chain.append(number)
            number = self._fat[number]
        return chain

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self.sector_size
        if number > _LARGEST_REGULAR or start >= len(self.data):
            raise MalformedCompoundFile("sector outside of the file")
        # The last sector of files written by careless programs is cut short.
        return self.data[start : start + self.sector_size].ljust(self.sector_size, b"\0")
