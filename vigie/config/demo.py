"""`vigie demo`: the supervisor of a whole Vigie on this machine. It stays small: it never imports Django.

PostgreSQL, mail sink, web and worker are started, watched and started again when they die. SIGTERM or SIGINT ends them all.
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from vigie.config.environment import Environment, Mode
from vigie.config.supervised import MARK, Child, end_group, end_orphans
from vigie.foundation.bundled_postgres import BundledPostgresError, Share

_STOP_SECONDS = 6.0
_READY_SECONDS = 60.0
_POLL_SECONDS = 0.2
_FREE_SECONDS = 10.0


def main(environment: Environment, *, seed_arguments: list[str]) -> int:
    """Run until a signal; return 0 when it was asked to stop, 1 when it could not start."""
    if environment.mode is not Mode.DEMO or environment.bundled_postgres is None:
        print("vigie demo runs with VIGIE_MODE=demo only, on its own database; use vigie serve and vigie worker.", file=sys.stderr)
        return 2
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    with _only_one(environment) as first:
        if not first:
            print(f"Une démonstration tourne déjà sur {environment.data_folder} ; choisissez un autre VIGIE_DATA.", file=sys.stderr)
            return 1
        # Killed orphans give their port back a moment after they are gone from the list of processes.
        patience = _FREE_SECONDS if end_orphans(str(environment.data_folder)) else 0.0
        if not _becomes_free(environment.port, patience):
            print(f"Le port {environment.port} est pris ; choisissez-en un autre : VIGIE_PORT=8100 make demo", file=sys.stderr)
            return 1
        share = environment.bundled_postgres.join()
        try:
            return _Demonstration(environment, share, stopping).run(seed_arguments)
        finally:
            share.leave()
            end_orphans(str(environment.data_folder))


class _Demonstration:
    def __init__(self, environment: Environment, share: Share, stopping: threading.Event) -> None:
        self.environment = environment
        self.share = share
        self.stopping = stopping
        self.logs = environment.data_folder / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        environment.mail_folder.mkdir(parents=True, exist_ok=True)
        mail_port = environment.mail_server.port
        if not os.environ.get("VIGIE_SMTP_URL") and not _is_free(mail_port):
            mail_port = _free_port()
        self.variables = os.environ | {
            MARK: str(environment.data_folder),
            "VIGIE_MODE": Mode.DEMO,
            "VIGIE_DATA": str(environment.data_folder),
            "PYTHONUNBUFFERED": "1",
        }
        self.children = [self._vigie("web", "serve"), self._vigie("worker", "worker")]
        if not os.environ.get("VIGIE_SMTP_URL"):
            self.variables["VIGIE_SMTP_URL"] = f"smtp://127.0.0.1:{mail_port}"
            sink = ["-m", "vigie.notifications.demo_mailbox", "127.0.0.1", str(mail_port), str(environment.mail_folder)]
            self.children.insert(0, Child("mail", [sys.executable, *sink], self.variables, self.logs / "mail.log"))

    def run(self, seed_arguments: list[str]) -> int:
        if not self._prepare(seed_arguments):
            return 0 if self.stopping.is_set() else 1
        try:
            self._keep_alive()
            if not self._wait_until_ready():
                return 0 if self.stopping.is_set() else 1
            self._print_welcome()
            while not self.stopping.wait(_POLL_SECONDS):
                self._keep_alive()
        finally:
            for child in self.children:
                child.ask_to_stop()
            deadline = time.monotonic() + _STOP_SECONDS
            for child in self.children:
                child.wait_until_stopped(deadline)
        return 0

    def _prepare(self, seed_arguments: list[str]) -> bool:
        """Migrate and seed in a process of its own, so that the supervisor stays small; False when it failed or must stop."""
        command = [sys.executable, "-m", "vigie.config.demo_preparation", *seed_arguments]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=self.variables, start_new_session=True)
        while process.poll() is None:
            if self.stopping.wait(_POLL_SECONDS / 2):
                end_group(process.pid)
                process.wait()
                return False
        if process.returncode != 0:
            print("La préparation de la démonstration a échoué (voir ci-dessus).", file=sys.stderr)
        return process.returncode == 0

    def _keep_alive(self) -> None:
        """Start what is missing, the database first: the others cannot do without."""
        server = self.environment.bundled_postgres
        if server is not None and server.postmaster_pid() is None:
            try:
                server.ensure_running()
            except BundledPostgresError as error:
                print(error, file=sys.stderr)
        for child in self.children:
            child.keep_alive()

    def _wait_until_ready(self) -> bool:
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            if _answers(f"http://127.0.0.1:{self.environment.port}/health/ready"):
                return True
            if self.stopping.wait(_POLL_SECONDS):
                return False
            self._keep_alive()
        for child in self.children:
            print(f"--- {child.log}\n{child.last_lines()}", file=sys.stderr)
        print(f"Vigie ne répond pas après {_READY_SECONDS:.0f} s.", file=sys.stderr)
        return False

    def _print_welcome(self) -> None:
        accounts = subprocess.run(
            [sys.executable, "-m", "vigie", "demo-accounts"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=self.variables,
            text=True,
            check=False,
        ).stdout
        print(f"\n{accounts}", flush=True)
        print(f"Journaux : {self.logs}")
        print(f"Vigie est prête : {self.environment.base_url}  (Ctrl-C pour arrêter)", flush=True)

    def _vigie(self, name: str, command: str) -> Child:
        return Child(name, [sys.executable, "-m", "vigie", command], self.variables, self.logs / f"{name}.log")


@contextmanager
def _only_one(environment: Environment) -> Iterator[bool]:
    """Yield whether this is the only supervisor of the data folder; the kernel frees the lock of a killed one."""
    environment.data_folder.mkdir(parents=True, exist_ok=True)
    with (environment.data_folder / "demo.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _becomes_free(port: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _is_free(port):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: connections that linger after a stop are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    """Whether the address says 200, past any proxy named in the environment."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
