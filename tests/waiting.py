"""Waiting until something is so, in all tests the same way."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def wait_for(look: Callable[[], Any], seconds: float = 20.0, why: str | Callable[[], str] = "it did not happen") -> Any:
    """Look until something is true, and return it."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {seconds:.0f} s: {why if isinstance(why, str) else why()}")
        time.sleep(0.05)
    return seen
