"""A real `vigie demo` for tests that drive it from outside, over HTTP and with a browser."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from vigie.foundation.bundled_postgres import BundledPostgres

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180
STOP_SECONDS = 15


class Demonstration:
    """A demonstration with a free port and a data folder of its own, and what tests need to know about it."""

    def __init__(self, *, name: str, seed_arguments: str) -> None:
        # Not in /tmp: root's temporary folders are closed to the server's user.
        self.data_folder = ROOT / ".data" / f"test-{name}-{os.getpid()}"
        self.port = _free_port()
        self.base_url = f"http://localhost:{self.port}"
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("VIGIE_", "DATABASE_", "DJANGO_", "PG"))}
        self.variables = inherited | {"VIGIE_DATA": str(self.data_folder), "VIGIE_PORT": str(self.port), "VIGIE_MODE": "demo"}
        """Environment of its commands: `vigie …` run with it acts on this demonstration."""
        self.seed_arguments = seed_arguments
        self.accounts: list[dict[str, Any]] = []
        """As printed by `vigie demo-accounts --json`."""
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def supervisor_pid(self) -> int:
        """Number of the process that watches the others."""
        assert self._process is not None
        return self._process.pid

    @property
    def mail_folder(self) -> Path:
        """Maildir of the mails it sent."""
        return self.data_folder / "mail"

    @property
    def postgres(self) -> BundledPostgres:
        """Its database server."""
        return BundledPostgres(self.data_folder / "postgres")

    def start(self) -> None:
        """Start it and wait until it says its address."""
        self.data_folder.mkdir(parents=True, exist_ok=True)
        output = self.data_folder / "output"
        command = [sys.executable, "-m", "vigie", "demo", f"--seed-arguments={self.seed_arguments}"]
        with output.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_for_address(self._process, output)
        self.accounts = self.read_accounts()

    def stop(self) -> None:
        """Ask it to stop, and see that it did."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        finally:
            self._process = None

    def forget(self) -> None:
        """Remove its data."""
        shutil.rmtree(self.postgres.home, ignore_errors=True)
        shutil.rmtree(self.data_folder, ignore_errors=True)

    def read_accounts(self) -> list[dict[str, Any]]:
        """Ask it for its accounts."""
        accounts = json.loads(self.run("demo-accounts", "--json"))
        assert isinstance(accounts, list)
        return accounts

    def run(self, *arguments: str) -> str:
        """Run `vigie …` on this demonstration; return what it printed."""
        return subprocess.run(
            [sys.executable, "-m", "vigie", *arguments],
            cwd=ROOT,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    def _wait_for_address(self, process: subprocess.Popen[bytes], output: Path) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self.base_url not in output.read_text(encoding="utf-8", errors="replace"):
            if process.poll() is not None or time.monotonic() > deadline:
                logs = [output, *sorted((self.data_folder / "logs").glob("*.log"))]
                tails = "".join(f"\n--- {log.name}\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}" for log in logs)
                message = f"The demonstration did not start:{tails}"
                raise RuntimeError(message)
            time.sleep(0.1)


@contextmanager
def running_demonstration(*, seed_arguments: str = "", name: str = "demo") -> Iterator[Demonstration]:
    """Start a demonstration; stop it and forget its data at the end."""
    demonstration = Demonstration(name=name, seed_arguments=seed_arguments)
    try:
        demonstration.start()
        yield demonstration
    finally:
        try:
            demonstration.stop()
        finally:
            demonstration.forget()


def _free_port() -> int:
    """A port that nobody uses, below those that systems lend to outgoing connections: it stays free while the server restarts."""
    candidates = list(range(20_000, 30_000))
    random.shuffle(candidates)
    for port in candidates:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("No port is free.")
