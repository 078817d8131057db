"""The worker looks often at what has just changed, and seldom at what goes on for long."""

import pytest

from hub.pace import IDLE, LONGEST, SHORTEST, Pace

ONE, TWO = frozenset({"one"}), frozenset({"two"})


class Clock:
    """A clock that is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_longer_nothing_changes_the_longer_is_the_pause() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.pause(ONE) == SHORTEST
    clock.now += 4
    assert pace.pause(ONE) == pytest.approx(0.2)
    clock.now += 3600
    assert pace.pause(ONE) == LONGEST


def test_another_run_in_the_place_of_one_that_ended_is_a_change() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.pause(ONE)
    clock.now += 3600
    assert pace.pause(TWO) == SHORTEST
    assert pace.pause(ONE | TWO) == SHORTEST


def test_what_is_new_is_seen_as_soon_after_a_day_without_work_as_after_a_moment() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert pace.pause(frozenset()) == IDLE
    clock.now += 86_400
    assert pace.pause(frozenset()) == IDLE
    assert pace.pause(ONE) == SHORTEST
