"""Facts about wide tables: which of their columns are categories of a dataset, and what they are in long form."""

from __future__ import annotations

import polars as pl
import pytest

from hub.gate.crosstab import unpivoted
from hub.gate.datasets import DataFile
from hub.gate.views import TableView


@pytest.fixture
def file() -> DataFile:
    rows = {"region": ["Est", "Ouest", "Sud"] * 80, "sex": ["f", "m"] * 120}
    return DataFile("d", "d.parquet", pl.LazyFrame(rows), "")


def view(titles: str, *rows: str) -> TableView:
    cells = zip(*(row.split(",") for row in rows), strict=True)
    frame = pl.DataFrame({f"c{at}": column for at, column in enumerate(cells)})
    return TableView("", tuple(titles.split(",")), frame)


def test_a_wide_table_has_a_row_for_each_cell_with_its_total(file: DataFile) -> None:
    (long,) = unpivoted(view("region,f,m,Total", "Est,40,41,81", "Sud,42,43,85"), file)
    assert long.columns == ("region", "sex", "count")
    assert sorted(long.frame.rows()) == [
        ("Est", "Total", "81"),
        ("Est", "f", "40"),
        ("Est", "m", "41"),
        ("Sud", "Total", "85"),
        ("Sud", "f", "42"),
        ("Sud", "m", "43"),
    ]
    assert set(long.origins) == {2, 3, 4}


def test_a_column_that_is_no_category_is_left_out_only_where_parts_are_asked_for(file: DataFile) -> None:
    wide = view("region,f,m,no 1", "Est,40,41,7", "Sud,42,43,8")
    assert unpivoted(wide, file) == []
    (long,) = unpivoted(wide, file, partly=True)
    assert set(long.origins) == {2, 3}


@pytest.mark.parametrize("titles", ["f,m,Total", "region,f,x"])
@pytest.mark.parametrize("partly", [False, True])
def test_categories_alone_and_one_category_are_no_wide_table(file: DataFile, titles: str, *, partly: bool) -> None:
    assert unpivoted(view(titles, "40,41,81"), file, partly=partly) == []
