"""Metrics in Prometheus' form: what the portal answers, and what the records say of the worker's doings.

Invariants:

* a label is a word of the lab's own closed sets or a route's pattern: never a person, a project, an identifier, a file;
* the numbers of the records are counted when somebody asks: no process has to live for them to be true.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from tornado.web import RequestHandler

from hub.services.figures import Figures

METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE"))
WORK_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)


class Measured:
    """What one portal measures; a registry of its own, so that two portals in one process do not mix."""

    def __init__(self, figures: Callable[[], Figures]) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "datalab_requests", "Requests to the portal.", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "datalab_request_seconds", "How long the portal took to answer.", ("route",), registry=self.registry
        )
        ProcessCollector(namespace="datalab_portal", registry=self.registry)
        self.registry.register(_Records(figures))

    def count(self, handler: RequestHandler) -> None:
        """Count a request that was answered, by its route's pattern: an address may hold names."""
        route, method = route_of(handler), handler.request.method or ""
        self._requests.labels(method if method in METHODS else "other", route, str(handler.get_status())).inc()
        if not handler.request.path.endswith("/live"):  # how long somebody follows something says nothing of the portal
            self._seconds.labels(route).observe(handler.request.request_time())

    def text(self) -> bytes:
        """Return all of it."""
        return generate_latest(self.registry)


def route_of(handler: RequestHandler) -> str:
    """Return the pattern of an address, as the tables of pages and of the API have it, or its handler's name."""
    rows = [getattr(handler, "page", None), getattr(handler, "form", None)]
    rows += list(getattr(handler, "routes", {}).values())
    paths: Iterable[str] = (row.path for row in rows if row is not None)
    return next(iter(paths), type(handler).__name__.lower())


class _Records(Collector):
    """What the records say at the moment of the question."""

    def __init__(self, figures: Callable[[], Figures]) -> None:
        self._figures = figures

    def describe(self) -> Iterable[Metric]:
        """Say nothing before somebody asks."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give every number once."""
        seen = self._figures()
        work = GaugeMetricFamily("datalab_work", "Pieces of work by kind and state.", labels=("kind", "state"))
        for (kind, state), count in seen.work.items():
            work.add_metric((kind, state), count)
        yield work
        yield _gauge("datalab_queue_oldest_seconds", "How long the oldest queued work has waited.", seen.oldest_queued)
        yield _durations(seen)
        yield _gauge("datalab_workspaces_open", "Workspaces that are open.", seen.workspaces_open)
        yield _gauge("datalab_space_alarms", "Places that are short of space.", seen.alarms)
        yield CounterMetricFamily("datalab_audit_entries", "Entries of the audit log.", value=seen.audit_entries)
        beats = GaugeMetricFamily("datalab_heartbeat_timestamp_seconds", "Last sign of life.", labels=("process",))
        for process, at in seen.beats.items():
            beats.add_metric((process,), at.timestamp())
        yield beats
        places = GaugeMetricFamily("datalab_free_bytes", "Free space in a place.", labels=("place",))
        for place in seen.places:
            places.add_metric((place.name,), place.free)
        yield places


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=value)


def _durations(seen: Figures) -> HistogramMetricFamily:
    """How long work took from its start to its end."""
    family = HistogramMetricFamily("datalab_work_seconds", "Duration of work that has ended.", labels=("kind",))
    for kind, seconds in seen.durations.items():
        found = sorted(seconds)
        buckets = [(str(bound), float(bisect_left(found, bound))) for bound in WORK_SECONDS]
        family.add_metric((kind,), [*buckets, ("+Inf", float(len(found)))], sum(found))
    return family
