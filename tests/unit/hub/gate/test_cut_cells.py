"""Facts about cells of several values: they are cut into rows, and one value is left whole."""

from __future__ import annotations

import pytest

from hub.gate.cut_cells import cut_cells
from hub.gate.fragments import Fragment, TableFragment, TextFragment
from hub.gate.views import tables


def rows(*cells: str) -> list[tuple[str, ...]]:
    table: Fragment = TableFragment(columns=("x",), data=(cells,))
    return [row for view in cut_cells(table, tables(table)[0]) for row in view.frame.rows()]


@pytest.mark.parametrize("cell", ["clerk|17.5|3", "clerk_17.5_3", "clerk/17.5/3", "clerk; 17.5; 3", "clerk\n17.5\n3"])
def test_values_between_marks_are_a_row(cell: str) -> None:
    assert ("clerk", "17.5", "3") in rows(cell)


def test_what_a_number_is_dressed_in_is_cut_off() -> None:
    assert any({"40", "17.5", "3"} <= set(row) for row in rows("40 (17.5; 3)"))


@pytest.mark.parametrize(
    "cell", ["17 699.95", "17 699,95 €", "2020-01-02", "1.5e-3", "clerk", "", "40", "50 visits", "1,234,567"]
)
def test_one_value_is_not_cut(cell: str) -> None:
    assert rows(cell) == []


def test_a_text_has_lines_of_its_own() -> None:
    text = TextFragment(text="| a |\n|---|\n| 1;2 |\n")
    assert [cut for view in tables(text) for cut in cut_cells(text, view)] == []
