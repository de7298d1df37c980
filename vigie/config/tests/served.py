"""A web process with the real server, bridge and hub around a WSGI application of two pages: what `test_server` runs."""

import multiprocessing
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigie.config.settings")

from vigie.config import server
from vigie.config.environment import read_environment


def pages(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    body = b"x" * 20_000_000 if environ["PATH_INFO"] == "/large" else b"ok"
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(body)))])
    return [body]


def main(port: int) -> None:
    environment = replace(read_environment(os.environ), port=port, web_processes=1)
    server._prepare_metrics_folder(environment)
    from vigie.config.static_files import StaticFiles
    from vigie.config.web_process import WebProcess
    from vigie.config.wsgi_bridge import WSGIBridge
    from vigie.foundation.live_hub import LiveHub

    application = WebProcess(
        hub=LiveHub(dsn="host=/nowhere", session_cookie="session"),
        static_files=StaticFiles(folder=Path("/nowhere"), prefix="/static/"),
        pages=WSGIBridge(pages, max_body=1000, threads=4),
    )
    parent = os.getpid()
    multiprocessing.set_start_method("fork", force=True)
    granian = server._server(environment)
    granian.serve(target_loader=lambda: server._enter_process(parent, application), wrap_loader=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
