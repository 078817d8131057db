"""Facts about header rows: one name for each column, however many rows a printed table has above its cells."""

from __future__ import annotations

import pytest

from hub.gate.headers import is_type_row, join_header


@pytest.mark.parametrize(
    "row",
    [
        ["---", "---"],
        ["str", "cat", "bool", "date", "enum", "null", ""],
        ["i64", "u8", "f32", "i128"],
        ["datetime[μs, UTC]", "datetime[ms]", "decimal[38,2]"],
    ],
)
def test_a_row_of_types_names_no_column(row: list[str]) -> None:
    assert is_type_row(row)
    assert join_header([["a"] * len(row), row]) == ["a"] * len(row)


@pytest.mark.parametrize(
    "cell",
    [
        "i",
        "f1234",
        "i123",
        "strs",
        "x64",
        "----",
        "datetime",
        "datetime[17699]",
        "decimal",
        "decimal[380,2]",
        "I64",
        "Null",
    ],
)
def test_other_words_are_names(cell: str) -> None:
    assert not is_type_row(["str", cell])


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        ([["a", "b"]], ["a", "b"]),
        ([["str", "i64"]], ["str", "i64"]),
        ([["---", ""], ["str", "i64"]], ["---", ""]),
        ([["", "pay", "pay"], ["", "mean", "sum"]], ["", "pay_mean", "pay_sum"]),
        ([["", "pay", "visits"], ["town", "", ""]], ["town", "pay", "visits"]),
        ([["year", "2020", "2021"], ["town", "", ""]], ["town", "2020", "2021"]),
        ([["", "pay", "pay"], ["year", "2020", "2021"], ["town", "", ""]], ["town", "pay_2020", "pay_2021"]),
        ([["", "", "pay"], ["town", "sex", ""]], ["town", "sex", "pay"]),
        ([["", "pay", "pay"], ["", "pay", "sum"]], ["", "pay", "pay_sum"]),
        ([["", ""], ["town", "sex"]], ["town", "sex"]),
        ([["", "pay", "visits"], ["", "mean", ""]], ["", "pay_mean", "visits"]),
        ([["pay", "pay"], ["mean", "sum"]], ["pay_mean", "pay_sum"]),
        ([["a", "b", "c"], ["town", "", "x"]], ["a_town", "b", "c_x"]),
        ([["", "pay"], ["mean", ""]], ["mean", "pay"]),
        ([["year", "2020"], ["", ""]], ["year", "2020"]),
    ],
)
def test_a_column_has_one_name(rows: list[list[str]], names: list[str]) -> None:
    assert join_header(rows) == names
