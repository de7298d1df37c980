"""What Prometheus counts. Every web process writes to files of one folder (`PROMETHEUS_MULTIPROC_DIR`, set by `vigie serve`)."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

REQUESTS: Final = Counter("vigie_requests_total", "Answered requests.", ["method", "route", "status"])
REQUEST_SECONDS: Final = Histogram(
    "vigie_request_seconds",
    "Time to build a page, in seconds.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
LIVE_STREAMS: Final = Gauge("vigie_live_streams", "Open live streams.", multiprocess_mode="livesum")
LIVE_LISTENING: Final = Gauge("vigie_live_listening", "Processes that hear PostgreSQL's notifications.", multiprocess_mode="livesum")
