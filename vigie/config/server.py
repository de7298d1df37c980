"""`vigie serve`: granian around `vigie.config.asgi`, one process for each of `VIGIE_WEB_PROCESSES`.

The application is loaded once, before the processes fork, so that they share its memory. Within ten seconds of SIGTERM everything is
over: streams end at once, pages under way have eight seconds.
"""

import ctypes
import gc
import multiprocessing
import os
import resource
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, Final

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from vigie.config.environment import ConfigurationError, Environment, read_environment

BACKLOG: Final = 4096
BACKPRESSURE: Final = 12_000
"""Answers under way in a process, live streams included; pages have their own, much lower limit (`wsgi_bridge.MAX_WAITING`)."""
KILL_TIMEOUT: Final = 8
COLLECTOR_THRESHOLDS: Final = (10_000, 20, 50)
"""Pages make many objects that die with them: Python's own 700 would collect dozens of times a page."""
HEADER_TIMEOUT_MILLISECONDS: Final = 65_000
"""Also how long a quiet connection is kept: longer than the minute of usual reverse proxies, who would else write to a closed one."""
_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Serve until told to stop.

    Raises:
        ConfigurationError: when the environment or the address cannot be used.

    """
    environment = read_environment(os.environ)
    _claim_address(environment.host, environment.port)
    _prepare_metrics_folder(environment)
    _allow_many_connections()
    server = _server(environment)
    application, parent = _load(), os.getpid()
    # Inherited memory is the point; newer Pythons would start processes otherwise.
    multiprocessing.set_start_method("fork", force=True)
    server.serve(target_loader=lambda: _enter_process(parent, application), wrap_loader=False)


def _claim_address(host: str, port: int) -> None:
    """Fail when somebody listens here: the server shares its port, so two instances would each answer half of the requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            message = f"Cannot listen on {host}:{port} ({error.strerror}): set VIGIE_PORT to another port."
            raise ConfigurationError([message]) from error


def _allow_many_connections() -> None:
    """Raise the number of open files to what the machine allows: a stream is one, and the usual default is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * BACKPRESSURE if hard == resource.RLIM_INFINITY else min(2 * BACKPRESSURE, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _prepare_metrics_folder(environment: Environment) -> None:
    """Give the processes an empty folder to count in. Before anything imports prometheus_client, which reads the variable then."""
    folder = environment.data_folder / "run" / f"metrics-{environment.port}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)


def _server(environment: Environment) -> MPServer:
    return MPServer(
        "vigie.config.asgi:application",
        address=environment.host,
        port=environment.port,
        interface=Interfaces.ASGI,
        workers=environment.web_processes,
        loop=Loops.asyncio,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=BACKPRESSURE,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT_MILLISECONDS, max_buffer_size=64 * 1024),
        workers_kill_timeout=KILL_TIMEOUT,
        respawn_failed_workers=True,
        log_level=LogLevels.warning,
        log_access=False,
    )


def _load() -> Any:
    """Import the whole application here, before forking: its memory is then shared by the processes.

    The collector is off meanwhile, since nothing imported ever dies, and what is loaded is set aside for good: no later
    collection goes through it, nor copies its pages into each process.
    """
    gc.disable()
    from vigie.config.asgi import application, load_pages

    load_pages()
    gc.freeze()
    gc.set_threshold(*COLLECTOR_THRESHOLDS)
    gc.enable()
    return application


def _enter_process(parent: int, application: Any) -> Callable[..., Any]:
    """First thing in a new process: die with the parent, so that no orphan keeps half of the port."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(1)
    return application  # type: ignore[no-any-return]
