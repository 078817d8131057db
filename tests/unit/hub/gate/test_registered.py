"""Facts about tables as the registry keeps them: what they are of, and the whole numbers that may be counts."""

from __future__ import annotations

import polars as pl

from hub.domain.table_context import TableContext
from hub.gate.datasets import DataFile
from hub.gate.registered import describe, untraced
from hub.gate.tabulation import dimensions_of, tabulate
from hub.gate.views import TableView
from hub.policy.load import load_profile

POLICY = load_profile("uk-sacro")


def view(**columns: list[str]) -> TableView:
    data = {f"c{at}": cells for at, cells in enumerate(columns.values())}
    return TableView("", tuple(columns), pl.DataFrame(data), whole=True)


def test_a_table_of_a_part_is_kept_with_what_its_author_says_of_the_part() -> None:
    rows = pl.DataFrame({"g": ["a", "b"] * 20, "year": [2019, 2019, 2020, 2020] * 10})
    file = DataFile("d", "d.parquet", rows.lazy(), "").where(pl.col("year") == 2020, "year == 2020")
    shown = view(g=["a", "b"], n=["10", "10"])
    made = tabulate(shown, file, dimensions_of(shown, file, TableContext()), TableContext())
    assert made is not None
    part = describe(made, "t.csv", POLICY)
    assert (part.filter, part.exact, part.cells, part.rows) == ("year == 2020", False, (("=a",), ("=b",)), (10, 10))


def test_of_a_table_that_no_dataset_explains_a_cell_that_is_left_out_is_no_number() -> None:
    shown = view(kind=["x", "y", "z"], n=["12", "c", "31"])
    assert untraced(shown, "t.csv", POLICY).counts == (12, -1, 31)
