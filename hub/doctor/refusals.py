"""Trying what the lab has to refuse."""

from __future__ import annotations

from collections.abc import Callable

from hub.domain.errors import LabError
from hub.domain.examinations import Attempt, Promise, Verdict


def refused(act: Callable[[], object]) -> bool:
    """Do something, and say whether it was refused."""
    try:
        act()
    except LabError:
        return True
    return False


def control(promise: Promise, name: str, tried: str, went_well: str, act: Callable[[], object]) -> Attempt:
    """Do what must not be refused, so that the refusals that follow prove something."""
    if refused(act):
        return Attempt(promise, name, "host", tried, "It was refused, so nothing is proved.", Verdict.BROKEN)
    return Attempt(promise, name, "host", tried, went_well, Verdict.HOLDS)


def refusal(promise: Promise, name: str, wanted: str, tried: str, act: Callable[[], object]) -> Attempt:
    """Do what must be refused, and for the right reason; any other refusal may be an accident."""
    try:
        act()
    except LabError as error:
        reason = error.reason
        seen = (
            f"It was refused ({reason})." if reason == wanted else f"It was refused, but for another reason ({reason})."
        )
        return Attempt(promise, name, "host", tried, seen, Verdict.HOLDS if reason == wanted else Verdict.BROKEN)
    return Attempt(promise, name, "host", tried, "It was not refused.", Verdict.BROKEN)
