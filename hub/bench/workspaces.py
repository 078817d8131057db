"""Workspaces beside the servers of a stock JupyterHub: how soon they are there, and what an idle one holds.

The lab's side is all of it: hub, records, storage, gateway, and containers that are shut in. The other side is
JupyterHub with configurable-http-proxy and the unmodified DockerSpawner, with its defaults, on a bridge network of
its own (set-up's engine has no default one), and the image `datalab/stock`, which images/stock/README.md describes:
what somebody gets from `pip install jupyterhub jupyterlab ipykernel polars pandas`. Both make a new container for
each start.

*Ready* is from the API call that starts a server to status 200 of JupyterLab's page, asked with the person's own
token. *First kernel answer* goes on to start a kernel and to run `1 + 1` through its websocket; the seconds that a
browser takes to load JupyterLab are not in it. *At once* ends when the last of ten has the page. *Memory* is what the
engine says of a container's control group, less the files that it has read, five seconds after JupyterLab's page was
shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from hub.bench import lab_hub, stock_hub
from hub.bench.machine import median_memory
from hub.bench.measuring import Pair, measure
from hub.bench.rows import Goal, Of, Row

AT_ONCE = 10
FEWER_ROUNDS = 3
"""Of ten at once, which takes long on the stock side."""
SETTLES = 5.0
"""Seconds after which a server that was started is idle."""
SOONER = Goal(Of.RATIO, 0.3)
SMALL = Goal(Of.LAB, 90)


def rows(folder: Path, rounds: int, tell: Callable[[str], None]) -> Iterator[Row]:
    """Run both hubs side by side, and measure them in turn."""
    everybody = [lab_hub.person(n) for n in range(AT_ONCE)]
    folder.mkdir()
    with (
        stock_hub.running(folder / "stock", everybody, tell) as stock,
        lab_hub.running(folder / "lab", AT_ONCE, tell) as lab,
    ):
        ours, theirs, one = lab.client, stock.client, everybody[0]
        # DockerSpawner keeps the containers of stopped servers; what is measured is a start that makes one.
        mine, stocks = partial(ours.stop, one), partial(stock_hub.stop, stock, one)
        for title, open_mine, open_stocks in (
            ("workspace ready", ours.open, theirs.open),
            ("click to first kernel answer", ours.first_answer, theirs.first_answer),
        ):
            pair = Pair(title, partial(open_mine, one), partial(open_stocks, one), SOONER, mine, stocks)
            yield measure(pair, rounds, tell)
        yield measure(
            Pair(
                f"{AT_ONCE} workspaces at once",
                partial(ours.open_all, everybody),
                partial(theirs.open_all, everybody),
                SOONER,
                partial(ours.stop, *everybody),
                partial(stock_hub.stop, stock, *everybody),
            ),
            min(rounds, FEWER_ROUNDS),
            tell,
        )
        tell("memory of idle workspaces")
        few = everybody[:3]
        ours.open_all(few)
        theirs.open_all(few)
        time.sleep(SETTLES)
        yield Row("memory of an idle workspace", median_memory(lab.name), median_memory(stock.name), "MiB", SMALL)
        ours.stop(*few)
        stock_hub.stop(stock, *few)
