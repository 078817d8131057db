"""Workspaces beside the servers of a stock JupyterHub: how soon they are there, and what an idle one holds.

The lab's side is all of it: hub, records, storage, gateway, and containers that are shut in. The other side is
JupyterHub with configurable-http-proxy and the unmodified DockerSpawner, with its defaults, on a bridge network of
its own (set-up's engine has no default one), and the image `datalab/stock`, which images/stock/README.md describes:
what somebody gets from `pip install jupyterhub jupyterlab ipykernel polars pandas`. Both make a new container for
each start; *made ready* is a second lab that makes it in advance (`ready_memory`), and the time is that from the click.

*Ready* is from the API call that starts a server to status 200 of JupyterLab's page, asked with the person's own
token. *First kernel answer* goes on to start a kernel and to run `1 + 1` through its websocket; the seconds that a
browser takes to load JupyterLab are not in it. *At once* ends when the last of ten has the page. *Memory* is what the
engine says of a container's control group, less the files that it has read, five seconds after JupyterLab's page was
shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from hub.bench import lab_hub, stock_hub
from hub.bench.machine import median_memory
from hub.bench.measuring import Pair, measure
from hub.bench.rows import Goal, Of, Row
from hub.services.ready import EACH

AT_ONCE = 10
FEWER_ROUNDS = 3
"""Of ten at once, which takes long on the stock side."""
SETTLES = 5.0
"""Seconds after which a server that was started is idle."""
SOONER = Goal(Of.RATIO, 0.3)
SMALL = Goal(Of.LAB, 90)
AT_ONCE_READY = Goal(Of.RATIO, 0.12)
COUNTED = Goal(Of.LAB, EACH / 2**20)
READY = 'ready_memory = "1G"'
ALL = f"{AT_ONCE} workspaces at once"


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Run the stock hub, and beside it the lab, first without and then with workspaces made ready in advance."""
    everybody = [lab_hub.person(n) for n in range(AT_ONCE)]
    folder.mkdir()
    with stock_hub.running(folder / "stock", everybody, tell) as stock:
        with lab_hub.running(folder / "lab", AT_ONCE, tell) as lab:
            yield from (measure(pair, rounds_of(pair, rounds), tell) for pair in pairs(lab, stock, everybody))
            yield _memory(lab, stock, everybody, tell)
        with lab_hub.running(folder / "ready lab", AT_ONCE, tell, READY) as lab:
            for pair in pairs(lab, stock, everybody):
                people = everybody if pair.title == ALL else everybody[:1]
                sooner = replace(
                    pair,
                    title=f"{pair.title}, made ready",
                    goal=AT_ONCE_READY,
                    before_lab=partial(lab.make_ready, *people),
                )
                yield measure(sooner, rounds_of(pair, rounds), tell)
            yield _memory_waiting(lab, everybody)


def pairs(lab: lab_hub.LabHub, stock: stock_hub.StockHub, everybody: list[str]) -> Iterator[Pair]:
    """What is measured of both; DockerSpawner keeps containers of stopped servers, so that they are removed."""
    ours, theirs, one = lab.client, stock.client, everybody[0]
    mine, stocks = partial(ours.stop, one), partial(stock_hub.stop, stock, one)
    for title, open_mine, open_stocks in (
        ("workspace ready", ours.open, theirs.open),
        ("click to first kernel answer", ours.first_answer, theirs.first_answer),
    ):
        yield Pair(
            title, partial(open_mine, one), partial(open_stocks, one), SOONER, after_lab=mine, after_instead=stocks
        )
    yield Pair(
        ALL,
        partial(ours.open_all, everybody),
        partial(theirs.open_all, everybody),
        SOONER,
        after_lab=partial(ours.stop, *everybody),
        after_instead=partial(stock_hub.stop, stock, *everybody),
    )


def rounds_of(pair: Pair, rounds: int) -> int:
    """Return how often a pair is measured: less often where it takes long."""
    return min(rounds, FEWER_ROUNDS) if pair.title == ALL else rounds


def _memory(lab: lab_hub.LabHub, stock: stock_hub.StockHub, everybody: list[str], tell: Callable[[str], None]) -> Row:
    tell("memory of idle workspaces")
    few = everybody[:3]
    lab.client.open_all(few)
    stock.client.open_all(few)
    time.sleep(SETTLES)
    row = Row("memory of an idle workspace", median_memory(lab.name), median_memory(stock.name), "MiB", SMALL)
    lab.client.stop(*few)
    stock_hub.stop(stock, *few)
    return row


def _memory_waiting(lab: lab_hub.LabHub, everybody: list[str]) -> Row:
    lab.make_ready(*everybody[:3])
    time.sleep(SETTLES)
    return Row("memory of a workspace that waits", median_memory(lab.name), unit="MiB", goal=COUNTED)
