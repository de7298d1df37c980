"""`make bench`: measure Vigie beside the bare application, on the same database, in turn, and write docs/performance.md.

Bounded in count and time; everything listens on loopback. Seeded data is kept in `.data/bench-<incidents>` for the next run.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks import report
from benchmarks.http_client import Connection, Step, measure
from benchmarks.portal import Bare, Portal, sign_in
from benchmarks.processes import Running, free_port, running
from benchmarks.report import PAGES, PageResult, Results, VolumeResult
from benchmarks.world import World, prepare, variables_of, world
from vigie.config.environment import read_environment

ROOT: Final = Path(__file__).resolve().parents[1]
ACCEPTED: Final = frozenset({200, 302})


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--incidents", type=int, nargs="+", default=[20_000, 1_000_000], help="volumes to measure")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a fifth of the requests: to try the program, not to publish")
    parser.add_argument("--processes", type=int, default=0, help="web processes, of both applications (default: Vigie's own)")
    parser.add_argument("--data", type=Path, default=ROOT / ".data", help="where the measured databases are kept")
    parser.add_argument("--without-live", action="store_true")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "performance.md")
    options = parser.parse_args()
    results = Results(repetitions=options.repetitions)
    for incidents in options.incidents:
        results.volumes.append(_measure_volume(options, incidents, results))
    written = report.write(results, options.output)
    print(written)


def _measure_volume(options: argparse.Namespace, incidents: int, results: Results) -> VolumeResult:
    folder: Path = options.data / f"bench-{incidents}"
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    variables = variables_of(folder, port)
    if options.processes:
        variables["VIGIE_WEB_PROCESSES"] = str(options.processes)
    environment = read_environment(variables)
    assert environment.bundled_postgres is not None
    print(f"--- {incidents} incidents, in {folder}", flush=True)
    with environment.bundled_postgres.running():
        seconds = prepare(folder, variables, incidents)
        print(f"prepared in {seconds:.1f} s", flush=True)
        ground = world(variables)
        is_first = not results.volumes
        volume = _measure_servers(options, ground, port, folder, results if is_first else None)
    if is_first:
        # Database stopped, everything seeded: what somebody waits for who starts the demonstration a second time.
        ready = f"http://localhost:{port}/health/ready"
        with running(["-m", "vigie", "demo"], variables=variables, log=folder / "demo.log", ready_url=ready) as demonstration:
            results.demonstration_seconds = demonstration.ready_after
    return volume


def _measure_servers(options: argparse.Namespace, ground: World, port: int, folder: Path, also: Results | None) -> VolumeResult:
    bare_port = free_port()
    processes = str(ground.environment.web_processes)
    bare_arguments = ["-m", "granian", "--interface", "asgi", "--port", str(bare_port), "--workers", processes, "--no-ws"]
    bare_arguments += ["--log-level", "warning", "benchmarks.bare:application"]
    serve = ["-m", "vigie", "serve"]
    ready = f"http://localhost:{port}/health/live"
    with (
        running(
            bare_arguments, variables=ground.bare_variables, log=folder / "bare.log", ready_url=f"http://127.0.0.1:{bare_port}/ready"
        ) as bare,
        running(serve, variables=ground.variables, log=folder / "web.log", ready_url=ready) as web,
        running(["-m", "vigie", "worker"], variables=ground.variables, log=folder / "worker.log") as worker,
    ):
        volume = VolumeResult(incidents=ground.incidents, followups=ground.followups, processes=int(processes))
        volume.pages = asyncio.run(_measure_pages(options, ground, (port, web), (bare_port, bare)))
        volume.bare_pss = bare.pss_mebibytes()
        volume.web_pss, volume.worker_pss = web.pss_mebibytes(), worker.pss_mebibytes()
        if also is not None:
            also.ready_seconds = web.ready_after
            also.weight = asyncio.run(_page_weight(ground, port))
            if not options.without_live:
                also.live = [_live(ground, port, topics) for topics in (1, 50)]
    return volume


async def _measure_pages(
    options: argparse.Namespace, ground: World, vigie_server: tuple[int, Running], bare_server: tuple[int, Running]
) -> dict[str, PageResult]:
    port, web = vigie_server
    bare_port, bare = bare_server
    portal = Portal(ground)
    technician, requester = await sign_in(port, ground.technician), await sign_in(port, ground.requester)
    await portal.prepare_comments(technician)
    await portal.prepare_filing(requester)
    plain = Bare(ground, like=ground.records[0][1])
    results: dict[str, PageResult] = {}
    for page in PAGES:
        result = results[page.name] = PageResult()
        person = requester if page.name == "file" else technician
        steps: list[tuple[Step, int, dict[str, str], Running, Any]] = [
            (getattr(plain, page.name), bare_port, {}, bare, result.bare),
            (getattr(portal, page.name), port, person.cookies, web, result.vigie),
        ]
        for _ in range(options.repetitions):
            for step, where, cookies, server, into in steps:
                await _one_turn(step, where, cookies, server, into, count=page.count // (5 if options.quick else 1))
        print(f"{page.name:8} " + result.summary(), flush=True)
    return results


async def _one_turn(step: Step, port: int, cookies: dict[str, str], server: Running, into: report.Timing, *, count: int) -> None:
    """Warm up, then one connection, then sixteen."""
    connections = [Connection(port, cookies) for _ in range(16)]
    await measure(step, connections=connections, count=32, accepted=ACCEPTED)
    into.alone.extend(await measure(step, connections=connections[:1], count=count // 3, accepted=ACCEPTED))
    before = server.cpu_seconds()
    together = await measure(step, connections=connections, count=count, accepted=ACCEPTED)
    into.cpu_milliseconds.append((server.cpu_seconds() - before) * 1000 / count)
    into.together.append(together)
    for connection in connections:
        connection.close()


async def _page_weight(ground: World, port: int) -> report.Weight:
    """The list page as a first visit loads it: the page, then every asset it names."""
    person = await sign_in(port, ground.requester)
    answer = await Portal(ground).list_page(await _same_person(person, port, ground), 0)
    weight = report.Weight(page_bytes=len(answer.body))
    for path in sorted(report.assets_of(answer.body_text.decode())):
        asset = await person.ask("GET", path)
        if asset.status != 200:
            raise RuntimeError(f"{path}: {asset.status}")
        weight.assets[path] = len(asset.body)
    return weight


async def _same_person(person: Connection, port: int, ground: World) -> Connection:
    """The technician, when the list is hers."""
    person.close()
    return await sign_in(port, ground.technician)


def _live(ground: World, port: int, topics: int) -> dict[str, Any]:
    variables = ground.variables | {
        "BENCH_DATABASE_URL": ground.environment.direct_database_url,
        "DJANGO_SETTINGS_MODULE": "vigie.config.settings",
    }
    command = [sys.executable, "-m", "benchmarks.live_screens", "--port", str(port), "--topics", str(topics)]
    done = subprocess.run(command, env=os.environ | variables, stdout=subprocess.PIPE, check=True, text=True)
    outcome: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return outcome


if __name__ == "__main__":
    main()
