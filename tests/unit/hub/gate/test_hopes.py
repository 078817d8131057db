"""Facts about what rows may say: those that together say most are chosen, and never at the price of the choice."""

from __future__ import annotations

import math

import polars as pl
import pytest

from hub.gate.datasets import DataFile
from hub.gate.exchange import DatasetDescription
from hub.gate.hopes import at_most, strongest
from hub.gate.mounted import from_scans

HEIGHT = 1_000


@pytest.fixture(scope="module")
def file() -> DataFile:
    """Two columns of as many values as rows, and none of groups."""
    rows = pl.DataFrame({"pay": range(HEIGHT), "rent": range(HEIGHT)})
    return from_scans(DatasetDescription(name="d", folder="/"), {"d.parquet": rows.lazy()}).files[0]


def said(*bits: float) -> pl.DataFrame:
    return pl.DataFrame({"row": range(1, len(bits) + 1), "excess": bits})


@pytest.mark.parametrize("height", [5, 6, 40])
def test_a_row_has_to_say_more_than_which_one_it_is(height: int) -> None:
    one = said(math.log2(height) + 10.01)
    assert strongest(one, height, needed=10.0) == [1]
    assert strongest(said(math.log2(height) + 9.99), height, needed=10.0) == []


def test_rows_that_say_little_are_left_out_where_others_say_enough() -> None:
    assert strongest(said(30.0, 0.1, 25.0), 1_000, needed=10.0) == [1, 3]


def test_two_rows_say_enough_together_where_neither_does() -> None:
    assert strongest(said(15.0, 15.0), 100, needed=10.0) == [1, 2]
    assert strongest(said(15.0), 100, needed=10.0) == []


def test_a_column_counts_by_the_most_telling_cell_that_meets_it(file: DataFile) -> None:
    """Two cells of the row could be the row's pay; the better one is its hope."""
    hits = pl.DataFrame(
        {
            "row": [1, 1, 1],
            "key": ["c0", "c1", "c2"],
            "column": ["pay", "pay", "rent"],
            "bits": [9.0, 2.0, 9.0],
        }
    )
    found = at_most(hits, pl.DataFrame({"row": [1], "hope": [30.0]}), file)
    assert found["excess"].item() == pytest.approx(18.0 - math.log2(HEIGHT), abs=0.01)
