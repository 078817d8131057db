"""Facts about columns that are dimensions: part of their cells, and one at least, are the dataset's values."""

from __future__ import annotations

import polars as pl
import pytest

from hub.domain.table_context import TableContext
from hub.gate.datasets import DataFile
from hub.gate.tabulation import Dimension, Tabulation, _is_known, dimensions_of, tabulate
from hub.gate.views import TableView


@pytest.mark.parametrize(
    ("cells", "is_known"),
    [
        (("a", "b", "x", "y"), True),
        (("a", "w", "x", "y"), False),
        (("a", "x", "Total"), True),
        (("x",), False),
        (("Total",), True),
    ],
)
def test_half_of_the_cells_are_enough_for_half(cells: tuple[str, ...], is_known: bool) -> None:
    file = DataFile("d", "d.parquet", pl.LazyFrame({"g": ["a", "b", "c"]}), "")
    view = TableView("", ("g",), pl.DataFrame({"c0": cells}))
    assert _is_known(view, file, Dimension("c0", "g", 0), share=0.5) is is_known


def tabulated(titles: str, *rows: str) -> Tabulation:
    """A table whose first column is a dimension, of a dataset of six rows."""
    data = {"g": ["a", "a", "b", "b", "b", "c"], "total_pay": [1.5, 2.0, 3.5, 4.0, 5.5, 6.0]}
    cells = zip(*(row.split(",") for row in rows), strict=True)
    frame = pl.DataFrame({f"c{at}": column for at, column in enumerate(cells)})
    view = TableView("", tuple(titles.split(",")), frame)
    file = DataFile("d", "d.parquet", pl.LazyFrame(data), "")
    made = tabulate(view, file, (Dimension("c0", "g", 0),), TableContext())
    assert made is not None
    return made


def test_a_group_that_the_dataset_lacks_is_no_total_beside_one() -> None:
    cells = tabulated("g,n", "a,2", "z,6", "Total,6").cells
    assert cells["rows"].to_list() == [2, None, 6]


def test_a_measure_may_be_called_like_a_statistic_of_another() -> None:
    assert tabulated("g,total_pay", "a,3.5", "b,13").measures == ("total_pay",)
    assert tabulated("g,mean_total_pay", "a,1.75", "b,4.3").measures == ("total_pay",)


@pytest.mark.parametrize(("labels", "is_known"), [("abxy", True), ("abxyz", False)])
def test_a_column_is_the_dataset_s_where_half_of_its_labels_are(labels: str, is_known: bool) -> None:
    file = DataFile("d", "d.parquet", pl.LazyFrame({"g": ["a", "b"] * 50, "u": range(100)}), "u")
    view = TableView("", ("g", "n"), pl.DataFrame({"c0": list(labels), "c1": ["50"] * len(labels)}))
    assert bool(dimensions_of(view, file, TableContext())) is is_known
