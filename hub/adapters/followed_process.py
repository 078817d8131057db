"""A process of this machine that is followed: whether it still runs, and how long it has, asking the kernel alone."""

from __future__ import annotations

import os
import select
from pathlib import Path

from hub.adapters.clock import SystemClock


class FollowedProcess:
    """One process, from when it was first looked at; another one that gets its number later is not taken for it."""

    def __init__(self, descriptor: int, began: float) -> None:
        self._descriptor = descriptor
        self._began = began

    def runs(self) -> bool:
        """Say whether it has not ended."""
        looked = select.poll()
        looked.register(self._descriptor, select.POLLIN)
        return not looked.poll(0)

    def seconds(self) -> float:
        """Return how long it has run, as the kernel counts it, whatever the clock is set to."""
        return SystemClock().seconds() - self._began

    def close(self) -> None:
        """Follow it no longer."""
        os.close(self._descriptor)


def followed(number: int) -> FollowedProcess | None:
    """Follow the process of this number; None when it is not there."""
    try:
        descriptor = os.pidfd_open(number)
    except OSError:
        return None
    try:
        return FollowedProcess(descriptor, _began(number))
    except OSError:
        os.close(descriptor)
        return None


def _began(number: int) -> float:
    """Return when a process began, in seconds since the machine's start."""
    line = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    # The program's name may hold blanks and brackets; what follows its last bracket are plain fields.
    return int(line.rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")
