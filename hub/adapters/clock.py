"""The machine's clock, which somebody may set, and the seconds since its start, which nobody can."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """The present moment, aware, in UTC."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Return seconds that go on evenly, whatever the clock is set to."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)
