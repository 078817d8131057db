"""Facts about columns that are dimensions: part of their cells, and one at least, are the dataset's values."""

from __future__ import annotations

import polars as pl
import pytest

from hub.gate.datasets import DataFile
from hub.gate.tabulation import Dimension, _is_known
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
