"""Schedules: an approved notebook, run again and again at times that a person named, and a release request prepared.

Invariants:

* a time is handled once: the next one is later than every one that was handled, whatever the clock is set to;
* a time that was missed by more than ``GRACE`` is said to be missed and not run after;
* a schedule prepares drafts of release requests, which its requester submits or leaves; it never approves one;
* it goes on as long as its requester may start the run themselves, and otherwise stops with the sentence that says why.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from hub.domain.errors import ConflictError, InvalidError, RefusedError
from hub.domain.notebooks import ParameterValue
from hub.domain.priorities import Priority

GRACE = timedelta(minutes=10)
"""How late a run may start: a worker that was restarted makes no gap, and one that was down for longer does."""
SHORTEST = timedelta(minutes=30)
MOST_ACTIVE = 20
MOST_FILES = 50
FIELDS = 5
_MOST_COUNTED = 1_000
_LOOKED_AT = 50


class ScheduleState(StrEnum):
    """Whether a schedule starts runs."""

    ACTIVE = "active"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is run when: ``cron`` has five fields, read in the time zone ``zone``; ``due`` is its next time.

    ``files`` are the outputs that each prepared request offers, with ``context``; without any, none is prepared.
    ``run`` is the run that was started last, ``prepared`` the last request, ``missed`` how many times were missed, the
    last of them at ``missed_last``. ``said`` is what a person should know of the last time. ``priority`` is that of its
    runs: the normal one unless another was asked for, since what comes at times is wanted at these times.
    """

    id: str
    project: str
    notebook: str
    requester: str
    created: datetime
    cron: str
    zone: str
    parameters: dict[str, ParameterValue]
    files: tuple[str, ...]
    context: str
    due: datetime
    state: ScheduleState = ScheduleState.ACTIVE
    reason: str = ""
    stopped: datetime | None = None
    stopped_by: str = ""
    run: str = ""
    prepared: str = ""
    open: bool = False
    missed: int = 0
    missed_last: datetime | None = None
    said: str = ""
    priority: Priority = Priority.NORMAL


def times(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """Yield the times after a moment, in UTC; InvalidError where they cannot be read.

    At a change of clocks it is as with Debian's cron: a time that is skipped comes at the change, one that comes twice
    is taken once.
    """
    if len(cron.split()) != FIELDS or len(cron) > 100 or not cron.isascii():
        raise _unreadable()
    try:
        found = CronSim(cron, after.astimezone(ZoneInfo(zone)))
    except CronSimError:
        raise _unreadable() from None
    for time in found:
        moment = time.astimezone(UTC)
        if moment > after:
            yield moment


def _unreadable() -> InvalidError:
    return InvalidError(
        "Times are typed as five words of cron: minute, hour, day, month, weekday; “0 6 * * 1” is Mondays at six.",
        reason="schedule-times",
    )


def first_time(cron: str, zone: str, now: datetime) -> datetime:
    """Return the first time of a new schedule; its times are there, and not closer than half an hour."""
    coming = times(cron, zone, now)
    found = [time for _, time in zip(range(_LOOKED_AT), coming, strict=False)]
    if not found:
        raise InvalidError("These times never come; look at day and month.", reason="schedule-never")
    if any(later - time < SHORTEST for time, later in itertools.pairwise(found)):
        raise InvalidError(
            "A schedule runs every {minutes} minutes at most.",
            reason="schedule-often",
            minutes=int(SHORTEST.total_seconds() // 60),
        )
    return found[0]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a look at a schedule's times says: the time to run for, how many were missed, and when it is due next."""

    runs_for: datetime | None
    missed: int
    missed_last: datetime | None
    due: datetime | None


def turn(schedule: Schedule, now: datetime) -> Turn:
    """Return what is to be done now; nothing where the next time has not come."""
    if schedule.due > now:
        return Turn(None, 0, None, schedule.due)
    passed, due, coming = [schedule.due], None, times(schedule.cron, schedule.zone, schedule.due)
    for time in coming:
        if time > now or len(passed) == _MOST_COUNTED:
            due = time if time > now else next(times(schedule.cron, schedule.zone, now), None)
            break
        passed.append(time)
    fresh = passed[-1] if now - passed[-1] <= GRACE else None
    lost = passed[:-1] if fresh else passed
    return Turn(fresh, len(lost), lost[-1] if lost else None, due)


def after_turn(schedule: Schedule, seen: Turn) -> Schedule:
    """Return the schedule when a look was acted on; without a further time it has come to its end."""
    counted = replace(
        schedule,
        due=seen.due or schedule.due,
        missed=schedule.missed + seen.missed,
        missed_last=seen.missed_last or schedule.missed_last,
    )
    return counted if seen.due else stop(counted, "worker", "There is no further time.", schedule.due)


def stop(schedule: Schedule, by: str, reason: str, now: datetime) -> Schedule:
    """Return the schedule as it was stopped, for good."""
    if schedule.state is ScheduleState.STOPPED:
        raise ConflictError("The schedule {id} has stopped already.", reason="schedule-stopped", id=schedule.id)
    return replace(schedule, state=ScheduleState.STOPPED, reason=reason, stopped=now, stopped_by=by)


def check_room(active: int) -> None:
    """A project has so many schedules at a time."""
    if active >= MOST_ACTIVE:
        raise RefusedError(
            "The project has {most} schedules already; stop one first.", reason="schedule-many", most=MOST_ACTIVE
        )


def check_files(files: tuple[str, ...]) -> tuple[str, ...]:
    """Outputs are named once, by their plain paths."""
    if len(files) > MOST_FILES or len(set(files)) < len(files) or any(not f or f != f.strip("/ ") for f in files):
        raise InvalidError(
            "Name up to {most} outputs, each once, by its path below the run's outputs.",
            reason="schedule-files",
            most=MOST_FILES,
        )
    return files
