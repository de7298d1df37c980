"""The bundled server starts, is shared, survives kill -9 and stops with its last user."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from vigie.foundation.bundled_postgres import BundledPostgres, BundledPostgresError

HOLD_THE_SERVER = """
import sys
from pathlib import Path
from vigie.foundation.bundled_postgres import BundledPostgres
with BundledPostgres(Path(sys.argv[1])).running():
    print("in", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BundledPostgres]:
    server = BundledPostgres(tmp_path_factory.mktemp("bundled") / "postgres")
    yield server
    shutil.rmtree(server.home)


@pytest.fixture
def another_command(server: BundledPostgres) -> Iterator["subprocess.Popen[str]"]:
    """Another process that uses the server, and leaves when a line is written to it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_SERVER, str(server.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    yield process
    process.kill()
    process.communicate()


def test_roles_database_and_extensions_are_ready(server: BundledPostgres) -> None:
    with server.running(), psycopg.connect(server.url("vigie_app")) as connection:
        roles = connection.execute("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname LIKE 'vigie%' ORDER BY 1")
        assert roles.fetchall() == [("vigie_app", False, False), ("vigie_maintenance", False, True), ("vigie_owner", False, False)]
        extensions = {row[0] for row in connection.execute("SELECT extname FROM pg_extension")}
        assert {"unaccent", "pg_trgm", "citext", "btree_gist"} <= extensions
        assert connection.execute("SELECT lower('ÉLÉONORE'), current_setting('fsync')").fetchone() == ("éléonore", "on")


def test_application_writes_rows_of_the_owner_s_tables_but_makes_none(server: BundledPostgres) -> None:
    with server.running():
        with psycopg.connect(server.url("vigie_owner")) as owner:
            owner.execute("CREATE TABLE drawer (id integer GENERATED ALWAYS AS IDENTITY, label text)")
        with psycopg.connect(server.url("vigie_app")) as application:
            application.execute("INSERT INTO drawer (label) VALUES ('paper')")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                application.execute("CREATE TABLE mine ()")
        with psycopg.connect(server.url("vigie_app")) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("TRUNCATE drawer")
        with psycopg.connect(server.url("vigie_app")) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute("SET ROLE vigie_maintenance")


def test_only_its_user_reaches_the_socket(server: BundledPostgres) -> None:
    with server.running():
        assert stat.S_IMODE(server.socket_folder.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.home.stat().st_mode) == 0o700


def test_last_of_two_commands_to_leave_stops_the_server(server: BundledPostgres, another_command: "subprocess.Popen[str]") -> None:
    with server.running():
        pid = server.postmaster_pid()
        assert pid is not None
    assert server.postmaster_pid() == pid
    another_command.communicate("leave\n")
    assert server.postmaster_pid() is None


def test_killed_command_does_not_keep_the_server_alive(server: BundledPostgres, another_command: "subprocess.Popen[str]") -> None:
    with server.running():
        another_command.kill()
        another_command.wait()
    assert server.postmaster_pid() is None


def test_acknowledged_row_survives_kill_9_of_the_server(server: BundledPostgres) -> None:
    share = server.join()
    try:
        with psycopg.connect(server.url("vigie_owner"), autocommit=True) as connection:
            connection.execute("CREATE TABLE promise (id integer)")
            connection.execute("INSERT INTO promise VALUES (1)")
            pid = server.postmaster_pid()
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
        server.ensure_running()
        assert server.postmaster_pid() != pid
        with psycopg.connect(server.url("vigie_owner")) as connection:
            assert connection.execute("SELECT id FROM promise").fetchall() == [(1,)]
    finally:
        share.leave()


def test_pid_file_left_by_a_dead_server_is_forgotten_when_its_number_is_another_program_s(server: BundledPostgres) -> None:
    with server.running():
        pid = server.postmaster_pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while server.postmaster_pid() is not None:
            time.sleep(0.01)
        pid_file = server.cluster / "postmaster.pid"
        lines = pid_file.read_text().split("\n")
        pid_file.write_text("\n".join([str(os.getppid()), *lines[1:]]))
        server.ensure_running()
        assert server.answers()


@pytest.fixture
def far_folder() -> Iterator[Path]:
    """A path too long for a socket, that every user may walk to."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / ("deep" * 30) / "postgres"


def test_path_too_long_for_a_socket_is_replaced(far_folder: Path) -> None:
    assert len(str(BundledPostgres(far_folder).socket_folder)) < 50


def test_socket_folder_prepared_by_somebody_else_is_refused(far_folder: Path) -> None:
    server = BundledPostgres(far_folder)
    server.socket_folder.symlink_to(far_folder.parent.parent)
    try:
        with pytest.raises(BundledPostgresError, match="belongs to somebody else"):
            server.join()
    finally:
        server.socket_folder.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's folders can be closed to the server's user")
def test_root_s_closed_folder_moves_the_files_elsewhere(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert BundledPostgres(closed / "postgres").home.is_relative_to("/var/lib")
