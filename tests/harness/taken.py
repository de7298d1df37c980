"""What somebody takes away who holds the server: a dump of its database, and all of its files."""

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.harness.demonstration import Demonstration


def dump_of(demonstration: Demonstration) -> bytes:
    """Return the whole database as `pg_dump` writes it."""
    [program] = (demonstration.data_folder / "postgres").glob("server-*/**/bin/pg_dump")
    command = [str(program), "--dbname", demonstration.postgres.url("postgres", "vigie")]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout


def files_of(demonstration: Demonstration) -> Iterator[Path]:
    """Yield its files: the database's own and its journal, attachments, mail, logs."""
    for path in demonstration.data_folder.rglob("*"):
        # Sockets are no files; binaries of the server are copies of a package.
        if path.is_file() and not any(part.startswith("server-") for part in path.relative_to(demonstration.data_folder).parts):
            yield path


def found_in(demonstration: Demonstration, words: Iterable[bytes]) -> dict[str, set[bytes]]:
    """Return where any of these words stands: in the dump, or in which files."""
    wanted = set(words)
    places = {"the dump": dump_of(demonstration)} | {str(path): path.read_bytes() for path in files_of(demonstration)}
    found = {place: {word for word in wanted if word in content} for place, content in places.items()}
    return {place: words for place, words in found.items() if words}
