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


def test_a_row_of_one_value_that_is_none_of_the_dataset_keeps_records_from_being_listed(file: DataFile) -> None:
    assert listed_records(view("code,sex,year", "0,f,2019", "9,,"), file) == []


def test_numbers_are_met_at_the_decimals_that_are_shown() -> None:
    rows = pl.DataFrame({"pay": [n + 0.34 for n in range(60)], "sex": ["f", "m"] * 30, "year": [2019, 2020] * 30})
    file = DataFile("d", "d.parquet", rows.lazy(), "")
    assert listed_records(view("pay,sex,year", "12.34,f,2019", "13.34,m,2020"), file) == [1, 2]
    assert listed_records(view("pay,sex,year", "12.29,f,2019", "13.29,m,2020"), file) == []


def test_one_other_column_that_shows_something_is_enough(file: DataFile) -> None:
    assert rare_records(view("code,sex,year,n,m", "0,f,2019,3,c"), file, POLICY) == [1]
    assert rare_records(view("code,sex,year,n,m", "0,f,2019,c,c"), file, POLICY) == []
