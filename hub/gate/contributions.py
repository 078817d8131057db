"""What stands behind each cell: contributions of units or of their groups, and counts of what they have."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from hub.gate.datasets import UNIT
from hub.gate.tabulation import Tabulation, join_rows, keys_of

OWNER = "__owner"


def contributions(
    tabulation: Tabulation, measure: str, counts: tuple[int, ...], wanted: pl.DataFrame, group: str = ""
) -> pl.DataFrame:
    """Return for each wanted row the units' absolute totals: their sum, and the sums of the n largest for each n.

    Totals are weighted where a weight is declared; with a group column they are the groups' instead of the units'.
    """
    owner = pl.col(group).alias(OWNER) if group else None
    values = [_value(tabulation, measure), *([owner] if owner is not None else [])]
    by = OWNER if group else UNIT
    top = [pl.col("value").top_k(n).sum().alias(f"top_{n}") for n in counts]
    parts = []
    for dimensions, found in tabulation.groups:
        rows = found.join(wanted, on="row", how="semi")
        if rows.height == 0:
            continue
        on = [d.key for d in dimensions]
        owned = tabulation.file.matching(keys_of(dimensions), rows, *values)
        parts.append(
            _aggregated(owned.group_by([*on, by]).agg(pl.col("value").sum()), rows, on, [pl.col("value").sum(), *top])
        )
    figures = ["row", "value", *(f"top_{n}" for n in counts)]
    empty = pl.DataFrame(schema={"row": pl.Int64} | dict.fromkeys(figures[1:], pl.Float64))
    return pl.concat([empty, *(part.select(figures) for part in parts)], how="vertical").rename({"value": "total"})


def per_cell(tabulation: Tabulation, values: Sequence[pl.Expr], aggregates: Sequence[pl.Expr]) -> pl.DataFrame:
    """Return for each row of the table some aggregates of the dataset's rows behind it."""
    parts = []
    for dimensions, rows in tabulation.groups:
        on = [d.key for d in dimensions]
        grouped = tabulation.file.aggregated(keys_of(dimensions), rows, values, aggregates)
        parts.append(join_rows(rows.select("row", *on), grouped, on).drop(on))
    return pl.concat(parts, how="vertical").sort("row")


def _aggregated(source: pl.LazyFrame, rows: pl.DataFrame, on: list[str], aggregates: Sequence[pl.Expr]) -> pl.DataFrame:
    grouped = (source.group_by(on).agg(*aggregates) if on else source.select(*aggregates)).collect()
    return join_rows(rows.select("row", *on), grouped, on)


def _value(tabulation: Tabulation, measure: str) -> pl.Expr:
    value = pl.col(measure).cast(pl.Float64).abs()
    weight = tabulation.weight
    return (value * pl.col(weight).cast(pl.Float64).abs() if weight else value).alias("value")
