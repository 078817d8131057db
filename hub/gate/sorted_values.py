"""Where a few values stand among many that are sorted already, without a look at all of these."""

from __future__ import annotations

import polars as pl


def places_among(values: pl.Series, known: pl.Series) -> pl.Series:
    """Return for each value its place in ``known``, or null; ``known`` is sorted, and has each value once."""
    if known.len() == 0:
        return pl.Series([None] * values.len(), dtype=pl.UInt32)
    at = known.search_sorted(values, side="left").clip(0, known.len() - 1)
    is_there = (known.gather(at) == values).fill_null(value=False)
    return at.zip_with(is_there, pl.Series([None], dtype=at.dtype))


def are_among(values: pl.Series, known: pl.Series) -> pl.Series:
    """Return for each value whether ``known`` has it; what is missing is not there."""
    return places_among(values, known).is_not_null()
