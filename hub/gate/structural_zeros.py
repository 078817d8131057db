"""Structural zeros: combinations of values that the dataset's owner declares impossible."""

from __future__ import annotations

from collections import Counter

import polars as pl

from hub.gate.cells import table_key
from hub.gate.context import Context
from hub.gate.tabulation import Dimension, Tabulation


def zero_rows(tabulation: Tabulation, context: Context) -> list[int]:
    """Rows whose combination of values is declared impossible."""
    found: set[int] = set()
    for zero in context.structural_zeros(tabulation.file):
        found |= _matching(tabulation, zero)
    return sorted(found)


def forced_rows(tabulation: Tabulation, category: Dimension, context: Context) -> list[int]:
    """Rows whose group can be in one category only, since each other one is declared impossible for it."""
    others = tabulation.file.distinct(category.column) - 1
    ruled_out: Counter[int] = Counter()
    for zero in context.structural_zeros(tabulation.file):
        if category.column in zero and len(zero) > 1:
            ruled_out.update(_matching(tabulation, {c: v for c, v in zero.items() if c != category.column}))
    return sorted(row for row, count in ruled_out.items() if count >= others)


def _matching(tabulation: Tabulation, zero: dict[str, str]) -> set[int]:
    """Rows that have all of some values."""
    by_column = {d.column: d for d in tabulation.dimensions}
    if not set(zero) <= set(by_column):
        return set()
    same = pl.all_horizontal(*(_is_value(tabulation, by_column[name], value) for name, value in zero.items()))
    rows = tabulation.view.frame.select(pl.int_range(1, pl.len() + 1).alias("row").filter(same))
    return set(rows["row"].to_list())


def _is_value(tabulation: Tabulation, dimension: Dimension, value: str) -> pl.Expr:
    """Whether a row's dimension is a value; one that it sums over is none."""
    value_class = tabulation.file.value_class(dimension.column)
    wanted = pl.DataFrame({"v": [value]}).select(table_key(pl.col("v"), value_class, dimension.decimals)).item()
    key = table_key(pl.col(dimension.key), value_class, dimension.decimals)
    return (key == wanted).fill_null(value=False) if wanted is not None else key.is_null()
