"""Space: the places that the lab writes to, when too little is free in one, and what is then not taken in any more.

Invariants:

* nothing new is taken in while a place is below the floor, so that what was accepted before has room to end well;
* an alarm is raised once, and ended once: a place at the threshold does not ring again and again.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from hub.domain.errors import UnavailableError

CALM = 1.1
"""An alarm ends when a tenth more than its threshold is free."""


class PlaceName(StrEnum):
    """Where the lab writes to; two of them may lie on one file system."""

    STATE = "state"
    VAULT = "vault"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Place:
    """How many bytes are free in a place."""

    name: PlaceName
    free: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """Too little was free in a place, which names the alarm; it is over when ``ended`` says when."""

    id: PlaceName
    raised: datetime
    ended: datetime | None = None


def check_room(places: Iterable[Place], floor: int) -> None:
    """Nothing new is taken in while less than the floor is free in a place that the lab writes to."""
    if any(place.free < floor for place in places):
        raise UnavailableError(
            "The lab is short of disk space, so nothing new is taken in; what was accepted before goes on. "
            "Ask the administrator to free space, then try again.",
            reason="short-of-space",
        )


def full_disk() -> UnavailableError:
    """Return what is said of a disk that takes no more."""
    return UnavailableError(
        "The lab's disk is full; nothing was saved. Ask the administrator to free space, then try again.",
        reason="disk-full",
    )


def not_writable(number: int | None) -> UnavailableError:
    """Return what is said of a disk that answers with this error: it is full, or broken."""
    if number in (errno.ENOSPC, errno.EDQUOT):
        return full_disk()
    return UnavailableError(
        "The lab's disk takes nothing that is written; nothing was saved. Tell the administrator.", reason="disk-fault"
    )


def turn_alarm(place: Place, present: Alarm | None, threshold: int, now: datetime) -> Alarm | None:
    """Return the alarm of a place as it is to be recorded now, or None where nothing has changed."""
    rings = present is not None and present.ended is None
    if not rings and place.free < threshold:
        return Alarm(place.name, now)
    if present is not None and rings and place.free >= threshold * CALM:
        return replace(present, ended=now)
    return None
