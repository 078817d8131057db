"""Columns drawn from noisy counts of their own values, each by itself: no column goes with another.

Invariants:

* only the counts of each column's classes are read, and noise is added to every one of them, empty ones too;
* one privacy unit changes one count of a column by one, so that the noise of ``epsilon`` covers it;
* what is drawn afterwards is drawn from the noisy counts alone, and costs no more privacy.
"""

from __future__ import annotations

import math
from fractions import Fraction
from random import Random
from secrets import randbits
from typing import Any

import polars as pl

from hub.sandbox.column_domain import Domain
from hub.sandbox.count_noise import discrete_laplace

SELDOM = 50
"""Of so many columns, one has a class by noise alone."""


def one_row_each(rows: pl.DataFrame, unit: str) -> pl.DataFrame:
    """One row of each privacy unit, by chance; rows of no known unit are left out, since nobody could say of whom."""
    if not unit:
        return rows
    known = rows.filter(pl.col(unit).is_not_null())
    return known.sample(fraction=1.0, shuffle=True, seed=randbits(63)).unique(subset=unit, keep="first")


def noisy_counts(rows: pl.DataFrame, column: str, domain: Domain, epsilon: Fraction) -> list[int]:
    """How many rows each class of a column has, with noise; the last is of what is missing."""
    number = pl.when(pl.col(column).is_null()).then(domain.missing).otherwise(domain.number).alias("class")
    counted = dict(rows.select(number).drop_nulls().group_by("class").len().iter_rows())
    return [counted.get(at, 0) + discrete_laplace(epsilon) for at in range(domain.classes + 1)]


def likely(counts: list[int], epsilon: Fraction) -> list[int]:
    """The counts that noise alone would seldom make; where there is none, the largest."""
    least = math.log(SELDOM * len(counts)) / float(epsilon)
    kept = [count if count > least else 0 for count in counts]
    return kept if any(kept) else [int(count == max(counts)) for count in counts]


def drawn(name: str, kind: Any, domain: Domain, counts: list[int], size: int, random: Random) -> pl.Series:
    """So many values of a column, by the counts."""
    classes = random.choices(range(len(counts)), weights=counts, k=size)
    values = [None if at == domain.missing else domain.draw(at, random) for at in classes]
    # A value that the type has no room for is missing.
    return pl.Series(name, values, strict=False).cast(kind, strict=False)
