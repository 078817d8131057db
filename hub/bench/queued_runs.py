"""Queued runs: a hundred trivial ones on two cores, and what it costs to follow a thousand that wait.

The hundred go through the lab's queue, two at a time, beside the same notebook in a shell loop of ``docker run …
papermill``, two at a time as well. The thousand wait behind two that sleep; counted is the processor time of the
worker's rounds with their pauses, in parts of the time that passed.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hub.bench.measuring import seconds
from hub.bench.rows import Goal, Of, Row
from hub.bench.trivial_run import NOTEBOOK, TrivialRun, approved, ready
from hub.domain.errors import UnavailableError
from hub.domain.runs import Run
from hub.domain.sweeps import MOST_POINTS
from hub.domain.work import ENDED, Work, WorkState
from hub.pace import SHORTEST, Pace
from hub.services import runs, sweeps
from hub.services.lab import Lab
from hub.services.work import LastRound, do_round
from hub.worker import REAP_SECONDS, Turn

COUNT, AT_ONCE, WAITING = 100, 2, 1_000
FOLLOWED = 30.0
"""Seconds for which the worker is watched."""
NEARLY_AS_SOON, IDLE = Goal(Of.RATIO, 1.1), Goal(Of.LAB, 1)


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Run the hundred once each way, and watch the worker; ``rounds`` does not count here."""
    with ready(folder) as made:
        try:
            yield from _measured(made, tell)
        finally:
            clear_away(made.lab)


def _measured(made: TrivialRun, tell: Callable[[str], None]) -> Iterator[Row]:
    made.by_docker()
    tell(f"{COUNT} runs through the lab")
    lab = seconds(lambda: through_the_lab(made, COUNT))
    tell(f"{COUNT} runs in a shell loop")
    instead = seconds(lambda: in_a_loop(made, COUNT))
    yield Row(f"{COUNT} queued runs / a shell loop, {AT_ONCE} at a time", lab, instead, goal=NEARLY_AS_SOON)
    tell(f"{WAITING} runs wait")
    with_sleepers(made, WAITING)
    share = busy_share(made.lab, FOLLOWED) * 100
    yield Row(f"processor time of following {WAITING} queued runs", share, unit="%", goal=IDLE)


def through_the_lab(made: TrivialRun, count: int) -> None:
    """Queue so many runs, and let the worker bring all of them to their ends."""
    queued = [runs.start_run(made.lab, "researcher", made.notebook, {})[0].id for _ in range(count)]
    pace, last = Pace(), LastRound()
    while (under_way := do_round(made.lab, last)) or _left(made.lab):
        time.sleep(pace.pause(under_way))
    with made.lab.store.read() as reading:
        states = {work.state for name in queued if (work := reading.get(Work, name)) is not None}
    if states != {WorkState.SUCCEEDED}:
        raise UnavailableError("Not every run succeeded, so there is nothing to measure.", reason="bench")


def _left(lab: Lab) -> bool:
    with lab.store.read() as reading:
        return bool(reading.find(Work, state=(WorkState.QUEUED, WorkState.STARTING, WorkState.RUNNING)))


def in_a_loop(made: TrivialRun, count: int) -> None:
    """Do the same as somebody without a lab would."""
    image, mount = made.lab.settings.images.workspace, f"{made.folder}:/bench:rw"
    command = ["docker", "run", "--rm", "--network", "none", "--user", "0", "-v", mount, image]
    command += ["papermill", "/bench/notebook.ipynb", "/bench/executed-{}.ipynb", "--no-progress-bar"]
    numbers = "\n".join(map(str, range(count)))
    loop = ["xargs", "-P", str(AT_ONCE), "-I", "{}", *command]
    subprocess.run(loop, input=numbers, text=True, check=True, capture_output=True)


def sleeping() -> bytes:
    """A notebook that sleeps for so many seconds."""
    first, second = dict(NOTEBOOK["cells"][0]), dict(NOTEBOOK["cells"][0])  # type: ignore[index]
    first |= {"id": "two", "source": "seconds = 0", "metadata": {"tags": ["parameters"]}}
    second |= {"source": "import time\ntime.sleep(seconds)"}
    made: dict[str, Any] = NOTEBOOK | {"cells": [first, second]}
    return json.dumps(made).encode()


def with_sleepers(made: TrivialRun, count: int) -> None:
    """Let two runs sleep, and so many wait behind them."""
    notebook = approved(made.lab, sleeping(), "sleeping")
    for _ in range(AT_ONCE):
        runs.start_run(made.lab, "researcher", notebook, {"seconds": 3_600})
    while len(do_round(made.lab)) < AT_ONCE:
        time.sleep(SHORTEST)
    for _ in range(count // MOST_POINTS):
        sweeps.start_sweep(made.lab, "researcher", notebook, {"seconds": tuple(range(MOST_POINTS))}, {})


def busy_share(lab: Lab, watched: float) -> float:
    """Return the processor time of the worker's rounds, as a part of the time that passed."""
    pace, last = Pace(), LastRound()
    began, used = time.perf_counter(), time.process_time()
    release = Turn(REAP_SECONDS)
    while time.perf_counter() - began < watched:
        if release.has_come():
            lab.storage.release_snapshots(lab.engine.sources)
        time.sleep(pace.pause(do_round(lab, last)))
    return (time.process_time() - used) / (time.perf_counter() - began)


def clear_away(lab: Lab) -> None:
    """Cancel what waits and what sleeps, so that no container is left."""
    with lab.store.read() as reading:
        known = {run.id: run for run in reading.find(Run)}
        going = [w.id for w in reading.find(Work) if w.state not in ENDED and w.id in known]
    for identifier in going:
        runs.cancel_run(lab, "researcher", identifier)
    while do_round(lab) or _left(lab):
        time.sleep(SHORTEST)
