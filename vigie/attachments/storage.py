"""Bytes on disk, under the address of their content: `<folder>/ab/cd/abcd…`, never under a name that people gave.

A file is on disk, flushed, before its row is committed; a transaction that fails leaves an orphan, which a job removes.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

from django.conf import settings

_QUARANTINE: Final = "quarantine"


def digest_of(data: bytes) -> str:
    return sha256(data).hexdigest()


def path_of(digest: str) -> Path:
    return _root() / digest[:2] / digest[2:4] / digest


def write(data: bytes) -> str:
    """Keep the bytes, surely on disk when this returns; return their digest. The same content is kept once."""
    digest = digest_of(data)
    path = path_of(digest)
    if path.exists() and path.stat().st_size == len(data):
        os.utime(path)
        return digest
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    for folder in (path.parent, path.parent.parent, _root()):
        _flush_folder(folder)
    return digest


def read(digest: str) -> bytes:
    """Return the bytes. Raises FileNotFoundError for what was quarantined or never kept."""
    return path_of(digest).read_bytes()


def quarantine(digest: str) -> None:
    """Put the bytes out of reach of every page, for the security team."""
    aside = _root() / _QUARANTINE
    aside.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = path_of(digest)
    if path.exists():
        path.replace(aside / digest)


def is_quarantined(digest: str) -> bool:
    return (_root() / _QUARANTINE / digest).exists()


def branches() -> Iterator[Path]:
    """Yield the folders that hold files, so that each can be looked through in a short time."""
    root = _root()
    if root.exists():
        for first in sorted(root.iterdir()):
            if len(first.name) == 2 and first.is_dir():
                yield first


def old_files(branch: Path, *, seconds: float) -> list[Path]:
    """Return the files of a branch, unfinished ones too, that nobody wrote for so long."""
    limit = time.time() - seconds
    found = []
    for path in branch.glob("*/*"):
        try:
            if path.is_file() and path.stat().st_mtime < limit:
                found.append(path)
        except FileNotFoundError:
            continue
    return found


def _root() -> Path:
    return Path(settings.VIGIE_FILES_FOLDER)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
