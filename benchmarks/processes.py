"""The programs under measure: started, waited for, weighed and stopped."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

READY_SECONDS: Final = 60
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Running:
    """One program and its children."""

    process: "subprocess.Popen[bytes]"
    ready_after: float = 0.0
    """Seconds from start to the first good answer."""

    def members(self) -> list[int]:
        """Process identifiers of the program and all its descendants."""
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            fields = _stat(stat)
            if fields:
                children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
        found = [self.process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    def cpu_seconds(self) -> float:
        """Processor time used so far by the program and its living descendants."""
        total = 0
        for pid in self.members():
            fields = _stat(Path(f"/proc/{pid}/stat"))
            if fields:
                total += int(fields[11]) + int(fields[12])
        return total / _TICKS

    def pss_mebibytes(self) -> float:
        """Memory, each shared page counted once among those who share it."""
        kilobytes = 0
        for pid in self.members():
            try:
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            match = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
            kilobytes += int(match[1]) if match else 0
        return kilobytes / 1024


def _stat(path: Path) -> list[str]:
    """Fields of /proc/pid/stat from the state on; empty for a process that has gone."""
    try:
        return path.read_text().rsplit(") ", 1)[1].split()
    except OSError:
        return []


@contextmanager
def running(arguments: Sequence[str], *, variables: Mapping[str, str], log: Path, ready_url: str | None = None) -> Iterator[Running]:
    """Run a Python program of ours until the end of the block; SIGTERM, then SIGKILL after twelve seconds."""
    begun = time.perf_counter()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=os.environ | dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        if ready_url is not None:
            _wait_until_ready(process, ready_url, log)
        yield Running(process, time.perf_counter() - begun)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(12)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own server
                if answer.status < 400:
                    return
        except OSError:
            pass
        time.sleep(0.02)
    raise RuntimeError(f"{url} does not answer:\n{log.read_text(errors='replace')[-3000:]}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
