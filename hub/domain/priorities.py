"""Priorities: which of a project's runs goes first when it is the project's turn.

Invariants:

* a priority counts among the runs of one project: it moves no turn of another project, whatever is asked for;
* one's own runs step behind the project's others, or back to where they were; to the front only its lead moves a run;
* it can be set as long as the run waits.
"""

from __future__ import annotations

from enum import StrEnum

from hub.domain.errors import RefusedError
from hub.domain.people import Person
from hub.domain.projects import Project


class Priority(StrEnum):
    """Which of a project's runs goes first; of the same priority, the one that waits longest."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """The smaller, the sooner."""
        return _IN_ORDER.index(self)


_IN_ORDER = (Priority.HIGH, Priority.NORMAL, Priority.LOW)
_EVERYBODYS = (Priority.NORMAL, Priority.LOW)


def priorities_for(person: Person, project: Project, requester: str) -> tuple[Priority, ...]:
    """Return which priorities a member may set of the runs that somebody asked for, the normal one first."""
    if person.name == project.lead:
        return (*_EVERYBODYS, Priority.HIGH)
    return _EVERYBODYS if person.name == requester else ()


def check_can_set_priority(person: Person, project: Project, requester: str, priority: Priority) -> None:
    """Whoever asked for a run sets its priority to low or normal; the lead sets any, of any run of the project."""
    may = priorities_for(person, project, requester)
    if not may:
        raise RefusedError(
            "Only who asked for a run, and the lead of the project {name}, set its priority.",
            reason="not-the-requester",
            name=project.name,
        )
    if priority not in may:
        raise RefusedError(
            "Only the lead of the project {name} lets a run go before its others.",
            reason="not-the-lead",
            name=project.name,
        )
