"""The machine's clock, which somebody may set, and the seconds since its start, which nobody can."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path


class SystemClock:
    """The present moment, aware, in UTC."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Return seconds that go on evenly, whatever the clock is set to."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)


def seconds_of(process: int) -> float | None:
    """Return how long a process of this machine has run, as the kernel counts it; None when it is not there."""
    try:
        line = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The program's name may hold blanks and brackets; what follows its last bracket are plain fields.
    ticks = int(line.rpartition(")")[2].split()[19])
    return SystemClock().seconds() - ticks / os.sysconf("SC_CLK_TCK")
