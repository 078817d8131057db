"""Facts about which figure a cell shows."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest

from hub.domain.table_context import TableContext
from hub.gate.agreement import near_figure
from hub.gate.figures import COUNTS, column_of

MEAN = column_of("mean", 0)


def is_near(gate: Any, cell: float | None, figure: float | None, name: str = MEAN, **declared: float) -> bool:
    """Whether a cell of one decimal shows a figure."""
    one, other = (pl.Series(n, [value], dtype=pl.Float64) for n, value in (("c0", cell), (name, figure)))
    (near,) = near_figure(1, one, other, TableContext(**declared), gate.policy)  # type: ignore[arg-type]
    return bool(near)


@pytest.mark.parametrize(("cell", "is_one"), [(12.3, True), (12.34, True), (12.36, False), (-12.3, False)])
def test_a_cell_shows_what_it_was_rounded_from(gate: Any, cell: float, is_one: bool) -> None:
    assert is_near(gate, cell, 12.3) is is_one


@pytest.mark.parametrize("figure", [math.inf, -math.inf, math.nan, None])
@pytest.mark.parametrize("cell", [0.0, 12.3, 1e300, math.inf, -math.inf, math.nan, None])
@pytest.mark.parametrize("name", [MEAN, "rows", "share_percent"])
def test_nothing_is_near_to_a_figure_without_an_end_or_that_is_missing(
    gate: Any, cell: float | None, figure: float | None, name: str
) -> None:
    assert not is_near(gate, cell, figure, name)
    assert not is_near(gate, figure, 12.3, name)
    assert not is_near(gate, cell, figure, name, rounding=5.0)


@pytest.mark.parametrize(("cell", "is_one"), [(50.0, True), (55.0, False), (51.0, False)])
def test_what_was_rounded_is_a_multiple_near_to_it(gate: Any, cell: float, is_one: bool) -> None:
    assert is_near(gate, cell, 51.0, rounding=5.0) is is_one


@pytest.mark.parametrize(("rounding", "cell", "is_one"), [(1.0, 31.0, True), (1.0, 31.3, False), (0.5, 31.5, True)])
def test_what_was_rounded_to_one_or_less_is_a_multiple_of_it_too(
    gate: Any, rounding: float, cell: float, is_one: bool
) -> None:
    """Else its decimals could be any: a mean of 31.26 passed as 31.7, said to be rounded to whole numbers."""
    assert is_near(gate, cell, 31.26, rounding=rounding) is is_one


def test_a_large_sum_is_a_multiple_of_cents(gate: Any) -> None:
    assert is_near(gate, 987_654_321_987.35, 987_654_321_987.35, rounding=0.01)


@pytest.mark.parametrize(("cell", "figure"), [(12.04, 12.0), (12_345_678.0, 12_345_679.0)])
@pytest.mark.parametrize("name", COUNTS)
def test_a_count_is_shown_to_the_last_unit_however_large(gate: Any, cell: float, figure: float, name: str) -> None:
    assert is_near(gate, cell, figure)
    assert not is_near(gate, cell, figure, name)
    assert is_near(gate, figure, figure, name)
