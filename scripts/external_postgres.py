"""Run a command with VIGIE_TEST_DATABASE_URL set to a temporary server of the machine's own PostgreSQL (Debian's, 15 or later).

    python scripts/external_postgres.py pytest -m database

Installs Debian's `postgresql` when it is missing and this is allowed. The server listens on loopback, with a password.
"""

import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OLDEST = 15


def main(command: list[str]) -> int:
    """Return the command's exit code."""
    programs = _programs() or _install()
    if programs is None:
        print(f"No PostgreSQL {OLDEST} or later here, and it could not be installed: apt-get install postgresql", file=sys.stderr)
        return 1
    with _server(programs) as url:
        # Signals go to the command, which shares our group; we wait for its end to stop the server.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return subprocess.run(command, env=os.environ | {"VIGIE_TEST_DATABASE_URL": url}, check=False).returncode


def _programs() -> Path | None:
    """Folder of initdb and pg_ctl. The oldest suitable one: newer ones are tested by the bundled server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda program: int(program.parts[4]))
    return next((program.parent for program in found if int(program.parts[4]) >= OLDEST), None)


def _install() -> Path | None:
    privilege = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") is None or (privilege and shutil.which("sudo") is None):
        return None
    for step in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "postgresql", "postgresql-contrib"]):
        subprocess.run(
            [*privilege, "apt-get", *step],
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        )
    return _programs()


@contextmanager
def _server(programs: Path) -> Iterator[str]:
    user = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    identity: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="vigie-external-", ignore_cleanup_errors=True) as folder:
        os.chown(folder, user.pw_uid, user.pw_gid)
        cluster, password, port = f"{folder}/cluster", secrets.token_urlsafe(24), _free_port()
        password_file = Path(folder) / "password"
        password_file.write_text(password, encoding="ascii")
        os.chown(password_file, user.pw_uid, user.pw_gid)

        def run(*command: str) -> None:
            # Output goes to a file: a started server would hold a pipe open.
            with (Path(folder) / "output").open("ab") as output:
                done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False, **identity)
            if done.returncode:
                raise SystemExit((Path(folder) / "output").read_text(encoding="utf-8", errors="replace"))

        locale = ("--locale=C.UTF-8", "--encoding=UTF8")
        run(f"{programs}/initdb", "-D", cluster, "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password_file}", "--no-sync", *locale)
        options = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off -c max_connections=200"
        run(f"{programs}/pg_ctl", "start", "-w", "-D", cluster, "-l", f"{folder}/log", "-o", options)
        version = re.search(r"\d+", programs.parts[4])
        print(f"PostgreSQL {version[0] if version else '?'} on port {port}", flush=True)
        try:
            yield f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        finally:
            run(f"{programs}/pg_ctl", "stop", "-w", "-D", cluster, "-m", "immediate")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
