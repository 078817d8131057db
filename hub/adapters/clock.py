"""The machine's clock, which somebody may set, and the seconds since its start, which nobody can."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

BOOT = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """The present moment, aware, in UTC."""

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)

    def seconds(self) -> float:
        """Return seconds that go on evenly, whatever the clock is set to."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot(self) -> str:
        """Return the kernel's name for this start of the machine."""
        return BOOT.read_text(encoding="ascii").strip()
