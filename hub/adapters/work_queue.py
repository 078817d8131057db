"""What the database tells of the queue: by project, in a few rows, however much waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from hub.adapters.rows import value_of
from hub.adapters.tables import TABLES
from hub.domain.priorities import Priority
from hub.domain.queue_turns import Queued
from hub.domain.runs import Run
from hub.domain.work import UNDER_WAY, Work, WorkKind, WorkState

_WORK, _RUN = TABLES[Work], TABLES[Run]
_PROJECT = func.coalesce(_RUN.c.project, "").label("of_project")
_JOINED = _WORK.outerjoin(_RUN, and_(_WORK.c.kind == WorkKind.RUN.value, _RUN.c.id == _WORK.c.subject))
_QUEUED = _WORK.c.state == WorkState.QUEUED.value
_ACTIVE = _WORK.c.state.in_([state.value for state in UNDER_WAY])
_FIRST = (
    select(func.min(_WORK.c.ordinal))
    .select_from(_JOINED)
    .where(_QUEUED)
    .group_by(_PROJECT, _WORK.c.priority)
    .scalar_subquery()
)
_HEADS = select(_WORK, _PROJECT).select_from(_JOINED).where(_WORK.c.ordinal.in_(_FIRST)).order_by(_WORK.c.ordinal)
_ALL = select(_WORK.c.id, _PROJECT, _WORK.c.priority).select_from(_JOINED).where(_QUEUED).order_by(_WORK.c.ordinal)
_UNDER_WAY = select(_PROJECT, func.count()).select_from(_JOINED).where(_ACTIVE).group_by(_PROJECT)
_WAITING = select(_PROJECT).select_from(_JOINED).where(_QUEUED).correlate(None)
_STARTS = (
    select(_PROJECT, func.max(_WORK.c.started))
    .select_from(_JOINED)
    .where(_WORK.c.started.is_not(None), _PROJECT.in_(_WAITING))
    .group_by(_PROJECT)
)


def run_durations(connection: Connection, notebook: str, most: int) -> list[timedelta]:
    """Return how long the runs of a notebook took that succeeded last, at most so many."""
    of_notebook = and_(_WORK.c.kind == WorkKind.RUN.value, _RUN.c.id == _WORK.c.subject, _RUN.c.notebook == notebook)
    succeeded = and_(_WORK.c.state == WorkState.SUCCEEDED.value, _WORK.c.started.is_not(None))
    asked = select(_WORK.c.started, _WORK.c.ended).join(_RUN, of_notebook).where(succeeded)
    rows = connection.execute(asked.order_by(_WORK.c.ordinal.desc()).limit(most))
    return [ended - started for started, ended in rows if ended is not None]


def heads(connection: Connection) -> dict[str, Work]:
    """Return what goes first of each project; the project of which something waits longest comes first."""
    found: dict[str, Work] = {}
    for row in connection.execute(_HEADS):
        work = value_of(Work, row)
        first = found.setdefault(row.of_project, work)
        if work.priority.rank < first.priority.rank:
            found[row.of_project] = work
    return found


def queued(connection: Connection) -> list[Queued]:
    """Return all that waits, the longest wait first."""
    return [Queued(identifier, project, Priority(word)) for identifier, project, word in connection.execute(_ALL)]


def under_way(connection: Connection) -> dict[str, int]:
    """Return how much each project has under way."""
    return {row[0]: row[1] for row in connection.execute(_UNDER_WAY)}


def last_starts(connection: Connection) -> dict[str, datetime]:
    """Return when each project of which something waits started something last."""
    return {row[0]: row[1] for row in connection.execute(_STARTS)}
