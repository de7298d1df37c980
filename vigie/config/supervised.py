"""Child processes that are started again when they die, and end with all their own children."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

MARK = "VIGIE_SUPERVISED"
"""Environment variable that every process of a demonstration carries: its value is the data folder."""
_FIRST_DELAY = 0.2
_LONGEST_DELAY = 10.0
_STABLE_SECONDS = 5.0
_LARGEST_LOG = 10_000_000


@dataclass
class Child:
    """One program, leader of its own process group, so that its workers go when it goes."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _started: float = 0.0
    _delay: float = _FIRST_DELAY
    _not_before: float = 0.0

    def keep_alive(self) -> None:
        """Start the program, or start it again once its delay is over. Call often."""
        now = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            # Its workers, orphaned, would still hold the port and the jobs.
            end_group(self._process.pid)
            self._delay = _FIRST_DELAY if now - self._started > _STABLE_SECONDS else min(self._delay * 2, _LONGEST_DELAY)
            self._not_before = now + self._delay
            self._process = None
        if self._process is None and now >= self._not_before:
            self._start(now)

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the leader, which ends its own workers."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait_until_stopped(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic), then end the whole group by force."""
        if self._process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(max(0.0, deadline - time.monotonic()))
        end_group(self._process.pid)
        self._process.wait()
        self._process = None

    def last_lines(self, count: int = 15) -> str:
        """Return the end of its log, to show when it cannot start."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]) if self.log.exists() else ""

    def _start(self, now: float) -> None:
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".old"))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                start_new_session=True,
            )
        self._started = now


def end_group(leader: int) -> None:
    """Kill what is left of a process group. Its number stays taken as long as a member lives, so it cannot be another's."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def end_orphans(mark: str) -> int:
    """Kill every process that carries `mark`, left by a supervisor that was itself killed; return how many."""
    orphans = [pid for pid in _processes_carrying(mark) if pid != os.getpid()]
    for pid in orphans:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(pid in orphans for pid in _processes_carrying(mark)):
        time.sleep(0.02)
    return len(orphans)


def _processes_carrying(mark: str) -> list[int]:
    wanted = f"{MARK}={mark}"
    if Path("/proc/self/environ").exists():
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            with suppress(OSError):
                if wanted in os.fsdecode((folder / "environ").read_bytes()).split("\0"):
                    found.append(int(folder.name))
        return found
    # No /proc (macOS).
    listing = subprocess.run(
        ["/bin/ps", "-A", "-E", "-ww", "-o", "pid=,command="], capture_output=True, text=True, errors="replace", check=False
    ).stdout
    return [int(line.split()[0]) for line in listing.splitlines() if f"{wanted} " in f"{line} "]
