"""Facts about turns: no project's queue, however long, keeps another's from going on."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from hub.domain.priorities import Priority
from hub.domain.queue_turns import Queued, in_turn, ranks_of, whose_turn

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PROJECTS = st.sampled_from(["care", "jobs", "wages", ""])
WAITING = st.lists(st.tuples(PROJECTS, st.sampled_from(Priority)), max_size=40).map(
    lambda of: [Queued(f"run-{at}", project, priority) for at, (project, priority) in enumerate(of)]
)
UNDER_WAY = st.dictionaries(PROJECTS, st.integers(0, 4))
STARTS = st.dictionaries(PROJECTS, st.integers(0, 100).map(lambda n: NOW + timedelta(seconds=n)))


def test_a_project_with_one_run_does_not_wait_for_anothers_thousand() -> None:
    waiting = [Queued(f"care-{at}", "care", Priority.HIGH) for at in range(1000)] + [Queued("jobs-1", "jobs")]
    assert in_turn(waiting, {"care": 2}, {})[0] == "jobs-1"
    assert in_turn(waiting, {}, {"care": NOW})[0] == "jobs-1"
    assert in_turn(waiting, {}, {"jobs": NOW})[:2] == ["care-0", "jobs-1"]


def test_with_one_place_projects_take_turns() -> None:
    heads = {"care": 0, "jobs": 1}
    assert whose_turn(heads, {}, ranks_of({"care": NOW, "jobs": NOW - timedelta(seconds=1)})) == "jobs"
    assert whose_turn(heads, {}, ranks_of({"jobs": NOW, "care": NOW - timedelta(seconds=1)})) == "care"


@given(WAITING, UNDER_WAY, STARTS)
def test_everything_has_its_turn_once_and_a_projects_own_by_priority_and_then_in_order(
    waiting: list[Queued], under_way: dict[str, int], starts: dict[str, datetime]
) -> None:
    order = in_turn(waiting, under_way, starts)
    assert sorted(order) == sorted(queued.id for queued in waiting)
    for project in {queued.project for queued in waiting}:
        own = {p: [q.id for q in waiting if (q.project, q.priority) == (project, p)] for p in Priority}
        expected = own[Priority.HIGH] + own[Priority.NORMAL] + own[Priority.LOW]
        assert [identifier for identifier in order if identifier in expected] == expected


@given(WAITING, UNDER_WAY, STARTS)
def test_no_project_is_ever_two_ahead_of_one_that_waits(
    waiting: list[Queued], under_way: dict[str, int], starts: dict[str, datetime]
) -> None:
    of, taken = {queued.id: queued.project for queued in waiting}, Counter(under_way)
    left = Counter(of.values())
    for identifier in in_turn(waiting, under_way, starts):
        project = of[identifier]
        assert all(taken[project] <= taken[other] for other, count in left.items() if count)
        taken[project] += 1
        left[project] -= 1


@given(WAITING, UNDER_WAY, STARTS)
def test_priorities_move_no_turn_from_one_project_to_another(
    waiting: list[Queued], under_way: dict[str, int], starts: dict[str, datetime]
) -> None:
    plain = [Queued(queued.id, queued.project) for queued in waiting]
    of = {queued.id: queued.project for queued in waiting}
    turns = [of[identifier] for identifier in in_turn(waiting, under_way, starts)]
    assert turns == [of[identifier] for identifier in in_turn(plain, under_way, starts)]
