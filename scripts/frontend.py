"""Run a script of frontend/package.json (`test`, `check`) with the Node of PyPI and the packages of the lock file."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

FRONTEND = Path(__file__).resolve().parents[1] / "frontend"


def main(script: str) -> int:
    """Install if the lock file changed, then run."""
    if code := install(FRONTEND):
        return code
    run = [str(_npm()), "run", "--silent", script]
    return subprocess.run(run, cwd=FRONTEND, env=node_environment(), stdin=subprocess.DEVNULL, check=False).returncode


def install(folder: Path) -> int:
    """Install what the lock file of this folder says, unless that is done; return npm's exit code."""
    installed = folder / "node_modules" / ".vigie-installed-with-tools"
    digest = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if installed.exists() and installed.read_text(encoding="ascii") == digest:
        return 0
    command = [str(_npm()), "ci", "--no-audit", "--no-fund", "--include=dev"]
    if code := subprocess.run(command, cwd=folder, env=node_environment(), stdin=subprocess.DEVNULL, check=False).returncode:
        return code
    installed.write_text(digest, encoding="ascii")
    return 0


def node_environment() -> dict[str, str]:
    """Return the environment in which npm's children find Node itself."""
    path = f"{_npm().parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {"NODE_USE_SYSTEM_CA": "1"} | os.environ | {"PATH": path}


def _npm() -> Path:
    return Path(sys.executable).parent / "npm"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
