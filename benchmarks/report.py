"""From measures to the page of the documentation, against the targets."""

import os
import platform
import re
import statistics
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.http_client import Measure

MARK: Final = ("<!-- figures: begin -->", "<!-- figures: end -->")


@dataclass(frozen=True)
class Page:
    name: str
    title: str
    count: int
    ratio: float
    """At least this share of the bare application's rate."""
    p50: float
    """Milliseconds, alone."""


PAGES: Final = (
    Page("list_page", "list, mine and open, by last change", 600, 0.10, 12),
    Page("record", "record with its history", 600, 0.10, 14),
    Page("search", "full-text search, comments included", 600, 0.10, 20),
    Page("file", "file an incident", 450, 0.06, 18),
    Page("comment", "add a comment", 450, 0.08, 18),
)


@dataclass
class Timing:
    alone: Measure = field(default_factory=Measure)
    together: list[Measure] = field(default_factory=list)
    cpu_milliseconds: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(measure.rate for measure in self.together)

    @property
    def cpu(self) -> float:
        return statistics.median(self.cpu_milliseconds)

    def together_percentile(self, share: float) -> float:
        return statistics.median(measure.percentile(share) for measure in self.together) * 1000

    @property
    def alone_p50(self) -> float:
        return self.alone.percentile(0.5) * 1000


@dataclass
class PageResult:
    vigie: Timing = field(default_factory=Timing)
    bare: Timing = field(default_factory=Timing)

    @property
    def ratio(self) -> float:
        return self.vigie.rate / self.bare.rate

    def summary(self) -> str:
        mine = self.vigie
        return (
            f"bare {self.bare.rate:6.0f}/s {self.bare.alone_p50:5.1f} ms | vigie {mine.rate:6.1f}/s, alone {mine.alone_p50:5.1f} ms,"
            f" 16: p50 {mine.together_percentile(0.5):5.0f} p99 {mine.together_percentile(0.99):5.0f} ms,"
            f" CPU {mine.cpu:5.1f} ms | ratio {self.ratio:.3f}"
        )


@dataclass
class VolumeResult:
    incidents: int
    followups: int
    processes: int
    pages: dict[str, PageResult] = field(default_factory=dict)
    bare_pss: float = 0.0
    web_pss: float = 0.0
    worker_pss: float = 0.0


@dataclass
class Weight:
    page_bytes: int
    assets: dict[str, int] = field(default_factory=dict)


@dataclass
class Results:
    repetitions: int
    volumes: list[VolumeResult] = field(default_factory=list)
    ready_seconds: float = 0.0
    demonstration_seconds: float = 0.0
    weight: Weight | None = None
    live: list[dict[str, Any]] = field(default_factory=list)


def assets_of(page: str) -> set[str]:
    """Addresses of what a browser loads with the page."""
    named = set(re.findall(r'<(?:script|img|source)\b[^>]*\bsrc="(/[^"#]+)', page))
    for link in re.findall(r"<link\b[^>]*>", page):
        if re.search(r'rel="(stylesheet|icon|preload|modulepreload|manifest)"', link):
            named |= set(re.findall(r'href="(/[^"#]+)', link))
    named |= {address.split("#")[0] for address in re.findall(r'<use\b[^>]*href="(/[^"]+)', page)}
    return named


def write(results: Results, path: Path) -> str:
    """Replace the figures of the page, between its two marks, and return them."""
    figures = "\n".join(_figures(results))
    text = path.read_text(encoding="utf-8")
    begin, end = MARK
    before, rest = text.split(begin, 1)
    _, after = rest.split(end, 1)
    path.write_text(f"{before}{begin}\n\n{figures}\n{end}{after}", encoding="utf-8")
    return figures


def _figures(results: Results) -> list[str]:
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} at revision {_revision()}: {os.cpu_count()} cores ({_processor()}),"
        f" Python {platform.python_version()}, {results.repetitions} repetitions in turn, load {os.getloadavg()[0]:.1f} at the end.",
        "",
    ]
    for volume in results.volumes:
        lines += _volume(volume)
    lines += _growth(results.volumes)
    return lines + _others(results)


