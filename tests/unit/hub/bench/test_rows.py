"""A row of measurements says how the lab stands to what it was measured beside, and whether the goal is met."""

from __future__ import annotations

import pytest
from rich.console import Console

from hub.bench.rows import Goal, Of, Row, line_of, table_of


@pytest.mark.parametrize(
    ("goal", "met"),
    [
        (None, None),
        (Goal(Of.RATIO, 0.3), False),
        (Goal(Of.RATIO, 0.5), True),
        (Goal(Of.RATIO, 0.5, least=True), True),
        (Goal(Of.RATIO, 0.8, least=True), False),
        (Goal(Of.LAB, 2), True),
        (Goal(Of.LAB, 1.9), False),
        (Goal(Of.DIFFERENCE, -2), True),
        (Goal(Of.DIFFERENCE, -2.1), False),
    ],
)
def test_a_goal_is_met_up_to_its_bound(goal: Goal | None, met: bool | None) -> None:
    assert Row("ready", 2.0, 4.0, goal=goal).is_met is met


@pytest.mark.parametrize("of", [Of.RATIO, Of.DIFFERENCE])
def test_a_comparison_that_was_not_made_meets_no_goal(of: Of) -> None:
    assert Row("ready", 2.0, goal=Goal(of, 100)).is_met is False


def test_nothing_is_divided_by_zero() -> None:
    row = Row("ready", 2.0, 0.0, goal=Goal(Of.RATIO, 1))
    assert row.ratio is None
    assert row.is_met is False


def test_the_table_has_unit_ratio_goal_and_verdict() -> None:
    console = Console(width=200)
    with console.capture() as printed:
        console.print(
            table_of([Row("ready", 1.0, 4.0, goal=Goal(Of.RATIO, 0.3)), Row("memory", 61.4, unit="MiB")], "x")
        )
    ready, memory = (line for line in printed.get().splitlines() if "ready" in line or "memory" in line)
    assert [word.strip() for word in ready.split("│")[1:-1]] == ["ready", "1 s", "4 s", "0.25", "ratio ≤ 0.3", "yes"]
    assert [word.strip() for word in memory.split("│")[1:-1]] == ["memory", "61 MiB", "", "", "", ""]


def test_a_row_in_one_line_says_when_a_goal_is_missed() -> None:
    said = line_of(Row("ready", 2.5, 5.0, goal=Goal(Of.RATIO, 0.3)))
    assert said == "ready: 2.50 s; instead 5 s, ratio 0.50; goal ratio ≤ 0.3: not met"


def test_json_carries_what_the_table_shows() -> None:
    assert Row("ready", 1.0, 4.0, goal=Goal(Of.RATIO, 0.3)).as_json() == {
        "title": "ready",
        "lab": 1.0,
        "instead": 4.0,
        "unit": "s",
        "goal": "ratio ≤ 0.3",
        "ratio": 0.25,
        "met": True,
    }
