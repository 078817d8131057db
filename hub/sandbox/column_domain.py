"""Domains: the classes in which a column's values are counted, known before anybody looks at a value.

Invariants:

* a domain follows from the column's type, or from what its owner declared, and from no value of the dataset;
* every value belongs to one class or to none, so that one row changes one count;
* what is drawn from a class is a value of that class, whether or not any row ever had it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import polars as pl

from datasets_mount.synthetic import range_edges

FINE = 16
"""Whole numbers up to this are a class each."""
LARGEST_POWER = 40
SMALLEST_POWER = -10
SMALLEST = 2.0**-60
"""What lies between zero and this counts as zero."""
FIRST_YEAR, LAST_YEAR = 1900, 2100


@dataclass(frozen=True, slots=True)
class Domain:
    """So many classes; ``number`` is the expression of a value's class, null for one outside; ``draw`` makes a value.

    A missing value is a class of its own, the last one.
    """

    classes: int
    number: pl.Expr
    draw: Callable[[int, Random], object]

    @property
    def missing(self) -> int:
        """The class of what is missing."""
        return self.classes


def domain_of(name: str, kind: Any) -> Domain | None:
    """Return the domain that a column's type alone has, or None where it has none: of texts, nothing is known."""
    column = pl.col(name)
    if kind == pl.Boolean:
        return Domain(2, column.cast(pl.Int64), lambda n, _: n == 1)
    if kind.is_integer() or kind.is_float():
        edges = _whole_edges(kind) if kind.is_integer() else _float_edges()
        return _between(column.cast(pl.Float64), edges, whole=kind.is_integer())
    if kind == pl.Date:
        return _years(column, lambda day: day)
    if kind == pl.Datetime:
        return _years(column, lambda day: datetime(day.year, day.month, day.day))
    return None


def declared_values(name: str, values: Sequence[str]) -> Domain:
    """A list of values, each a class: the codes of a published code list, for example."""
    column = pl.col(name).cast(pl.String)
    number = column.replace_strict(list(values), list(range(len(values))), default=None, return_dtype=pl.Int64)
    return Domain(len(values), number, lambda n, _: values[n])


def declared_range(name: str, low: float, high: float, *, whole: bool) -> Domain:
    """Numbers from ``low`` to ``high``, in classes of equal width."""
    edges = range_edges(low, high)
    if whole:
        edges = sorted({float(int(edge)) for edge in (*edges[:-1], high + 1)})
    return _between(pl.col(name).cast(pl.Float64), edges, whole=whole)


def _whole_edges(kind: Any) -> list[float]:
    low, high = (int(pl.select(bound).item()) for bound in (kind.min(), kind.max()))
    powers = [float(2**power) for power in range(5, LARGEST_POWER)]
    fine = [float(number) for number in range(-FINE, FINE + 1)]
    edges = [-power for power in reversed(powers)] + fine + powers
    edges = [edge for edge in edges if low <= edge <= high]
    # The last class of a narrow type ends with its largest number.
    return [*edges, float(high + 1)] if high < powers[-1] else edges


def _float_edges() -> list[float]:
    powers = [2.0**power for power in range(SMALLEST_POWER, LARGEST_POWER)]
    return [-power for power in reversed(powers)] + [0.0, SMALLEST, *powers]


def _between(value: pl.Expr, edges: list[float], *, whole: bool) -> Domain:
    """Classes from each edge to the next; what lies beyond the outer ones is in none."""
    number = pl.when(value.is_finite()).then(pl.sum_horizontal(*(value >= edge for edge in edges)).cast(pl.Int64) - 1)
    classes = len(edges) - 1

    def draw(at: int, random: Random) -> object:
        low, high = edges[at], edges[at + 1]
        if high == SMALLEST:
            return 0.0
        return _round_number(low, high, random, whole=whole)

    inside = pl.when((value >= edges[0]) & (value < edges[-1])).then(number)
    return Domain(classes, inside, draw)


def _round_number(low: float, high: float, random: Random, *, whole: bool) -> float:
    """A number from ``low`` to below ``high`` with about three places that tell: more could look like somebody's."""
    places = 2 - math.floor(math.log10(high - low))
    places = min(places, 0) if whole else places
    step = 10.0**-places
    first, last = math.ceil(low / step), math.ceil(high / step) - 1
    number = round(random.randint(first, max(first, last)) * step, places)
    return int(number) if whole else number


def _years(column: pl.Expr, made: Callable[[date], object]) -> Domain:
    year = column.dt.year().cast(pl.Int64)
    number = pl.when(year.is_between(FIRST_YEAR, LAST_YEAR)).then(year - FIRST_YEAR)

    def draw(at: int, random: Random) -> object:
        return made(date(FIRST_YEAR + at, 1, 1) + timedelta(days=random.randrange(365)))

    return Domain(LAST_YEAR - FIRST_YEAR + 1, number, draw)
