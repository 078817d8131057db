"""The figures of a cell that the engine recomputes: counts, and for each measure its statistics."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from hub.gate.datasets import UNIT

COUNTS = ("rows", "units")
PLAIN = ("sum", "mean", "min", "max")
"""Statistics that are always at hand, since they cost little."""
MORE = ("median", "std")
"""Statistics that are computed only where a column of the table agrees with none of the plain ones."""
WEIGHT = "weight"
MISSING = "missing"
"""In how many rows of a cell a measure has no value."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What a column of a table shows: an aggregate, of a measure where it is no count."""

    aggregate: str
    measure: str = ""

    def __str__(self) -> str:
        """Name it, as in “mean of income”."""
        return f"{self.aggregate} of {self.measure}" if self.measure else self.aggregate

    @property
    def is_additive(self) -> bool:
        """Whether the figure of a total is the sum of the figures of its parts."""
        return self.aggregate in ("rows", "units", "sum", "weight")


def column_of(aggregate: str, number: int) -> str:
    """Name of the column that holds a statistic of a measure, by the measure's number."""
    return f"{aggregate}_{number}"


def value_columns(measures: Iterable[str], weight: str) -> list[pl.Expr]:
    """The measures' values, finite or null, and the weight of each row."""
    values = [_finite(name).alias(f"value_{i}") for i, name in enumerate(measures)]
    return [*values, _finite(weight).alias(WEIGHT)] if weight else values


def _finite(name: str) -> pl.Expr:
    value = pl.col(name).cast(pl.Float64)
    return pl.when(value.is_finite()).then(value)


def statistics(measures: Iterable[str], names: Iterable[str], weight: str, quantile: float) -> list[pl.Expr]:
    """Expressions of a group: for each measure in how many rows it is missing, and each named statistic of it."""
    found = []
    asked = tuple(names)
    for i, _ in enumerate(measures):
        value = pl.col(f"value_{i}")
        found.append(value.null_count().cast(pl.Int64).alias(column_of(MISSING, i)))
        found += [_statistic(name, value, weight, quantile).alias(column_of(name, i)) for name in asked]
    return found


def units_with_value(number: int) -> pl.Expr:
    """How many units of a group have a value of the measure of that number among ``value_columns``."""
    present = pl.col(UNIT).filter(pl.col(f"value_{number}").is_not_null())
    return present.drop_nulls().n_unique().cast(pl.Int64)


def _statistic(name: str, value: pl.Expr, weight: str, quantile: float) -> pl.Expr:
    weighted = value * pl.col(WEIGHT) if weight else value
    match name:
        case "sum":
            return weighted.sum()
        case "mean" if weight:
            return weighted.sum() / pl.col(WEIGHT).filter(value.is_not_null()).sum()
        case "mean":
            return value.mean()
        case "min":
            return value.min()
        case "max":
            return value.max()
        case "median":
            return value.median()
        case "std":
            return value.std()
        case _:
            return value.quantile(quantile, interpolation="linear")
