"""Facts about cells: columns of plain numbers are read the short way, and no otherwise than all others."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gate.cells import (
    ValueClass,
    decimals_by,
    decimals_of,
    dressed_columns,
    dressing,
    keys_in,
    number,
    numbers_in,
    table_key,
    written,
)

CELLS = [
    "0",
    "5",
    "-5",
    "+7",
    "12.50",
    "1e5",
    "1E-3",
    "1e0005",
    "5.",
    ".5",
    "-.5",
    "inf",
    "nan",
    "-inf",
    "Infinity",
    "1,5",
    "c",
    "<5",
    "00012",
    "1_000",
    "0x10",
    "3٣",
    "١",
    "--5",
    "1.2.3",
    "+",
    "-",
    "1e400",
    "true",
    "-0",
    "-0.0",
    "1.000",
    "999999999999999999",
    "1000000000000000000",
    "-1000000000000000000",
    "9223372036854775807",
    "9223372036854775808",
    "100000000000000000000.5",
    "12%",
    "",
    " 5",
    "5 ",
    "\u200b5",
    "1 000",
    "12 %",
    "\t5",
    "5\n",
    "\u20075",
]
columns = st.lists(st.sampled_from(CELLS) | st.integers().map(str) | st.floats().map(repr), max_size=4)


def column(cells: list[str]) -> pl.Series:
    return pl.Series("cell", cells, dtype=pl.String)


@given(columns, st.sampled_from(ValueClass), st.sampled_from([0, 2, 9]))
def test_keys_are_those_of_each_cell(cells: list[str], value_class: ValueClass, decimals: int) -> None:
    one_by_one = column(cells).to_frame().select(table_key(pl.col("cell"), value_class, decimals).alias("key"))
    assert keys_in(column(cells), value_class, decimals).to_list() == one_by_one["key"].to_list()


@given(columns)
def test_numbers_and_decimals_are_those_of_each_cell(cells: list[str]) -> None:
    frame = column(cells).to_frame()
    assert numbers_in(column(cells)).to_list() == frame.select(number(pl.col("cell"))).to_series().to_list()
    read = frame.select(written(pl.col("cell")).alias("number"), pl.lit("").alias("key"))
    assert decimals_of(column(cells)) == decimals_by(read, [""])[""]


@pytest.mark.parametrize("cell", ["12 %", "3 (0.5 %)", "€ 5", "50 visits"])
def test_a_column_with_a_dressed_number_is_found_among_others(cell: str) -> None:
    frame = pl.DataFrame({"a": ["1", "x"], "b": ["1", cell], "c": ["", "2.5"]})
    worn = [key for key in frame.columns if frame.select(dressing(pl.col(key)).is_not_null().any()).item()]
    assert set(worn) <= set(dressed_columns(frame)) == {"b"}


@pytest.mark.parametrize(
    ("cells", "key"),
    [(("true", "TRUE", "1", "1.0", " True "), 1), (("false", "False", "0", "0.0"), 0), (("yes", "2", "-0", ""), None)],
)
def test_truth_is_written_as_a_word_or_as_a_number(cells: tuple[str, ...], key: int | None) -> None:
    assert keys_in(column(list(cells)), ValueClass.TRUTH, 0).to_list() == [key] * len(cells)


def test_long_numbers_stay_apart_at_any_number_of_decimals() -> None:
    """As fractions the two are one: they differ beyond what floating point holds."""
    long = ["9007199254740993", "9007199254740992", "-9007199254740993"]
    assert keys_in(column(long), ValueClass.NUMBER, 2).to_list() == [int(number) * 100 for number in long]


def test_negative_numbers_are_scaled_as_positive_ones() -> None:
    assert keys_in(column(["-12", "12", "-0.5"]), ValueClass.NUMBER, 2).to_list() == [-1200, 1200, -50]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12,5", 12.5),
        ("17 699,95 €", 17_699.95),
        ("1,234", 1_234.0),
        ("1,234.5", 1_234.5),
        ("3 (0.5 %)", 3.0),
        ("50 visits", 50.0),
        ("1,2,3", None),
    ],
)
def test_a_number_is_read_whatever_it_is_dressed_in(cell: str, value: float | None) -> None:
    assert numbers_in(column([cell])).to_list() == [value]


@pytest.mark.parametrize("value_class", ValueClass)
@pytest.mark.parametrize("cell", ["1", "é"])
def test_keys_go_by_that_name(value_class: ValueClass, cell: str) -> None:
    assert keys_in(column([cell]), value_class, 0).name == "key"
