"""Facts about tables of declared parts: a filter becomes a dimension of the whole."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from hub.gate.datasets import DataFile
from hub.gate.exchange import TablePart
from hub.gate.filtered_tables import MOST_FILTERS, is_comparable, on_the_whole

ROWS = pl.DataFrame({"who": [1, 2, 3, 4], "sex": ["f", "m", "f", None], "age": [1, 2, 3, 4]})


@pytest.fixture
def file() -> DataFile:
    return DataFile("d", "d.parquet", ROWS.lazy(), "who")


def part(filtered: str, **told: Any) -> TablePart:
    said = {
        "path": "t.csv",
        "dataset": "d",
        "file": "d.parquet",
        "dimensions": ("sex",),
        "decimals": (0,),
        "filter": filtered,
        "figures": ("count",),
        "exact": not filtered,
        "cells": (("=f",), ("=m",)),
        "rows": (2, 1),
        "units": (2, 1),
    }
    return TablePart(**(said | told))


def test_a_filter_is_a_dimension_with_one_value(file: DataFile) -> None:
    whole = on_the_whole(file, [part("age > 1"), part("")])
    told, plain = whole.tables
    assert whole.is_whole
    assert (told.dimensions, told.cells, told.exact) == (("sex", "__filter 0"), (("=f", "=1"), ("=m", "=1")), True)
    assert (told.decimals, told.filter) == ((0, 0), "")
    assert plain == part("")
    assert whole.file.select(pl.col("__filter 0")).collect()["__filter 0"].to_list() == [False, True, True, True]


def test_a_comparison_with_nothing_takes_no_row(file: DataFile) -> None:
    whole = on_the_whole(file, [part("sex = 'f'")])
    assert whole.file.select(pl.col("__filter 0")).collect()["__filter 0"].to_list() == [True, False, True, False]


def test_without_filters_the_file_stays_as_it_is(file: DataFile) -> None:
    whole = on_the_whole(file, [part("")])
    assert whole.file is file
    assert whole.is_whole


@pytest.mark.parametrize("filtered", ["height > 1", "age >", "age = 'x'"])
def test_a_filter_that_cannot_be_read_is_said_to_be_missing(file: DataFile, filtered: str) -> None:
    assert not on_the_whole(file, [part(filtered)]).is_whole
    assert not on_the_whole(file, [part(filtered), part("age > 1")]).is_whole


def test_too_many_filters_are_said_to_be_missing(file: DataFile) -> None:
    asked = [part(f"age > {number}") for number in range(MOST_FILTERS + 1)]
    assert not on_the_whole(file, asked).is_whole
    assert on_the_whole(file, asked[:-1]).is_whole


@pytest.mark.parametrize("told", [{"figures": ()}, {"rows": (2, 0)}, {"file": "other.parquet"}])
def test_what_is_not_known_exactly_is_not_brought_in(file: DataFile, told: dict[str, Any]) -> None:
    table = part("age > 1", **told)
    assert on_the_whole(file, [table]).tables == (table,)


def test_a_part_is_comparable_where_its_figures_and_cells_are_known() -> None:
    assert is_comparable(part(""))
    assert is_comparable(part("age > 1"))
    assert not is_comparable(part("age > 1", figures=()))
    assert not is_comparable(part("", exact=False))
