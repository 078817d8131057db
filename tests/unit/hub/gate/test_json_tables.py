"""Facts about tables in JSON documents: whatever shape a program wrote them in, they have a header and rows."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from hub.gate.headers import Grid
from hub.gate.json_tables import document_tables, scalars


def grids(value: JsonValue) -> dict[str, list[Grid]]:
    found: dict[str, list[Grid]] = {}
    for place, grid in document_tables("", value):
        found.setdefault(place, []).append(grid)
    return found


def test_every_name_and_value_is_a_word() -> None:
    assert list(scalars({"a": [1, {"b": True}], "c": {"d": None, "e": "x y", "f": 2.50}})) == [
        *("a", "1", "b", "true", "c", "d", "", "e", "x y", "f", "2.5"),
    ]


@pytest.mark.parametrize(
    ("value", "grid"),
    [
        ([{"a": 1, "b": "x"}, {"a": 2, "c": False}], [["a", "b", "c"], ["1", "x", ""], ["2", "", "false"]]),
        ({"a": [1, 2], "b": ["x", "y"]}, [["a", "b"], ["1", "x"], ["2", "y"]]),
        ({"columns": ["a", "b"], "data": [[1, "x"], [2, "y"]]}, [["a", "b"], ["1", "x"], ["2", "y"]]),
        ({"a": {"0": 1, "1": 2}, "b": {"0": "x"}}, [["", "a", "b"], ["0", "1", "x"], ["1", "2", ""]]),
        ([["a", "b"], [1, 2]], [["a", "b"], ["a", "b"], ["1", "2"]]),
        ([[1, 2], [3]], [["", ""], ["1", "2"], ["3", ""]]),
        ({"a": 1, "b": "x"}, [["a", "b"], ["1", "x"]]),
        ([{"who": {"age": 4}, "of": [5, 6]}], [["who.age", "of[0]", "of[1]"], ["4", "5", "6"]]),
    ],
    ids=["records", "columns", "split", "mapped", "rows with names", "rows", "an object", "in a cell"],
)
def test_a_table_is_found_in_the_shapes_that_programs_write(value: JsonValue, grid: Grid) -> None:
    assert grid in grids(value)[""]


def test_lists_of_another_length_are_a_table_of_their_own() -> None:
    assert grids({"a": [1, 2], "b": [3, 4], "c": [5]})[""] == [[["c"], ["5"]], [["a", "b"], ["1", "3"], ["2", "4"]]]


def test_a_table_within_a_document_is_found_at_its_place_and_rows_are_no_tables() -> None:
    records: JsonValue = [{"a": 1, "b": 2}, {"a": 3, "b": 4}]
    found = grids({"title": "t", "parts": [{"what": "x", "rows": records}]})
    assert [["a", "b"], ["1", "2"], ["3", "4"]] in found["[1][0][1]"]
    assert list(grids(records)) == [""]
