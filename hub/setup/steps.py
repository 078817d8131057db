"""Steps of a set-up: what is done already is left alone, and independent lanes of steps run side by side."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


class SetupError(Exception):
    """What cannot be set up, and the command that mends it."""

    def __init__(self, sentence: str, mend: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.mend = mend


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is either there or gets made; ``is_done`` is asked before and after."""

    name: str
    doing: str
    is_done: Callable[[], bool]
    do: Callable[[], None]


Lane = Sequence[Step]
"""Steps that follow each other; the first that fails ends its lane."""


def say(name: str, text: str) -> None:
    """Writes one line of progress."""
    sys.stdout.write(f"{name:<18} {text}\n")
    sys.stdout.flush()


def take(step: Step) -> None:
    """Does one step unless it is done; raises ``SetupError`` when it does not take."""
    if step.is_done():
        say(step.name, "ready")
        return
    say(step.name, f"{step.doing} …")
    began = time.monotonic()
    step.do()
    if not step.is_done():
        raise SetupError(
            f"Setting up {step.name} ended without an error but it is still not there.", "make clean setup"
        )
    say(step.name, f"ready after {time.monotonic() - began:.1f} s")


def _take_lane(lane: Lane) -> SetupError | None:
    try:
        for step in lane:
            take(step)
    except SetupError as error:
        return error
    return None


def take_all(lanes: Sequence[Lane]) -> list[SetupError]:
    """Runs the lanes side by side and returns what failed, in the order of the lanes."""
    with ThreadPoolExecutor(max_workers=max(1, len(lanes))) as pool:
        return [error for error in pool.map(_take_lane, lanes) if error is not None]
