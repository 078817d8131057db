"""How much memory a run uses while it goes on, as people see it.

Invariants:

* of a run on secret data nobody is told: its code chooses how much it uses, and so could say what it read before the
  gate has looked at anything;
* it is told in large steps: more would say nothing that helps, and change with every look.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.domain.runs import Run
from hub.domain.work import Work, WorkState

STEP = 16 * 2**20


@dataclass(frozen=True, slots=True)
class RunMemory:
    """Bytes: what the run uses, in whole steps, and what it may use."""

    used: int
    allowed: int


def tells_memory(run: Run, work: Work) -> bool:
    """Say whether people are told how much memory a run uses."""
    return work.state is WorkState.RUNNING and not run.is_on_secret


def memory_of(used: int, allowed: int) -> RunMemory:
    """Return the use as people see it: the nearest step, and never none of a run that goes on."""
    return RunMemory(min(allowed, max(1, round(used / STEP)) * STEP), allowed)
