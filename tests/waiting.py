"""Waiting until something is so, in all tests the same way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

SHORTEST, LONGEST = 0.05, 0.4
"""Seconds between two looks; the command-line tool's own pause is the longest."""
PART = 5
"""Who waits for what stays as it is sees it late by at most this part of the time that they have waited."""


def wait_for(look: Callable[[], Any], seconds: float = 20.0, why: str | Callable[[], str] = "it did not happen") -> Any:
    """Look until something is true, and return it."""
    return _seen(look, seconds, why, lambda waited: SHORTEST)


def wait_for_end(look: Callable[[], Any], seconds: float, why: str | Callable[[], str]) -> Any:
    """The same, the more seldom the longer it takes: for what does not pass, and costs the lab a request to look at."""
    return _seen(look, seconds, why, lambda waited: min(LONGEST, max(SHORTEST, waited / PART)))


def _seen(
    look: Callable[[], Any], seconds: float, why: str | Callable[[], str], pause: Callable[[float], float]
) -> Any:
    began = time.monotonic()
    while not (seen := look()):
        if (waited := time.monotonic() - began) > seconds:
            raise TimeoutError(f"after {seconds:.0f} s: {why if isinstance(why, str) else why()}")
        time.sleep(pause(waited))
    return seen
