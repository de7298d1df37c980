"""A real `vigie demo` for tests that drive it from outside, over HTTP and with a browser."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie.foundation.bundled_postgres import BundledPostgres

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180
STOP_SECONDS = 15


@dataclass(frozen=True)
class Demonstration:
    """A running demonstration and what tests need to know about it."""

    base_url: str
    data_folder: Path
    accounts: list[dict[str, Any]]
    """As printed by `vigie demo-accounts --json`."""
    variables: dict[str, str]
    """Environment of its commands: `vigie …` run with it acts on this demonstration."""
    supervisor_pid: int

    @property
    def mail_folder(self) -> Path:
        """Maildir of the mails it sent."""
        return self.data_folder / "mail"

    @property
    def postgres(self) -> BundledPostgres:
        """Its database server."""
        return BundledPostgres(self.data_folder / "postgres")


@contextmanager
def running_demonstration(*, seed_arguments: str = "", name: str = "demo") -> Iterator[Demonstration]:
    """Start a demonstration on a free port with an empty data folder; stop it and forget its data at the end."""
    # Not in /tmp: root's temporary folders are closed to the server's user.
    data_folder = ROOT / ".data" / f"test-{name}-{os.getpid()}"
    port = _free_port()
    variables = {key: value for key, value in os.environ.items() if not key.startswith(("VIGIE_", "DATABASE_", "DJANGO_", "PG"))}
    variables |= {"VIGIE_DATA": str(data_folder), "VIGIE_PORT": str(port), "VIGIE_MODE": "demo"}
    data_folder.mkdir(parents=True)
    output = data_folder / "output"
    command = [sys.executable, "-m", "vigie", "demo", f"--seed-arguments={seed_arguments}"]
    with output.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        base_url = f"http://localhost:{port}"
        _wait_for(process, output, base_url)
        accounts = json.loads(_vigie(variables, "demo-accounts", "--json"))
        yield Demonstration(base_url, data_folder, accounts, variables, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            shutil.rmtree(BundledPostgres(data_folder / "postgres").home, ignore_errors=True)
            shutil.rmtree(data_folder, ignore_errors=True)


def _wait_for(process: subprocess.Popen[bytes], output: Path, base_url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while base_url not in output.read_text(encoding="utf-8", errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            logs = sorted((output.parent / "logs").glob("*.log"))
            tails = "".join(f"\n--- {log.name}\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}" for log in [output, *logs])
            message = f"The demonstration did not start:{tails}"
            raise RuntimeError(message)
        time.sleep(0.1)


def _vigie(variables: dict[str, str], *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "vigie", *arguments],
        cwd=ROOT,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def _free_port() -> int:
    """A port whose neighbour, a thousand higher, serves the mail sink."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
