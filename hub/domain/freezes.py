"""Freezes: a data steward stops all that leaves, or what leaves of one project, at once and with a reason.

Invariants:

* nothing is released or downloaded while a freeze of the whole lab, or of the project, is in force;
* a freeze is lifted by its identifier, so nobody lifts another one than they saw;
* freezing stops nothing but what leaves: work, checks and reviews go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from hub.domain.errors import ConflictError, RefusedError
from hub.domain.people import Person, Role, check_has_role
from hub.domain.projects import Project, was_ever_member
from hub.domain.reasons import check_reason


@dataclass(frozen=True, slots=True)
class Freeze:
    """Who stopped what leaves, and why; ``project`` is empty for the whole lab, ``lifted`` while it is in force."""

    id: str
    project: str
    reason: str
    frozen_by: str
    frozen: datetime
    lifted: datetime | None = None
    lifted_by: str = ""
    lifted_reason: str = ""


def check_can_freeze(person: Person) -> None:
    """Every data steward freezes, whomever the data belong to; an administrator decides on nothing that leaves."""
    if Role.ADMINISTRATOR in person.roles:
        raise RefusedError("An administrator sees a freeze, and neither begins nor lifts one.", reason="administrator")
    check_has_role(person, Role.STEWARD)


def check_can_lift(person: Person, project: Project | None) -> None:
    """A data steward lifts a freeze, but nobody that of a project in which they ever worked."""
    check_can_freeze(person)
    if project is not None and was_ever_member(person, project):
        raise RefusedError(
            "You are or were a member of the project {name}, so you cannot lift its freeze.",
            reason="member-of-project",
            name=project.name,
        )


def check_not_frozen_twice(in_force: Iterable[Freeze], project: str) -> None:
    """The lab, and each project, is frozen once at a time; who comes second reads who was first."""
    for known in in_force:
        if known.project == project:
            raise ConflictError(
                "It is frozen already, by {person}: {why}",
                reason="frozen-already",
                person=known.frozen_by,
                why=known.reason,
            )


def lift(freeze: Freeze, person: str, reason: str, now: datetime) -> Freeze:
    """Return the freeze as it was lifted; one that somebody else lifted first is a conflict."""
    if freeze.lifted is not None:
        raise ConflictError(
            "This freeze was lifted already, by {person}; reload the page.",
            reason="lifted-already",
            person=freeze.lifted_by,
        )
    return replace(freeze, lifted=now, lifted_by=person, lifted_reason=check_reason(reason))


def check_leaves(in_force: Iterable[Freeze], project: str) -> None:
    """Nothing of a project leaves while it, or the whole lab, is frozen."""
    for freeze in in_force:
        if not freeze.project:
            raise ConflictError(
                "Nothing leaves the lab now: a data steward froze all releases and downloads ({why}). "
                "Try again when the freeze is lifted.",
                reason="frozen",
                why=freeze.reason,
            )
        if freeze.project == project:
            raise ConflictError(
                "Nothing leaves the project {project} now: a data steward froze its releases and downloads ({why}). "
                "Try again when the freeze is lifted.",
                reason="frozen",
                project=project,
                why=freeze.reason,
            )
