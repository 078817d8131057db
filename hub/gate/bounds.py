"""Bounds that spare exact work: cells that no few units can dominate, told by their largest value alone."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from hub.gate.datasets import DataFile
from hub.gate.figures import column_of
from hub.gate.tabulation import Tabulation, join_rows, keys_of

_EPSILON = 1e-6


def may_be_dominated(
    tabulation: Tabulation, measure: str, wanted: pl.DataFrame, share: float, most: int
) -> pl.DataFrame:
    """Return the wanted rows in which ``most`` units may hold ``share`` of the total of absolute values.

    Few units have few rows: each other one of the cell has one at least, and none has more than the file's largest.
    No row holds more than the cell's largest value: where even as many of these stay below the share, no unit needs to
    be looked at.
    """
    low, high, total = (pl.col(column_of(n, tabulation.measures.index(measure))) for n in ("min", "max", "sum"))

    def may_be(largest: pl.Expr, whole: pl.Expr) -> pl.Expr:
        return largest * pl.col("most rows") >= whole * share * (1 - _EPSILON)

    # Absolute values add up to the total at least, and to no more where none is negative.
    holds_enough = may_be(pl.max_horizontal(low.abs(), high.abs()), total.abs())
    most_rows = (pl.col("rows") - pl.col("units") + most).alias("most rows")
    known = wanted.join(tabulation.cells.with_columns(most_rows), on="row").filter(holds_enough)
    if known.is_empty():
        return known.select("row")
    of_file = tabulation.file.most_rows_of_a_unit * most
    known = known.with_columns(pl.col("most rows").clip(upper_bound=of_file)).filter(holds_enough)
    unclear = known.filter(low < 0).select("row", "most rows")
    found = [known.filter(low >= 0).select("row")]
    for dimensions, group in tabulation.groups if unclear.height else ():
        rows = group.join(unclear, on="row")
        if rows.height:
            cells = _figures(tabulation.file, keys_of(dimensions), rows, measure)
            counted = join_rows(rows, cells, [d.key for d in dimensions])
            found.append(counted.filter(may_be(pl.col("largest"), pl.col("total"))).select("row"))
    return pl.concat(found)


def _figures(file: DataFile, keys: dict[str, tuple[str, int]], rows: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Total and largest of the absolute values of each cell."""
    value = pl.col(measure).cast(pl.Float64).abs().alias("value")
    finite = pl.col("value").filter(pl.col("value").is_finite())
    return file.aggregated(keys, rows, [value], [finite.sum().alias("total"), finite.max().alias("largest")])


def least_share(shares: Iterable[tuple[int, float]], p_percent: float) -> tuple[float, int]:
    """The smallest share from which a rule of dominance could apply, and of how many units at most.

    (n, k) applies from k percent; p % applies where the two largest leave less than p percent of the largest, so that
    they hold at least 100 / (100 + p) of the total.
    """
    rules = [(k / 100, n) for n, k in shares] + ([(100 / (100 + p_percent), 2)] if p_percent else [])
    return min(k for k, _ in rules), max(n for _, n in rules)
