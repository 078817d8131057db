"""Shares: what part of its line, or of the whole, a cell holds, by units and by rows."""

from __future__ import annotations

import polars as pl

from hub.gate.datasets import UNIT
from hub.gate.tabulation import Dimension, Tabulation, join_rows, keys_of


def shares_of(tabulation: Tabulation) -> pl.DataFrame:
    """Return for each row its shares, as fractions and in percent: of the whole, and of each line that it lies in."""
    found = tabulation.cells.select("row")
    lines: tuple[Dimension | None, ...] = (None, *tabulation.dimensions)
    for number, line in enumerate(lines):
        base = _bases(tabulation, line)
        cells = tabulation.cells.select("row", "rows", "units").join(base, on="row")
        parts = [(pl.col(name) / pl.col(f"base_{name}")).alias(f"share_{number}_{name}") for name in ("rows", "units")]
        shares = cells.select("row", *parts)
        percents = [pl.col(c).alias(f"{c}_percent") for c in shares.columns if c != "row"]
        found = found.join(shares.with_columns(percents), on="row")
    return found


def _bases(tabulation: Tabulation, summed: Dimension | None) -> pl.DataFrame:
    """Rows and units of each cell's line: its groups without one dimension, or without any."""
    parts = []
    for dimensions, rows in tabulation.groups:
        kept = tuple(d for d in dimensions if summed is not None and d is not summed)
        on = [d.key for d in kept]
        counts = [pl.len().alias("base_rows"), pl.col(UNIT).drop_nulls().n_unique().alias("base_units")]
        source = tabulation.file.matching(keys_of(kept), rows)
        grouped = (source.group_by(on).agg(counts) if on else source.select(counts)).collect()
        parts.append(join_rows(rows.select("row", *on), grouped, on).select("row", "base_rows", "base_units"))
    return pl.concat(parts)
