"""What errands make: one file each, encrypted, in the folder of files, gone with its errand."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

from vigie.foundation.encryption import decrypt, encrypt

_PURPOSE: Final = "errand-file"
_FOLDER: Final = "errands"


def write(errand_id: UUID, data: bytes) -> None:
    """Keep the bytes, surely on disk when this returns; what was made before, by a worker that died, is replaced."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = folder / f".{errand_id}.{os.getpid()}"
    with temporary.open("wb") as file:
        file.write(encrypt(data, purpose=_PURPOSE, context=str(errand_id)))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(_path(errand_id))


def read(errand_id: UUID) -> bytes:
    """Return what was kept. Raises FileNotFoundError, Unreadable."""
    return decrypt(_path(errand_id).read_bytes(), purpose=_PURPOSE, context=str(errand_id))


def remove(errand_id: UUID) -> None:
    _path(errand_id).unlink(missing_ok=True)


def older_than(seconds: float) -> Iterator[Path]:
    """Yield the files, unfinished ones too, that nobody wrote for so long."""
    limit = time.time() - seconds
    if _folder().exists():
        for path in _folder().iterdir():
            try:
                if path.stat().st_mtime < limit:
                    yield path
            except FileNotFoundError:
                continue


def _path(errand_id: UUID) -> Path:
    return _folder() / str(errand_id)


def _folder() -> Path:
    return Path(settings.VIGIE_FILES_FOLDER) / _FOLDER
