"""Facts about bounds: no table with the same totals lies outside, and what is proposed protects."""

from __future__ import annotations

import math
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.gate.suppression import Cell, Problem, TooLargeError, additional, bounds, unprotected

HIDDEN = (0.0, math.inf)


def square(values: list[list[float]], hidden: set[tuple[int, int]], reach: float = 0.0) -> Problem:
    """A table with rows, columns and all totals; hidden cells have to reach so far to each side."""
    height, width = len(values), len(values[0])
    cells, number = [], {}
    for row, column in product(range(height), range(width)):
        value = values[row][column]
        is_hidden = (row, column) in hidden
        number[row, column] = len(cells)
        want = (value - reach, value + reach) if is_hidden else None
        cells.append(Cell(value, HIDDEN if is_hidden else (value, value), want, is_hidden))
    equations = []
    lines = [[number[r, c] for c in range(width)] for r in range(height)]
    lines += [[number[r, c] for r in range(height)] for c in range(width)]
    for line in lines:
        total = sum(cells[n].value for n in line)
        equations.append((len(cells), tuple(line)))
        cells.append(Cell(total, (total, total)))
    return Problem(tuple(cells), tuple(equations))


def test_a_cell_alone_in_its_line_is_known() -> None:
    low, high = bounds(square([[4, 30], [40, 25]], {(0, 0), (1, 1)}), 0)
    assert low == pytest.approx(4)
    assert high == pytest.approx(4)


def test_a_square_leaves_what_its_smallest_cells_leave() -> None:
    problem = square([[4, 30, 9], [40, 25, 9], [9, 9, 9]], {(0, 0), (0, 1), (1, 0), (1, 1)})
    assert bounds(problem, 0) == (pytest.approx(0, abs=1e-6), pytest.approx(34))
    assert bounds(problem, 4) == (pytest.approx(21), pytest.approx(55))


def test_what_stands_in_no_equation_is_what_is_known() -> None:
    assert bounds(Problem((Cell(3, HIDDEN, None, True),), ()), 0) == HIDDEN


def test_amounts_that_may_be_negative_have_no_bound() -> None:
    problem = square([[4, 30], [40, 25]], {(0, 0), (0, 1), (1, 0), (1, 1)})
    free = Problem(
        tuple(Cell(c.value, (-math.inf, math.inf) if c.hidden else c.known, c.reach, c.hidden) for c in problem.cells),
        problem.equations,
        -math.inf,
    )
    assert bounds(free, 0) == (-math.inf, math.inf)


def test_the_published_example_of_a_magnitude_table() -> None:
    """Investment of enterprises by activity and region, with which Fischetti and Salazar explain cell suppression.

    The sensitive cell, 22, is hidden with three others; whoever knows that no cell is negative finds it between 5 and
    30, as the paper computes.
    """
    table = [[20, 50, 10], [8, 19, 22], [17, 32, 12]]
    problem = square(table, {(1, 0), (1, 2), (2, 0), (2, 2)})
    low, high = bounds(problem, 5)
    assert (low, high) == (pytest.approx(5), pytest.approx(30))


TABLES = st.lists(st.lists(st.integers(0, 50).map(float), min_size=3, max_size=3), min_size=3, max_size=3)
CELLS = st.sets(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=7)


@settings(max_examples=40, deadline=None)
@given(values=TABLES, hidden=CELLS)
def test_bounds_hold_the_true_value(values: list[list[float]], hidden: set[tuple[int, int]]) -> None:
    problem = square(values, hidden)
    for row, column in hidden:
        low, high = bounds(problem, row * 3 + column)
        assert low - 1e-4 <= values[row][column] <= high + 1e-4


@settings(max_examples=40, deadline=None)
@given(values=TABLES, hidden=CELLS, more=CELLS)
def test_hiding_more_never_narrows_a_bound(
    values: list[list[float]], hidden: set[tuple[int, int]], more: set[tuple[int, int]]
) -> None:
    few, many = square(values, hidden), square(values, hidden | more)
    for row, column in hidden:
        (low, high), (lower, higher) = (bounds(problem, row * 3 + column) for problem in (few, many))
        assert lower <= low + 1e-4
        assert higher >= high - 1e-4


@settings(max_examples=30, deadline=None)
@given(values=TABLES, hidden=CELLS, reach=st.sampled_from([0.5, 3.0, 10.0]))
def test_what_is_proposed_protects(values: list[list[float]], hidden: set[tuple[int, int]], reach: float) -> None:
    problem = square(values, hidden, reach)
    more = additional(problem)
    if more is None:
        assert unprotected(problem)
    else:
        assert unprotected(problem.hiding(more)) == {}
        assert bool(more) == bool(unprotected(problem))


def test_too_many_cells_are_not_solved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.gate.suppression.MOST_SENSITIVE", 1)
    with pytest.raises(TooLargeError):
        unprotected(square([[4, 30], [40, 25]], {(0, 0), (1, 1)}))


def test_no_more_cells_are_proposed_than_a_bound_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = square([[4, 30, 9], [40, 25, 9], [9, 9, 9]], {(0, 0)}, reach=3.0)
    more = additional(problem)
    assert more is not None
    monkeypatch.setattr("hub.gate.suppression.MOST_ADDED", len(more))
    assert additional(problem) == more
    monkeypatch.setattr("hub.gate.suppression.MOST_ADDED", len(more) - 1)
    assert additional(problem) is None