def _volume(volume: VolumeResult) -> list[str]:
    plural = "es" if volume.processes > 1 else ""
    lines = [
        f"### {volume.incidents:,} incidents, {volume.followups:,} entries, {volume.processes} web process{plural}",
        "",
        "| | bare, 16 | Vigie, 16 | ratio | target | Vigie, alone p50 | target | p99/p50 at 16 | CPU ms a request (bare) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for page in PAGES:
        result = volume.pages[page.name]
        mine, bare = result.vigie, result.bare
        spread = mine.together_percentile(0.99) / mine.together_percentile(0.5)
        lines.append(
            f"| {page.title} | {bare.rate:.0f}/s, alone {bare.alone_p50:.1f} ms | {mine.rate:.0f}/s"
            f" | {_judged(result.ratio, page.ratio, least=True, digits=3)}"
            f" | ≥ {page.ratio:.2f} | {_judged(mine.alone_p50, page.p50, least=False, digits=1)} ms | ≤ {page.p50:.0f} ms"
            f" | {spread:.1f} | {mine.cpu:.1f} ({bare.cpu:.1f}) |"
        )
    total = volume.web_pss + volume.worker_pss
    lines += [
        "",
        f"Memory (PSS) after the measures: web {volume.web_pss:.0f} MiB, worker {volume.worker_pss:.0f} MiB,"
        f" together {_judged(total, 250, least=False, digits=0)} MiB (target ≤ 250); bare {volume.bare_pss:.0f} MiB.",
        "",
    ]
    return lines


def _growth(volumes: list[VolumeResult]) -> list[str]:
    if len(volumes) < 2:
        return []
    small, large = volumes[0], volumes[-1]
    lines = [f"### From {small.incidents:,} to {large.incidents:,} incidents", "", "| | alone p50 | change | target |", "|---|---|---|---|"]
    for page in PAGES:
        before, after = small.pages[page.name].vigie.alone_p50, large.pages[page.name].vigie.alone_p50
        target = "< 20 %" if page.name in {"list_page", "record", "search"} else ""
        lines.append(f"| {page.title} | {before:.1f} → {after:.1f} ms | {(after / before - 1) * 100:+.0f} % | {target} |")
    return [*lines, ""]


def _others(results: Results) -> list[str]:
    lines = ["### The rest", "", "| | measured | target |", "|---|---|---|"]
    lines.append(f"| server ready after its process starts | {results.ready_seconds:.1f} s | ≤ 2 s |")
    lines.append(f"| `vigie demo`, second start, database included | {results.demonstration_seconds:.1f} s | ≤ 10 s |")
    if results.weight is not None:
        weight, assets = results.weight, results.weight.assets
        lines.append(f"| list page as sent | {weight.page_bytes / 1024:.1f} KB | ≤ 16 KB |")
        lines.append(f"| requests of a first visit | {1 + len(assets)} | ≤ 6 |")
        lines.append(f"| assets in all, cached for ever | {sum(assets.values()) / 1024:.0f} KB | ≤ 200 KB |")
    for live in results.live:
        lines.append(  # noqa: PERF401 - as the lines above
            f"| live, {live['screens']} screens on one process, each write followed by {live['followers_of_each_write']}"
            f" ({live['writes']} writes, 25 a second): commit to client | p50 {live['p50_ms']:.0f} ms, p99 {live['p99_ms']:.0f} ms,"
            f" {live['received']} of {live['expected']} heard | p50 ≤ 50 ms, p99 ≤ 250 ms |"
        )
    return [*lines, ""]


def _judged(value: float, target: float, *, least: bool, digits: int) -> str:
    """The figure, in bold when it misses its target."""
    text = f"{value:.{digits}f}"
    return text if (value >= target) == least or value == target else f"**{text}**"


def _revision() -> str:
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, check=False, text=True)
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    match = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return match[1].strip() if match else platform.machine()
