"""How long the worker waits between two looks at what is under way: the longer nothing changed, the longer."""

from __future__ import annotations

import time
from collections.abc import Callable

SHORTEST, LONGEST, IDLE = 0.05, 0.5, 0.3
PART = 20
"""A run's end is seen late by at most this part of the time that has passed since anything changed."""


class Pace:
    """The pauses between rounds, by what each of them found under way."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._under_way: frozenset[str] = frozenset()
        self._since = clock()

    def pause(self, under_way: frozenset[str]) -> float:
        """Return the pause after a round that left these under way."""
        if under_way != self._under_way:
            self._under_way, self._since = under_way, self._clock()
        if not under_way:
            return IDLE
        return min(LONGEST, max(SHORTEST, (self._clock() - self._since) / PART))
