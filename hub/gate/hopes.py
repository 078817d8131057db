"""What rows of a table could say of rows of a dataset, before any row of the dataset is looked at."""

from __future__ import annotations

import math

import polars as pl

from hub.gate.datasets import DataFile

_SLACK = 1e-6
"""What rounding may take from a sum of bits."""


def strongest(excess: pl.DataFrame, height: int, needed: float) -> list[int]:
    """Return the strongest rows, if together they say enough beyond the choice of so many rows among all."""
    ordered = excess.sort("excess", "row", descending=[True, False])
    total, best, best_at = 0.0, needed, 0
    for at, bits in enumerate(ordered["excess"].to_list(), start=1):
        total += bits
        chosen = (math.lgamma(height + 1) - math.lgamma(at + 1) - math.lgamma(height - at + 1)) / math.log(2)
        if total - chosen >= best:
            best, best_at = total - chosen, at
    return ordered["row"].to_list()[:best_at]


def spare(file: DataFile) -> float:
    """The bits that say which of the dataset's rows it is."""
    return math.log2(max(file.height, 2))


def hopeful_rows(hits: pl.DataFrame, file: DataFile) -> pl.DataFrame:
    """Rows that would say more than chance if all of their values stood in one row of the dataset."""
    best = hits.group_by("row", "key").agg(pl.col("bits").max())
    sums = best.group_by("row").agg((pl.col("bits").sum() - spare(file)).alias("hope"), pl.len().alias("columns"))
    return sums.filter((pl.col("hope") > 0.0) & (pl.col("columns") > 1)).drop("columns")


def at_most(hits: pl.DataFrame, hopeful: pl.DataFrame, file: DataFile) -> pl.DataFrame:
    """What hopeful rows can say at most.

    Different columns of the table show different columns of the dataset, so that a row says no more than the most
    telling cell of each of these. A combination of group columns may say more than its parts; where two of them can be
    met, the hope stays as it is.
    """
    groups = [column for column in hits["column"].unique() if file.is_grouping(column)]
    in_group = pl.col("column").is_in(groups)
    own = hits.group_by("row", "column").agg(pl.col("bits").max())
    sums = own.group_by("row").agg(
        (pl.col("bits").sum() - spare(file) + _SLACK).alias("most"),
        pl.len().alias("columns"),
        in_group.sum().alias("groups"),
    )
    keys = hits.filter(in_group).group_by("row").agg(pl.col("key").n_unique().alias("keys"))
    joined = hopeful.join(sums, on="row", how="left").join(keys, on="row", how="left")
    is_combined = (pl.col("groups") > 1) & (pl.col("keys") > 1)
    most = pl.when(is_combined).then("hope").otherwise(pl.min_horizontal("hope", "most"))
    excess = joined.filter(pl.col("columns") > 1).select("row", most.alias("excess"))
    return excess.filter(pl.col("excess") > 0.0)
