"""Facts about identical values: what a mean tells of each unit, exactly or nearly."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext

RULE = "identical-values"


def found(on: Any, low: float, high: float, units: int = 40) -> list[Any]:
    """What is said of the mean of an area whose units have two values, beside one where they are all different."""
    pay = [high if n % 2 else low for n in range(units)] + [float(n * n) for n in range(40)]
    areas = ["a"] * units + ["b"] * 40
    rows = pl.DataFrame({"unit": range(len(pay)), "area": areas, "pay": pay})
    table = rows.group_by("area").agg(pl.col("pay").mean()).sort("area").write_csv()
    judged = on(rows, "unit").judge("t.csv", table, TableContext("d", ("area",), "pay", "mean"))
    return [finding for finding in judged.findings if finding.check == RULE]


@pytest.mark.parametrize(
    ("low", "high", "is_near"),
    [
        (90.05, 100.0, True),
        (90.0, 100.0, False),
        (0.5, 0.51, True),
        (-100.0, -90.05, True),
        (-100.0, -90.0, False),
        (-0.01, 0.01, False),
        (0.0, 100.0, False),
    ],
)
def test_values_that_differ_by_less_than_a_share_of_the_larger_are_read(
    on: Any, low: float, high: float, is_near: bool
) -> None:
    said = found(on, low, high)
    assert [(f.severity, f.place, f.parameters) for f in said] == [
        (Severity.REVIEW, "t.csv, row 1, column area", (("p_percent", "10"),))
    ] * is_near


def test_one_value_blocks_and_is_not_said_twice(on: Any) -> None:
    (said,) = found(on, 7.0, 7.0)
    assert said.severity is Severity.BLOCK


@pytest.mark.parametrize("high", [7.0, 7.01])
def test_of_a_cell_with_few_units_another_rule_speaks(on: Any, high: float) -> None:
    assert found(on, 7.0, high, units=4) == []
