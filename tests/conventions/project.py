"""The project's own files, as the rules of the house see them."""

import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {".git", ".venv", ".data", ".tools", "node_modules", "dist", "build", "__pycache__"}


@cache
def project_files(*suffixes: str) -> tuple[Path, ...]:
    """Return the files with these suffixes that belong to the project, tracked or about to be."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    if listing.returncode == 0:
        paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    else:  # Not a clone: an archive of the sources.
        paths = [path for path in ROOT.rglob("*") if not _NOT_OURS.intersection(path.relative_to(ROOT).parts)]
    return tuple(sorted(path for path in set(paths) if path.suffix in suffixes and path.is_file()))


@cache
def pyproject() -> dict[str, Any]:
    """Return the project's declaration."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
