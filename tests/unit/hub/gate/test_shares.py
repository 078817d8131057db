"""Facts about shares: what part of the whole, and of each of its lines, a cell holds."""

from __future__ import annotations

import polars as pl
import pytest

from hub.domain.table_context import TableContext
from hub.gate.exchange import DatasetDescription
from hub.gate.mounted import from_scans
from hub.gate.shares import shares_of
from hub.gate.tabulation import Tabulation, dimensions_of, tabulate
from hub.gate.views import TableView

ROWS = pl.DataFrame(
    {
        "g": ["a", "a", "a", "a", "b", "b", "b", "b"],
        "ill": ["yes", "yes", "no", "no", "yes", "no", "no", "no"],
        "u": ["P1", "P1", "P2", "P3", "P4", None, "P1", "P5"],
    }
)
CELLS = [("a", "yes"), ("a", "no"), ("b", "no")]


def tabulated(*columns: str) -> Tabulation:
    file = from_scans(DatasetDescription(name="d", folder="/", privacy_unit="u"), {"d": ROWS.lazy()}).files[0]
    shown = pl.DataFrame(CELLS, schema=["g", "ill"], orient="row").select(columns).unique(maintain_order=True)
    frame = shown.rename({name: f"c{at}" for at, name in enumerate(columns)}).with_columns(c9=pl.lit("9"))
    declared = TableContext("d", columns)
    view = TableView("", (*columns, "n"), frame, whole=True)
    made = tabulate(view, file, dimensions_of(view, file, declared), declared)
    assert made is not None
    return made


def share(own: tuple[str, ...], of: tuple[str, ...], by: str) -> float:
    """The part that the rows of some values hold of those of fewer values, by rows or by different units."""

    def count(values: tuple[str, ...]) -> int:
        found = ROWS
        for value in values:
            found = found.filter((pl.col("g") == value) | (pl.col("ill") == value))
        return found.height if by == "rows" else found["u"].drop_nulls().n_unique()

    return count(own) / count(of)


@pytest.mark.parametrize("by", ["rows", "units"])
def test_a_cell_has_a_share_of_the_whole_and_of_each_line(by: str) -> None:
    found = shares_of(tabulated("g", "ill")).sort("row")
    assert found["row"].to_list() == [1, 2, 3]
    lines: list[list[tuple[str, ...]]] = [[()] * 3, [(ill,) for _, ill in CELLS], [(g,) for g, _ in CELLS]]
    for number, line in enumerate(lines):
        expected = [share(cell, of, by) for cell, of in zip(CELLS, line, strict=True)]
        assert found[f"share_{number}_{by}"].to_list() == pytest.approx(expected)
        assert found[f"share_{number}_{by}_percent"].to_list() == found[f"share_{number}_{by}"].to_list()


@pytest.mark.parametrize("by", ["rows", "units"])
def test_of_one_dimension_the_line_is_the_whole(by: str) -> None:
    found = shares_of(tabulated("g")).sort("row")
    assert found[f"share_1_{by}"].to_list() == found[f"share_0_{by}"].to_list()
    assert found[f"share_0_{by}"].to_list() == pytest.approx([share((g,), (), by) for g in "ab"])
