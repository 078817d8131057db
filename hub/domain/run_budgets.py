"""Budgets of runs: so many for a project in a calendar month (UTC), and more where a steward answers for it.

Invariants:

* every run counts, whoever starts it: one alone, those of a sweep or a schedule, and repetitions;
* more is granted by a steward who never worked in the project, with a reason, and ends with the month;
* when the last run is started, the lead and these stewards are told: once a month, and again for what was granted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.domain.errors import InvalidError, RefusedError
from hub.domain.people import Person, Role, check_has_role
from hub.domain.projects import Project, was_ever_member
from hub.domain.reasons import check_reason

MOST_GRANTED = 10_000


@dataclass(frozen=True, slots=True)
class RunGrant:
    """So many runs more for a project, in the month in which they were granted."""

    id: str
    project: str
    runs: int
    reason: str
    granted_by: str
    granted: datetime


@dataclass(frozen=True, slots=True)
class RunBudget:
    """What a project may start in the present month and has started; ``budget`` holds what was granted beside."""

    project: str
    started: int
    budget: int
    grants: tuple[RunGrant, ...] = ()

    @property
    def left(self) -> int:
        """How many runs may still be started."""
        return max(0, self.budget - self.started)


def same_month(moment: datetime, now: datetime) -> bool:
    """Whether a moment lies in the calendar month (UTC) of another."""
    return (moment.year, moment.month) == (now.year, now.month)


def check_budget(asked: int, known: RunBudget) -> None:
    """A project has so many runs in a calendar month (UTC), whoever starts them."""
    if known.started + asked > known.budget:
        raise RefusedError(
            "The project has {left} of its {budget} runs left this month, and {asked} are asked for; "
            "ask for fewer, wait for the next month, or ask a data steward who never worked in it to grant more.",
            reason="run-budget",
            left=known.left,
            budget=known.budget,
            asked=asked,
        )


def may_grant_runs(person: Person, project: Project) -> bool:
    """Who is told that a project's runs are used up, since they can do something about it."""
    return (
        Role.STEWARD in person.roles and Role.ADMINISTRATOR not in person.roles and not was_ever_member(person, project)
    )


def check_can_grant_runs(person: Person, project: Project) -> None:
    """A data steward who never worked in the project grants it more runs; an administrator does not."""
    if Role.ADMINISTRATOR in person.roles:
        raise RefusedError("An administrator grants no runs; a data steward does.", reason="administrator")
    check_has_role(person, Role.STEWARD)
    if was_ever_member(person, project):
        raise RefusedError(
            "You are or were a member of the project {name}, so you grant it no runs.",
            reason="member-of-project",
            name=project.name,
        )


def check_grant(runs: int, reason: str) -> str:
    """So many are granted at a time, and the reason is said; returns the reason."""
    if not 1 <= runs <= MOST_GRANTED:
        raise InvalidError("1 to {most} runs are granted at a time.", reason="run-grant-size", most=MOST_GRANTED)
    return check_reason(reason)
