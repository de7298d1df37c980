"""`vigie demo` starts alone, says where it is, stops cleanly, and comes back after the worst."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.harness.demonstration import ROOT, Demonstration, running_demonstration
from vigie.config.supervised import MARK

STOP_SECONDS = 10


@contextmanager
def _started(variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "vigie", "demo"]
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def _wait_for_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += line
        if "http://localhost:" in line:
            return read
    raise AssertionError(read)


def _left_running(data_folder: Path) -> list[str]:
    """Command lines of the processes of a demonstration, those of its database included."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):
            line = os.fsdecode((folder / "cmdline").read_bytes()).replace("\0", " ")
            marks = os.fsdecode((folder / "environ").read_bytes()).split("\0")
            if f"{MARK}={data_folder}" in marks or f"{data_folder}/postgres" in line:
                found.append(line)
    return found


def test_address_is_a_name_that_passkeys_accept(demo_server: Demonstration) -> None:
    output = (demo_server.data_folder / "output").read_text(encoding="utf-8")
    assert re.search(r"http://localhost:\d+", output)
    assert "127.0.0.1" not in output


def test_it_listens_to_this_machine_only(demo_server: Demonstration) -> None:
    port = httpx.URL(demo_server.base_url).port
    listening = Path("/proc/net/tcp").read_text(encoding="ascii") + Path("/proc/net/tcp6").read_text(encoding="ascii")
    addresses = {line.split()[1] for line in listening.splitlines() if f":{port:04X} " in line and line.split()[3] == "0A"}
    assert addresses == {f"0100007F:{port:04X}"}


def test_accounts_are_printed_for_programs(demo_server: Demonstration) -> None:
    assert demo_server.accounts
    assert {"email", "password", "totp_secret", "site", "role"} <= set(demo_server.accounts[0])


def test_cookies_carry_the_instance_and_travel_without_tls(demo_server: Demonstration) -> None:
    port = httpx.URL(demo_server.base_url).port
    answer = httpx.get(f"{demo_server.base_url}/compte/connexion/", trust_env=False)
    cookies = answer.headers.get_list("set-cookie")
    assert cookies
    for cookie in cookies:
        assert f"-{port}=" in cookie
        assert "secure" not in cookie.lower()


def test_second_demonstration_on_the_same_folder_is_refused(demo_server: Demonstration) -> None:
    with _started(demo_server.variables) as second:
        assert second.stdout is not None
        assert "tourne déjà" in second.stdout.read()
        assert second.wait(20) == 1


def test_port_in_use_is_told(demo_server: Demonstration, tmp_path: Path) -> None:
    with _started(demo_server.variables | {"VIGIE_DATA": str(tmp_path / "data")}) as second:
        assert second.stdout is not None
        assert "VIGIE_PORT" in second.stdout.read()
        assert second.wait(20) == 1


def test_external_database_is_refused(demo_server: Demonstration) -> None:
    with _started(demo_server.variables | {"DATABASE_URL": "postgresql://vigie_app@db.example/vigie"}) as refused:
        assert refused.stdout is not None
        assert "DATABASE_URL" in refused.stdout.read()
        assert refused.wait(20) == 2


@pytest.mark.xdist_group("demonstration")
def test_everything_stops_with_the_supervisor_and_starts_again() -> None:
    # Its own: others go on with theirs.
    with running_demonstration(name="life", seed_arguments="--small") as demonstration:
        folder, accounts = demonstration.data_folder, json.dumps(demonstration.accounts)
        demonstration.stop()
        assert _left_running(folder) == []

        with _started(demonstration.variables) as second:
            _wait_for_address(second)
            # Killed, it leaves orphans; the next one ends them and takes their port.
            second.kill()
            second.wait()
        assert _left_running(folder) != []
        with _started(demonstration.variables) as third:
            _wait_for_address(third)
            assert json.dumps(demonstration.read_accounts()) == accounts
            third.send_signal(signal.SIGTERM)
            assert third.wait(STOP_SECONDS) == 0
        assert _left_running(folder) == []
