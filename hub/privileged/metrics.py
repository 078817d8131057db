"""Numbers of the privileged process, and of processes that have none of their own, for the one who operates the lab.

``curl --unix-socket privileged/metrics.sock http://privileged/metrics`` in the state folder. Invariants:

* a label is a verb, a call of the engine, a word of the lab's for why something was refused, or a process of the lab:
  never a person, a project, a path, a container or an identifier;
* only root, and the account that runs a lab without accounts, reads them, says the kernel.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from hub.accounts import Account
from hub.domain.errors import RefusedError
from hub.privileged.peers import peer_of
from hub.privileged.seen_processes import Used

METRICS_SOCKET = "metrics.sock"
TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.002, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 10, 60, 600)
Look = Callable[[], dict[Account, Used]]


class DoorName(StrEnum):
    """Which of the two doors somebody was refused at."""

    VERBS = "verbs"
    ENGINE = "engine"


class Measured:
    """What one privileged process counts; a registry of its own, so that two in one test do not mix."""

    def __init__(self, look: Look = dict) -> None:
        self._registry = CollectorRegistry()
        self._verbs = Counter("datalab_verbs", "Verbs that were done.", ("verb",), registry=self._registry)
        self._verb_seconds = Histogram(
            "datalab_verb_seconds", "How long a verb took.", ("verb",), buckets=SECONDS, registry=self._registry
        )
        self._calls = Counter(
            "datalab_engine_calls", "Calls that went to the engine, by its answer.", ("act", "kind"),
            registry=self._registry,
        )  # fmt: skip
        self._refusals = Counter(
            "datalab_privileged_refusals", "What was refused or failed, and why.", ("door", "reason"),
            registry=self._registry,
        )  # fmt: skip
        ProcessCollector(namespace="datalab_privileged", registry=self._registry)
        self._registry.register(_Processes(look))

    def verb(self, verb: str, seconds: float) -> None:
        """Count a verb that was done."""
        self._verbs.labels(verb).inc()
        self._verb_seconds.labels(verb).observe(seconds)

    def call(self, act: StrEnum, status: int) -> None:
        """Count a call that the engine answered."""
        self._calls.labels(str(act), f"{status // 100}xx").inc()

    def refused(self, door: DoorName, reason: str) -> None:
        """Count a refusal by its word; the sentence may hold a name, the word does not."""
        self._refusals.labels(str(door), reason).inc()

    def text(self) -> bytes:
        """Return all of it in Prometheus' own format."""
        return generate_latest(self._registry)

    async def handle(self, request: web.BaseRequest) -> web.Response:
        """Answer whoever may read, and at one address."""
        try:
            check_may_read(request)
        except RefusedError as error:
            return web.json_response({"message": str(error)}, status=403)
        if (request.method, request.raw_path) != ("GET", "/metrics"):
            return web.json_response({"message": "There is nothing at this address."}, status=404)
        return web.Response(body=self.text(), headers={"Content-Type": TYPE})


def check_may_read(request: web.BaseRequest) -> None:
    """Only root reads these numbers, and the account of a lab that has one for all."""
    connection = request.transport.get_extra_info("socket") if request.transport else None
    if connection is None or peer_of(connection).uid not in (0, os.geteuid()):
        raise RefusedError("Only root may read these numbers.", reason="gate-peer")


class _Processes(Collector):
    """What the machine says of the lab's processes at the moment of the question."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def describe(self) -> Iterable[Metric]:
        """Say nothing before somebody asks."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Give every number once."""
        seen = {account.removeprefix("datalab-"): used for account, used in self._look().items()}
        families: dict[str, tuple[str, Callable[[Used], float]]] = {
            "datalab_process_count": ("Processes of an account; 0: it does not run.", lambda u: u.processes),
            "datalab_process_resident_bytes": ("Memory that they hold.", lambda u: u.resident_bytes),
            "datalab_process_threads": ("Threads that they have.", lambda u: u.threads),
            "datalab_process_cpu_seconds": ("Processor time that those which live have used.", lambda u: u.cpu_seconds),
        }
        for name, (meaning, value) in families.items():
            family = GaugeMetricFamily(name, meaning, labels=("process",))
            for process, used in seen.items():
                family.add_metric((process,), value(used))
            yield family
