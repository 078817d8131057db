"""For how long a workspace was not used, as the gateway saw it: what its person asked for, and messages of its kernels.

Invariants:

* what a server says of itself changes nothing: neither is it in use since it says so, nor idle;
* a message counts on a websocket alone that the person's browser holds open;
* seconds are counted by a clock that nobody can set while the gateway runs. What outlives the gateway is the time of
  the server's card, in a folder that no container sees.
"""

from __future__ import annotations

import logging
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

KEPT_EVERY = 10.0
"""Seconds of use that a killed gateway may forget."""

log = logging.getLogger(__name__)


class Use:
    """One server's; it begins with the writing of its card, which is its opening."""

    def __init__(self, card: Path) -> None:
        self._card = card
        self._last = self._kept = _seconds() - max(0.0, time.time() - card.stat().st_mtime)

    @property
    def idle(self) -> float:
        """Seconds since it was last used."""
        return _seconds() - self._last

    def last(self, now: datetime | None = None) -> datetime:
        """The moment of its last use."""
        return (now or datetime.now(UTC)) - timedelta(seconds=self.idle)

    def note(self) -> None:
        """It is in use now."""
        self._last = _seconds()
        if self._last - self._kept >= KEPT_EVERY:
            self._kept = self._last
            try:
                os.utime(self._card)
            except OSError as error:
                log.warning("The last use of a workspace cannot be kept: %s", error.strerror)


def _seconds() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)
