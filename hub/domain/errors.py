"""The one tree of errors that a person may see.

Invariants:

* a message says what happened, why, and what to do next;
* a message never holds a value from the data;
* ``reason`` is a short stable word that pages, the API and tests can rely on.
"""

from __future__ import annotations


class LabError(Exception):
    """A sentence for the person, with a stable reason.

    ``message`` is an English template, the key of its translation; ``values`` fill its named places.
    """

    def __init__(self, message: str, *, reason: str, **values: object) -> None:
        self.template = message
        self.reason = reason
        self.values = values
        super().__init__(message.format(**values) if values else message)


class RefusedError(LabError):
    """A rule of the lab says no."""


class NotFoundError(LabError):
    """There is no such thing, or the person may not know that there is."""


class InvalidError(LabError):
    """What was sent cannot be accepted as it is."""


class ConflictError(LabError):
    """What the person saw has changed since, or the step does not follow from the present state."""


class UnavailableError(LabError):
    """Something the lab rests on (engine, disk, database) does not answer; nothing was lost."""
