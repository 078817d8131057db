"""Facts about the cells that a fix leaves out: those of a finding, where its author wrote them."""

from __future__ import annotations

import polars as pl
import pytest

from hub.domain.exports import Fix, FixKind
from hub.domain.table_context import TableContext
from hub.gate.exchange import DatasetDescription
from hub.gate.fix_cells import columns_of, suppress_cells, suppress_rows
from hub.gate.fragments import Fragment, TableFragment, TextFragment
from hub.gate.mounted import from_scans
from hub.gate.tabulation import Tabulation, dimensions_of, tabulate
from hub.gate.views import TableView

TABLE = TableFragment(place="!a", columns=("x", "y"), data=(("1",), ("2",)))


def test_rows_and_columns_are_in_order_and_once() -> None:
    assert suppress_cells(TABLE, [8, 1, 8], [16, 2]) == Fix(FixKind.SUPPRESS, "!a", (1, 8), (2, 16))


@pytest.mark.parametrize(
    ("part", "rows", "columns"),
    [(TABLE, [], [1]), (TABLE, [1], []), (TextFragment(text="x y"), [1], [1])],
)
def test_no_cells_are_never_all_cells(part: Fragment, rows: list[int], columns: list[int]) -> None:
    """A fix without rows is for all of them."""
    assert suppress_cells(part, rows, columns) is None


def tabulation(view: TableView) -> Tabulation:
    data = pl.DataFrame({"g": ["a", "b"] * 9, "v": range(18)})
    file = from_scans(DatasetDescription(name="d", folder="/"), {"d.parquet": data.lazy()}).files[0]
    declared = TableContext("d", ("g",))
    made = tabulate(view, file, dimensions_of(view, file, declared), declared)
    assert made is not None
    return made


def test_figures_are_left_out_and_dimensions_and_numbers_of_rows_are_kept() -> None:
    frame = pl.DataFrame({"c0": ["0", "1"], "c1": ["a", "b"], "c2": ["9", "9"], "c3": ["9", "9"]})
    made = tabulation(TableView("", ("", "g", "n", "m"), frame, whole=True))
    assert columns_of(made, 1) == [3, 4]
    assert suppress_rows(TABLE, made, [2]) == Fix(FixKind.SUPPRESS, "!a", (2,), (3, 4))


def test_a_table_that_was_reshaped_knows_where_its_rows_come_from() -> None:
    frame = pl.DataFrame({"c0": ["a", "b"], "c1": ["9", "9"]})
    made = tabulation(TableView("", ("g", "n"), frame, whole=True, numbers=(5, 4), origins=(7, 3)))
    assert [columns_of(made, row) for row in (1, 2)] == [[7], [3]]
    assert suppress_rows(TABLE, made, [1, 2]) == Fix(FixKind.SUPPRESS, "!a", (4, 5), (3, 7))
