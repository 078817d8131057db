"""Which line a column's shares are parts of: a share tells the size of its line to whoever knows the cell's count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from hub.domain.table_context import TableContext
from hub.gate.agreement import near_figure
from hub.gate.cells import decimals_of
from hub.gate.figures import column_of
from hub.gate.tabulation import Dimension, Tabulation
from hub.policy.model import Policy


@dataclass(frozen=True, slots=True, eq=False)
class ShareColumn:
    """A column of shares: its key in the table, the recomputed figure that it shows, and its line.

    ``summed`` is the dimension over which a line goes; None where shares are parts of the whole. ``half`` is half of
    the last decimal that the column shows, as a fraction of one. ``cells`` has the rows that show a share, the share
    as it stands there (``shown``) and as it is (``exact``), both as fractions.
    """

    key: str
    counted: str
    summed: Dimension | None
    half: float
    cells: pl.DataFrame


def share_columns(tabulation: Tabulation, declared: TableContext, policy: Policy) -> Iterator[ShareColumn]:
    """Yield the columns of a table that show shares of counts."""
    names = [name for name in tabulation.cells.columns if name.startswith("share_")]
    for key, figure in tabulation.agreeing.items():
        if figure.aggregate != "share":
            continue
        cells, places = _shown(tabulation, key)
        numbers = cells["shown"]
        met = (name for name in names if near_figure(places, numbers, cells[name], declared, policy).all())
        name = next(met, "")
        if name:
            _, line, counted, *percent = name.split("_")
            scale = 100.0 if percent else 1.0
            summed = tabulation.dimensions[int(line) - 1] if int(line) else None
            told = cells.select("row", counted, pl.col("shown") / scale, pl.col(name).alias("exact"))
            yield ShareColumn(key, counted, summed, 0.5 * 10.0**-places / scale, told)


def indicator_columns(tabulation: Tabulation) -> Iterator[ShareColumn]:
    """Yield the columns of a table that show means of zeros and ones, which are shares of the ones in each cell."""
    for key, figure in tabulation.agreeing.items():
        if figure.aggregate == "mean" and tabulation.file.is_indicator(figure.measure) and not tabulation.weight:
            cells, places = _shown(tabulation, key)
            at = tabulation.measures.index(figure.measure)
            ones, mean = pl.col(column_of("sum", at)).alias("ones"), pl.col(column_of("mean", at)).alias("exact")
            yield ShareColumn(key, "ones", None, 0.5 * 10.0**-places, cells.select("row", ones, "shown", mean))


def _shown(tabulation: Tabulation, key: str) -> tuple[pl.DataFrame, int]:
    """The cells of a column that show a number of the dataset, with all that was recomputed, and their decimals."""
    view = tabulation.view
    row = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row")
    numbers = view.number_cells(key).cast(pl.Float64).alias("shown")
    table = view.frame.select(row, pl.col(key).alias("cell"), view.suppressed(key).alias("hidden"), numbers)
    joined = table.join(tabulation.cells.drop("shown"), on="row").filter(
        ~pl.col("hidden"), pl.col("rows").is_not_null()
    )
    is_whole = joined.height == view.frame.height
    return joined, view.decimals(key) if is_whole else decimals_of(joined["cell"])
