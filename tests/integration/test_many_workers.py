"""Four workers, five hundred runs, on either database: each run has one container, is started once and ends well.

The engine is the double, whose programs end at once, so that the workers are in each other's way as often as can be.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from doubles.engine import MemoryEngine
from doubles.lab import make_lab
from doubles.people import approved_notebook, found_consortium
from doubles.sandbox import GoodPrograms
from hub.adapters.store import SqlStore
from hub.domain.work import UNDER_WAY, Work, WorkKind, WorkState
from hub.pace import SHORTEST
from hub.services import runs, sweeps
from hub.services.lab import Lab
from hub.services.ports import ContainerView
from hub.services.work import LastRound, do_round
from integration.postgresql import postgresql
from spawner_config.names import work_container

WORKERS, RUNS, AT_ONCE, SWEEP = 4, 500, 6, 50


class SharedEngine(MemoryEngine):
    """One engine for several workers: it answers one call after the other, and remembers what it made."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.RLock()
        self.made: Counter[str] = Counter()

    def containers(self, *, is_quiet: bool = False) -> list[ContainerView]:
        with self.lock:
            return super().containers(is_quiet=is_quiet)

    def create(self, name: str, body: dict[str, Any]) -> bool:
        with self.lock:
            made = super().create(name, body)
            self.made[name] += made
            return made

    def start(self, name: str) -> None:
        with self.lock:
            super().start(name)

    def kill(self, name: str) -> None:
        with self.lock:
            super().kill(name)

    def remove(self, name: str) -> None:
        with self.lock:
            super().remove(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    if request.param == "sqlite":
        yield ready(tmp_path, "")
        return
    with postgresql() as url:
        made = ready(tmp_path, url)
        yield made
        made.store.engine.dispose()  # type: ignore[attr-defined]


def ready(folder: Path, url: str) -> Lab:
    engine = SharedEngine()
    lab = replace(make_lab(folder, url, concurrent_work=AT_ONCE), engine=engine)
    found_consortium(lab)
    GoodPrograms(engine)
    return lab


def left(lab: Lab) -> int:
    with lab.store.read() as reading:
        under_way, queued = (reading.count(Work, state=state) for state in (UNDER_WAY, WorkState.QUEUED))
    assert under_way <= AT_ONCE
    return under_way + queued


def go_round(lab: Lab) -> None:
    """Work as one worker does, with a connection of its own, until nothing is left."""
    store, last = SqlStore(lab.settings.database, lab.now), LastRound()
    own = replace(lab, store=store)
    while left(own):
        do_round(own, last)
        time.sleep(SHORTEST / 10)
    store.engine.dispose()


def test_four_workers_start_each_of_five_hundred_runs_once(lab: Lab) -> None:
    notebooks = [approved_notebook(lab, "scientist").id, approved_notebook(lab, "outsider", "other").id]
    for notebook, who in zip(notebooks, ("scientist", "outsider"), strict=True):
        for first in range(0, RUNS // 2, SWEEP):
            sweeps.start_sweep(lab, who, notebook, {"minimum": tuple(range(first, first + SWEEP))}, {})
    with ThreadPoolExecutor(WORKERS) as workers:
        for done in [workers.submit(go_round, lab) for _ in range(WORKERS)]:
            done.result()
    with lab.store.read() as reading:
        works = reading.find(Work, kind=WorkKind.RUN)
    assert len(works) == RUNS
    assert Counter(work.state for work in works) == {WorkState.SUCCEEDED: RUNS}
    engine = lab.engine
    assert isinstance(engine, SharedEngine)
    names = {work_container(lab.settings.name, work.id) for work in works}
    for counted in (engine.made, Counter(engine.started)):
        assert {name: counted[name] for name in names} == dict.fromkeys(names, 1)
    do_round(lab)
    assert engine.containers() == []
    assert lab.storage.works() == []
    outputs = {run.id: [file.path for file in run.outputs] for run, _ in runs.runs(lab, "auditor")}
    assert set(map(tuple, outputs.values())) == {("table.csv",)}
