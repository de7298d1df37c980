"""Children are started again when they die, with their own children, and nothing outlives its supervisor."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vigie.config.supervised import MARK, Child, end_orphans

# A leader with one worker, both of which write their numbers.
PROGRAM = """
import os, sys, time
number = os.fork()
with open(sys.argv[1], "a") as file:
    file.write(f"{'leader' if number else 'worker'} {os.getpid()}\\n")
time.sleep(60)
"""
DYING_PROGRAM = "import sys; open(sys.argv[1], 'a').write('leader 0\\n'); sys.exit(1)"


def _until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def numbers(tmp_path: Path) -> Callable[[str], list[int]]:
    def read(role: str) -> list[int]:
        file = tmp_path / "numbers"
        lines = file.read_text().splitlines() if file.exists() else []
        return [int(line.split()[1]) for line in lines if line.startswith(role)]

    return read


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "numbers")]
    child = Child("trial", command, os.environ | {MARK: str(tmp_path)}, tmp_path / "log")
    yield child
    child.wait_until_stopped(0)


def test_killed_child_is_started_again_without_its_orphaned_worker(child: Child, numbers: Callable[[str], list[int]]) -> None:
    child.keep_alive()
    assert _until(lambda: len(numbers("worker")) == 1 and len(numbers("leader")) == 1)
    os.kill(numbers("leader")[0], signal.SIGKILL)

    def restarted() -> bool:
        child.keep_alive()
        return len(numbers("worker")) == 2

    assert _until(restarted)
    assert not _lives(numbers("worker")[0])
    assert _lives(numbers("worker")[1])


def test_stopping_ends_the_whole_group(child: Child, numbers: Callable[[str], list[int]]) -> None:
    child.keep_alive()
    assert _until(lambda: len(numbers("worker")) == 1 and len(numbers("leader")) == 1)
    child.ask_to_stop()
    child.wait_until_stopped(time.monotonic() + 5)
    assert _until(lambda: not _lives(numbers("worker")[0]) and not _lives(numbers("leader")[0]))


def test_child_that_cannot_live_is_not_started_again_without_pause(tmp_path: Path, numbers: Callable[[str], list[int]]) -> None:
    child = Child("trial", [sys.executable, "-c", DYING_PROGRAM, str(tmp_path / "numbers")], os.environ, tmp_path / "log")
    for _ in range(150):
        child.keep_alive()
        time.sleep(0.01)
    child.wait_until_stopped(0)
    assert 1 <= len(numbers("leader")) <= 4


def test_orphans_of_a_killed_supervisor_are_ended(tmp_path: Path) -> None:
    mark, other = str(tmp_path / "data"), str(tmp_path / "data2")
    sleep = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
    orphan = subprocess.Popen(sleep, env=os.environ | {MARK: mark}, stdout=subprocess.PIPE)
    neighbour = subprocess.Popen(sleep, env=os.environ | {MARK: other}, stdout=subprocess.PIPE)
    with orphan, neighbour:
        for process in (orphan, neighbour):
            assert process.stdout is not None
            process.stdout.readline()
        assert end_orphans(mark) == 1
        assert orphan.wait(5) == -signal.SIGKILL
        assert neighbour.poll() is None
        neighbour.kill()
