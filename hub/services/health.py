"""Health: whether the lab can do what it is there for, found out by doing it, and said without a word of data."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from hub.domain.errors import UnavailableError
from hub.services.lab import Lab
from hub.services.space import check_space

PORTAL, WORKER = "portal", "worker"
SILENT = timedelta(seconds=120)
"""A worker that takes in a large result may be silent for a while; one that is silent longer does nothing."""


class Part(StrEnum):
    """What can fail."""

    DATABASE = "database"
    WORKER = "worker"
    SPACE = "space"


def failing_parts(lab: Lab) -> list[Part]:
    """Write to the database, look when the worker last did, and measure the space; return what fails.

    A sign of life from long ahead, before the clock was set back, is none of now. Without the database nothing is known
    of the worker, so it alone is named.
    """
    try:
        lab.store.beat(PORTAL)
        alive = lab.store.beats().get(WORKER)
    except UnavailableError:
        return [Part.DATABASE]
    failing = [] if alive and abs(lab.now() - alive) <= SILENT else [Part.WORKER]
    try:
        check_space(lab)
    except UnavailableError:
        failing.append(Part.SPACE)
    return failing
