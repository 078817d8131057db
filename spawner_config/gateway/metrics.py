"""Numbers for the one who operates the lab; no person, project, path or name of a file is in them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from spawner_config.gateway.access_log import Seen

IN_ORDER = frozenset({"closed", "lab-file", "login"})
"""Words of the log for what is no refusal."""
TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60)


class Metrics:
    """What the access log's lines add up to."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._answers = Counter(
            "datalab_gateway_answers", "Answers by side and kind.", ("side", "kind"), registry=self._registry
        )
        self._bytes = Counter(
            "datalab_gateway_bytes", "Bytes of bodies and messages sent.", ("side",), registry=self._registry
        )
        self._received = Counter(
            "datalab_gateway_received_bytes", "Bytes of uploads passed on.", (), registry=self._registry
        )
        self._refusals = Counter(
            "datalab_gateway_refusals", "Answers that were refused or broke off, by reason.", ("reason",),
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "datalab_gateway_seconds", "From a request to the end of its answer.", ("side",), buckets=SECONDS,
            registry=self._registry,
        )  # fmt: skip
        self._servers = Gauge("datalab_gateway_servers", "Workspaces that are open.", (), registry=self._registry)
        self._in_use = Gauge("datalab_gateway_requests", "Requests under way.", (), registry=self._registry)

    def note(self, seen: Seen) -> None:
        """Count one line."""
        self._answers.labels(seen.side, f"{seen.status // 100}xx").inc()
        self._bytes.labels(seen.side).inc(seen.bytes if seen.side != "alarm" else 0)
        self._received.inc(seen.received)
        if seen.reason and seen.reason not in IN_ORDER:
            self._refusals.labels(seen.reason).inc()
        if seen.side in ("browser", "hub"):
            self._seconds.labels(seen.side).observe(seen.seconds)

    def text(self, servers: int, in_use: int) -> bytes:
        """Return everything in Prometheus's own format."""
        self._servers.set(servers)
        self._in_use.set(in_use)
        return generate_latest(self._registry)
