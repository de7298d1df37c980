"""Run a script of frontend/package.json (`test`, `check`) with the Node of PyPI and the packages of the lock file."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

FRONTEND = Path(__file__).resolve().parents[1] / "frontend"
LOCK = FRONTEND / "package-lock.json"
INSTALLED = FRONTEND / "node_modules" / ".vigie-installed-with-tools"


def main(script: str) -> int:
    """Install if the lock file changed, then run."""
    npm = Path(sys.executable).parent / "npm"
    # Node itself must be found by npm's children.
    environment = {"NODE_USE_SYSTEM_CA": "1"} | os.environ | {"PATH": f"{npm.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if not INSTALLED.exists() or INSTALLED.read_text(encoding="ascii") != digest:
        install = [str(npm), "ci", "--no-audit", "--no-fund", "--include=dev"]
        if code := subprocess.run(install, cwd=FRONTEND, env=environment, stdin=subprocess.DEVNULL, check=False).returncode:
            return code
        INSTALLED.write_text(digest, encoding="ascii")
    run = [str(npm), "run", "--silent", script]
    return subprocess.run(run, cwd=FRONTEND, env=environment, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
