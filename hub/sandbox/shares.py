"""Time that supporting files share, where they are read and where they are written anew."""

from __future__ import annotations

import time

SECONDS_TO_SHOW = 20
"""For all supporting files together; where the rest took long, they have less."""
SHARE_OF_LIFE = 0.75
"""The part of the container's life after which no supporting file is begun."""
LEAST_SECONDS = 1.0
"""What a file may take however many there are, while there is time."""


def latest_end(began: float, life: float) -> float:
    """Return when the time for all of them ends, in a container that ``began`` and lives for so many seconds."""
    return min(time.monotonic() + SECONDS_TO_SHOW, began + life * SHARE_OF_LIFE)


def share(left: float, files: int) -> float:
    """Return how many of the seconds that are left the next of so many files may take: twice an even share."""
    return min(left, max(LEAST_SECONDS, 2 * left / files))
