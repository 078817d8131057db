"""Timing two ways in turn, so that what else the machine does meets both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hub.bench.rows import Goal, Row


def _nothing() -> None:
    """Nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One measurement: the lab's way and the other one, each a call that is timed; what is before and after is not."""

    title: str
    lab: Callable[[], object]
    instead: Callable[[], object]
    goal: Goal | None = None
    after_lab: Callable[[], object] = _nothing
    after_instead: Callable[[], object] = _nothing
    before_lab: Callable[[], object] = _nothing


def seconds(act: Callable[[], object], after: Callable[[], object] = _nothing) -> float:
    """Time one call; what comes after it is done also when it fails."""
    try:
        start = time.perf_counter()
        act()
        return time.perf_counter() - start
    finally:
        after()


def measure(pair: Pair, rounds: int, tell: Callable[[str], None] = lambda _: None) -> Row:
    """Return the medians of both ways, measured in turn after one round that does not count."""
    taken = list(_in_turn(pair, rounds, tell))
    lab, instead = (statistics.median(times) for times in zip(*taken[1:], strict=True))
    return Row(pair.title, lab, instead, goal=pair.goal)


def _in_turn(pair: Pair, rounds: int, tell: Callable[[str], None]) -> Iterator[tuple[float, float]]:
    for number in range(rounds + 1):
        tell(f"{pair.title}: {f'round {number} of {rounds}' if number else 'warming up'}")
        pair.before_lab()
        yield seconds(pair.lab, pair.after_lab), seconds(pair.instead, pair.after_instead)
