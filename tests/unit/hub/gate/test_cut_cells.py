"""Facts about cells of several values: they are cut into rows, and one value is left whole."""

from __future__ import annotations

import pytest

from hub.gate import cut_cells as rules
from hub.gate.cut_cells import cells_of_several, cut_cells
from hub.gate.fragments import Fragment, TableFragment, TextFragment, ValueFragment
from hub.gate.views import TableView, tables


def rows(*cells: str) -> list[tuple[str, ...]]:
    table: Fragment = TableFragment(columns=("x",), data=(cells,))
    return [row for view in cut(table, table) for row in view.frame.rows()]


def cut(fragment: Fragment, table: Fragment) -> list[TableView]:
    """What is cut of a fragment's first table, which another one may show."""
    return cut_cells(cells_of_several(fragment, tables(table)[0]), fragment.place)


@pytest.mark.parametrize(
    "cell", ["clerk|17.5|3", "clerk_17.5_3", "clerk/17.5/3", "clerk:17.5:3", "clerk; 17.5; 3", "clerk\n17.5\n3"]
)
def test_values_between_marks_are_a_row(cell: str) -> None:
    assert ("clerk", "17.5", "3") in rows(cell)


def test_what_a_number_is_dressed_in_is_cut_off() -> None:
    assert any({"40", "17.5", "3"} <= set(row) for row in rows("40 (17.5; 3)"))


@pytest.mark.parametrize(
    "cell", ["17 699.95", "17 699,95 €", "2020-01-02", "1.5e-3", "clerk", "", "40", "50 visits", "1,234,567"]
)
def test_one_value_is_not_cut(cell: str) -> None:
    assert rows(cell) == []


def test_a_text_is_not_cut_even_where_its_table_would_be() -> None:
    table = TableFragment(columns=("x",), data=(("clerk|17.5|3",),))
    assert cut(TextFragment(text="clerk|17.5|3"), table) == []


def test_of_many_cells_the_first_are_cut_each_whole_and_without_its_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "MOST_CELLS", 2)
    found = rows("a|1|2", "b|3|4", "a|1|2", "c|5|6")
    assert {("a", "1", "2"), ("b", "3", "4")} <= set(found)
    assert not [row for row in found if "c" in row]
    assert ("a", "1,5", "2") in rows("a 1,5 2", "b 3,5 4")
    assert ("a", "1,5", "2") in rows("a\n1,5\n2", "b\n3,5\n4")


def test_what_is_cut_is_found_where_its_table_stands() -> None:
    table = TableFragment(place="!sheet2", columns=("x",), data=(("a|1|2", "b|3|4"),))
    assert {view.place.startswith("!sheet2") for view in cut(table, table)} == {True}


def test_cells_of_several_are_found_in_their_order_among_others_and_in_documents() -> None:
    cells = [f"{n}|{n + 1}|x" for n in range(3_000)]
    mixed = TableFragment(columns=("x", "y"), data=((*cells, "plain"), ("1|2", *("40",) * 3_000)))
    assert cells_of_several(mixed, tables(mixed)[0]) == [*cells, "1|2"]
    document = ValueFragment(value=[{"x": "a|1|2"}, {"x": "b"}])
    assert cells_of_several(document, tables(document)[0]) == ["a|1|2"]
