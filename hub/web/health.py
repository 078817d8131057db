"""Looks at the lab's health, at most so often, however many ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from hub.services.health import Part

PATIENCE = 5.0
KEPT_SECONDS = 2.0
"""So long an answer is given again: anybody may ask, and each look writes to the database."""


class HealthWatch:
    """Looks at most every two seconds, one look at a time, however many ask."""

    def __init__(self, look: Callable[[], Sequence[Part]]) -> None:
        self._look = look
        self._thread = ThreadPoolExecutor(1, "health")  # of its own: a hanging database holds the others
        self._pending: asyncio.Future[Sequence[Part]] | None = None
        self._until = 0.0

    async def failing(self) -> Sequence[Part]:
        """Return what fails; a look that does not come back has met a database that hangs."""
        if self._pending is None or (self._pending.done() and time.monotonic() >= self._until):
            self._pending = asyncio.get_running_loop().run_in_executor(self._thread, self._look)
            self._until = time.monotonic() + KEPT_SECONDS
        try:
            return await asyncio.wait_for(asyncio.shield(self._pending), PATIENCE)
        except TimeoutError:
            return [Part.DATABASE]
