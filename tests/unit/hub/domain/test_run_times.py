"""Facts about how long a run takes and still will."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.domain.run_times import RunTimes, clock, times_of
from hub.domain.work import Work, WorkKind, WorkState

START = datetime(2026, 3, 1, tzinfo=UTC)


def running(state: WorkState = WorkState.RUNNING) -> Work:
    return Work("run-a", WorkKind.RUN, "run-a", "researcher", START, state=state, started=START)


@pytest.mark.parametrize(
    ("past", "left"),
    [((), None), ((60,), 50), ((20, 30, 900), 20), ((5, 8), None), ((10,), None)],
)
def test_what_is_left_is_what_most_runs_took_before(past: tuple[int, ...], left: int | None) -> None:
    took = [timedelta(seconds=seconds) for seconds in past]
    assert times_of(running(), took, START + timedelta(seconds=10)) == RunTimes(10, left)


def test_a_clock_that_was_set_back_makes_no_time_negative() -> None:
    assert times_of(running(), (), START - timedelta(days=1)) == RunTimes(0, None)


@pytest.mark.parametrize("state", set(WorkState) - {WorkState.RUNNING})
def test_only_of_what_runs_times_are_told(state: WorkState) -> None:
    assert times_of(running(state), [timedelta(minutes=1)], START) is None


def test_seconds_are_written_as_on_a_clock() -> None:
    assert [clock(seconds) for seconds in (0, 65, 3600, 90061)] == ["0:00:00", "0:01:05", "1:00:00", "25:01:01"]
