"""How long a run has been under way, and how much longer it will be if it takes as long as those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from hub.domain.work import Work, WorkState

COMPARED = 20
"""So many runs of the same notebook that succeeded last are compared with."""


@dataclass(frozen=True, slots=True)
class RunTimes:
    """Whole seconds; ``left`` is None where no run succeeded before, or this one takes longer than most of them."""

    elapsed: int
    left: int | None


def times_of(work: Work, past: Sequence[timedelta], now: datetime) -> RunTimes | None:
    """Return the times of a run that is running, by those that succeeded before it; None while it does not run."""
    if work.state is not WorkState.RUNNING or work.started is None:
        return None
    elapsed = max(0.0, (now - work.started).total_seconds())
    left = median(took.total_seconds() for took in past) - elapsed if past else 0.0
    return RunTimes(round(elapsed), round(left) if left >= 1 else None)


def clock(seconds: int) -> str:
    """Write seconds as hours, minutes and seconds, the same in every language."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
