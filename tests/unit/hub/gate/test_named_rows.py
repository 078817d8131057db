"""Facts about rows under the dataset's own names: listed ones, and those that fit few units."""

from __future__ import annotations

import polars as pl
import pytest

from hub.gate.datasets import DataFile
from hub.gate.named_rows import listed_records, rare_records
from hub.gate.views import TableView
from hub.policy.load import load_profile

POLICY = load_profile("uk-sacro")


@pytest.fixture
def file() -> DataFile:
    """Codes are no groups, since there are many; three rows have each of them."""
    rows = pl.DataFrame(
        {"code": [n // 3 for n in range(600)], "sex": ["f", "m"] * 300, "year": [2019 + n % 2 for n in range(600)]}
    )
    return DataFile("d", "d.parquet", rows.lazy(), "")


def view(titles: str, *rows: str) -> TableView:
    cells = [row.split(",") for row in rows]
    frame = pl.DataFrame({f"c{at}": column for at, column in enumerate(zip(*cells, strict=True))}, schema_overrides={})
    return TableView("", tuple(titles.split(",")), frame.cast(pl.String))


def test_records_are_listed_where_each_row_is_in_the_dataset(file: DataFile) -> None:
    assert listed_records(view("code,sex,year", "0,f,2019", "9,m,2020"), file) == [1, 2]
    assert listed_records(view("code,sex,year", "0,f,2019", "9999,m,2020"), file) == []
    assert listed_records(view("code,sex,year,n", "0,f,2019,4", "9,m,2020,5"), file) == []


@pytest.mark.parametrize(("shown", "rare"), [("3", [1]), ("c", []), ("", [])])
def test_a_row_that_shows_nothing_else_says_that_its_group_exists(file: DataFile, shown: str, rare: list[int]) -> None:
    assert rare_records(view("code,sex,year,n", f"0,f,2019,{shown}"), file, POLICY) == rare
