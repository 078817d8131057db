"""Bounds that spare exact work: cells that no few units can dominate, told by their largest value alone."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from hub.gate.datasets import DataFile
from hub.gate.tabulation import Tabulation

_EPSILON = 1e-6


def may_be_dominated(
    tabulation: Tabulation, measure: str, wanted: pl.DataFrame, share: float, most: int
) -> pl.DataFrame:
    """Return the wanted rows in which ``most`` units may hold ``share`` of the total of absolute values.

    A unit has at most so many rows, and none holds more than the cell's largest value: where even as many of these
    stay below the share, no unit needs to be looked at.
    """
    each = tabulation.file.most_rows_of_a_unit
    found = [pl.DataFrame(schema={"row": pl.Int64})]
    for dimensions, group in tabulation.groups:
        rows = group.join(wanted, on="row", how="semi")
        if rows.height:
            on = [d.key for d in dimensions]
            cells = _figures(tabulation.file, {d.key: (d.column, d.decimals) for d in dimensions}, rows, measure)
            largest = pl.col("largest") * float(each * most)
            near = cells.filter(largest >= pl.col("total") * share * (1 - _EPSILON))
            found.append(
                (
                    rows.join(near, on=on, how="semi", nulls_equal=True)
                    if on
                    else rows
                    if near.height
                    else rows.head(0)
                ).select("row")
            )
    return pl.concat(found)


def _figures(file: DataFile, keys: dict[str, tuple[str, int]], rows: pl.DataFrame, measure: str) -> pl.DataFrame:
    """Total and largest of the absolute values of each cell."""
    value = pl.col(measure).cast(pl.Float64).abs().alias("value")
    source = file.matching(keys, rows, value).filter(pl.col("value").is_finite())
    figures = [pl.col("value").sum().alias("total"), pl.col("value").max().alias("largest")]
    return (source.group_by(list(keys)).agg(figures) if keys else source.select(figures)).collect(engine=file.engine)


def least_share(shares: Iterable[tuple[int, float]], p_percent: float) -> tuple[float, int]:
    """The smallest share from which a rule of dominance could apply, and of how many units at most.

    (n, k) applies from k percent; p % applies where the two largest leave less than p percent of the largest, so that
    they hold at least 100 / (100 + p) of the total.
    """
    rules = [(k / 100, n) for n, k in shares] + ([(100 / (100 + p_percent), 2)] if p_percent else [])
    return min(k for k, _ in rules), max(n for _, n in rules)
