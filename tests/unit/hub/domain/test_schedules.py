"""Facts about times: each is handled once, and what was missed is counted and not run after."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.errors import ConflictError, InvalidError
from hub.domain.schedules import GRACE, Schedule, ScheduleState, after_turn, check_files, first_time, stop, times, turn

PARIS = "Europe/Paris"
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def made(cron: str = "0 6 * * *", zone: str = "UTC", now: datetime = MONDAY) -> Schedule:
    about = ("schedule-1", "care", "notebook-1", "ann", now, cron, zone, {}, (), "")
    return Schedule(*about, first_time(cron, zone, now))


def test_times_are_read_in_the_zone() -> None:
    assert made(zone=PARIS).due == at("2026-03-03T05:00")
    assert made(zone="UTC").due == at("2026-03-03T06:00")


def test_a_change_of_clocks_neither_skips_nor_doubles_a_day() -> None:
    """At the end of March 02:30 does not exist, at the end of October it comes twice."""
    spring = times("30 2 * * *", PARIS, at("2026-03-27T12:00"))
    assert [next(spring) for _ in range(3)] == [at("2026-03-28T01:30"), at("2026-03-29T01:00"), at("2026-03-30T00:30")]
    autumn = times("30 2 * * *", PARIS, at("2026-10-24T12:00"))
    assert [next(autumn).date().day for _ in range(3)] == [25, 26, 27]


@pytest.mark.parametrize(
    "cron", ["", "0 6 * *", "61 6 * * *", "0 6 * * * *", "@daily", "0 6 * * 1; rm", "٠ 6 * * *", "0 " * 90]
)
def test_what_is_no_cron_is_refused(cron: str) -> None:
    with pytest.raises(InvalidError, match="five words of cron"):
        first_time(cron, "UTC", MONDAY)


def test_times_that_never_come_or_come_too_often_are_refused() -> None:
    with pytest.raises(InvalidError, match="five words of cron"):
        first_time("0 6 31 2 *", "UTC", MONDAY)
    with pytest.raises(InvalidError, match="every 30 minutes"):
        first_time("*/10 * * * *", "UTC", MONDAY)
    with pytest.raises(InvalidError, match="every 30 minutes"):
        first_time("0,5 6 * * *", "UTC", MONDAY)
    assert first_time("*/30 * * * *", "UTC", MONDAY)


def test_a_time_is_run_for_when_it_comes_or_little_later() -> None:
    schedule = made()
    assert turn(schedule, schedule.due - timedelta(seconds=1)).runs_for is None
    for late in (timedelta(0), GRACE):
        seen = turn(schedule, schedule.due + late)
        assert (seen.runs_for, seen.missed, seen.due) == (schedule.due, 0, at("2026-03-04T06:00"))


def test_times_that_were_missed_are_counted_and_not_run_after() -> None:
    """The lab was down for three days, and comes back at noon."""
    seen = turn(made(), at("2026-03-05T12:00"))
    assert (seen.runs_for, seen.missed, seen.missed_last) == (None, 3, at("2026-03-05T06:00"))
    assert seen.due == at("2026-03-06T06:00")
    after = after_turn(made(), seen)
    assert (after.due, after.missed, after.missed_last) == (seen.due, 3, seen.missed_last)


def test_of_several_times_that_passed_only_a_fresh_one_is_run_for() -> None:
    seen = turn(made(), at("2026-03-05T06:03"))
    assert (seen.runs_for, seen.missed, seen.missed_last) == (at("2026-03-05T06:00"), 2, at("2026-03-04T06:00"))


def test_a_clock_that_is_set_years_ahead_ends_in_no_long_list() -> None:
    seen = turn(made("*/30 * * * *"), MONDAY + timedelta(days=3_650))
    assert seen.runs_for is None
    assert seen.missed == 1_000
    assert seen.due is not None
    assert seen.due > MONDAY + timedelta(days=3_650)


@given(st.lists(st.integers(-100_000, 100_000), max_size=40))
def test_whatever_the_clock_is_set_to_no_time_is_run_for_twice(steps: list[int]) -> None:
    schedule, now, ran = made("0 */2 * * *"), MONDAY, []
    for step in steps:
        now += timedelta(seconds=step)
        seen = turn(schedule, now)
        if seen.runs_for is not None:
            ran.append(seen.runs_for)
        if seen.due != schedule.due:
            schedule = after_turn(schedule, seen)
    assert ran == sorted(set(ran))


def test_a_schedule_without_a_further_time_comes_to_its_end() -> None:
    schedule = made()
    ended = after_turn(schedule, replace(turn(schedule, schedule.due), due=None))
    assert (ended.state, ended.reason) == (ScheduleState.STOPPED, "There is no further time.")


def test_what_has_stopped_is_not_stopped_again() -> None:
    stopped = stop(made(), "ann", "", MONDAY)
    with pytest.raises(ConflictError, match="stopped already"):
        stop(stopped, "bob", "", MONDAY)


@pytest.mark.parametrize("files", [("a.csv", "a.csv"), ("",), ("/etc/x",), ("a.csv ",), tuple(map(str, range(51)))])
def test_outputs_are_named_once_by_plain_paths(files: tuple[str, ...]) -> None:
    with pytest.raises(InvalidError):
        check_files(files)
