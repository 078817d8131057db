"""``make bench``: measure the lab beside what a user would pick instead, and print the ratios.

Each pair is measured in turn, in one run, on the same machine and data; the median of the rounds counts. A ratio below
one means that the lab is faster.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hub.bench import gate_check, gateway_way, trivial_run

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Pair:
    """One measurement: the lab's way and the other one, each a call that is timed."""

    title: str
    lab: Callable[[], object]
    instead: Callable[[], object]


def seconds(act: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def measure(pair: Pair, rounds: int) -> tuple[float, float]:
    """Return the medians of both ways, in seconds, measured in turn after one round that does not count."""
    taken = [(seconds(pair.lab), seconds(pair.instead)) for _ in range(rounds + 1)][1:]
    return statistics.median(t[0] for t in taken), statistics.median(t[1] for t in taken)


def pairs(folder: Path) -> Iterator[Pair]:
    """Make what is measured; each pair's state ends before the next one's begins."""
    with trivial_run.ready(folder / "run") as run:
        yield Pair("a trivial run / docker run … papermill", run.through_the_lab, run.by_docker)
    with gateway_way.ready(folder / "gateway") as way:
        for title, act in (
            (f"{gateway_way.SMALL} small answers through the gateway / through the proxy alone", way.small),
            ("a notebook of 50 MB through the gateway / through the proxy alone", way.notebook),
            (f"{gateway_way.MESSAGES} kernel messages through the gateway / through the proxy alone", way.messages),
        ):
            yield Pair(title, partial(act, "lab"), partial(act, "instead"))
    with gate_check.ready(folder / "gate") as gate:
        yield Pair("gate check on 336,776 rows / a Polars group-by of them", gate.by_the_gate, gate.by_polars)


def main() -> None:
    """Print a table of medians and ratios."""
    parser = argparse.ArgumentParser(prog="python -m hub.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each pair (default {ROUNDS})")
    rounds = parser.parse_args().rounds
    table = Table("measured", "lab (s)", "instead (s)", "ratio", title=f"median of {rounds} rounds")
    with tempfile.TemporaryDirectory(prefix="datalab-bench-") as folder:
        for pair in pairs(Path(folder)):
            lab, instead = measure(pair, rounds)
            table.add_row(pair.title, f"{lab:.2f}", f"{instead:.2f}", f"{lab / instead:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
