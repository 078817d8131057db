"""Facts about views: names of arrays are lines, what is not too wide is turned, and marks cut before spaces do."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from hub.gate.array_types import ArrayType
from hub.gate.arrays import array_of
from hub.gate.fragments import ArraysFragment
from hub.gate.views import _TURNED_ROWS, TableView, _by_marks, token_tables, turned


def test_the_names_of_arrays_are_lines() -> None:
    names = ("Agathe 41", "Basile 52")
    arrays = tuple(array_of(name, np.array([1.0, 2.0]), ArrayType.F64) for name in names)
    rows = [view.frame.rows() for view in token_tables(ArraysFragment(arrays=arrays))]
    assert [("Agathe", "41"), ("Basile", "52")] in rows


@pytest.mark.parametrize(
    ("width", "is_turned"), [(1, False), (2, True), (_TURNED_ROWS, True), (_TURNED_ROWS + 1, False)]
)
def test_a_table_is_turned_up_to_so_many_columns(width: int, is_turned: bool) -> None:
    frame = pl.DataFrame({f"c{at}": ["1", "2"] for at in range(width)})
    assert (turned(TableView("", ("x",) * width, frame)) is not None) is is_turned


@pytest.mark.parametrize(
    ("line", "cells"),
    [("a b  c d   e", ["a b", "c d", "e"]), ("a b  c; d", ["a b  c", "d"]), ("a b", ["a b"])],
)
def test_marks_cut_a_line_and_else_two_spaces_do(line: str, cells: list[str]) -> None:
    assert _by_marks(line) == cells


@pytest.mark.parametrize(
    ("cells", "suppressed", "margins", "numbers", "decimals"),
    [
        (["1", "2.50", "-3"], [False] * 3, [False] * 3, [1.0, 2.5, -3.0], 1),
        (["1", "c", "2,5"], [False, True, False], [False] * 3, [1.0, None, 2.5], 1),
        (["Total", "", "1e3"], [False, True, False], [True, True, False], [None, None, 1000.0], 9),
        (["nan", "nan", "7"], [True, True, False], [False] * 3, [None, None, 7.0], 0),
    ],
)
def test_a_column_s_marks_and_numbers_are_told_whether_it_is_plain_or_not(
    cells: list[str], suppressed: list[bool], margins: list[bool], numbers: list[float | None], decimals: int
) -> None:
    view = TableView("", ("x",), pl.DataFrame({"c0": cells}))
    assert view.suppressed("c0").to_list() == suppressed
    assert view.margins("c0").to_list() == margins
    assert view.number_cells("c0").to_list() == numbers
    assert view.decimals("c0") == decimals
    assert (view.plain("c0") is not None) is (None not in numbers and decimals < 9)


def test_a_titled_table_is_turned_with_its_titles() -> None:
    view = TableView("", ("name", "age"), pl.DataFrame({"c0": ["Ada", "Ben"], "c1": ["41", "52"]}))
    other = turned(view)
    assert other is not None
    assert other.columns == ("name", "Ada", "Ben")
    assert other.frame.rows() == [("age", "41", "52")]
