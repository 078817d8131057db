"""Columns of few values as small whole numbers: what has the same number has the same value.

Numbers of some columns combine to one for each row, so that combinations, and what stands behind each of them, are
counted without comparing values again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from hub.gate.arrays import Numbers

Engine = Literal["in-memory", "streaming"]
"""How queries run: what is kept is quicker at once, what is not goes by in pieces."""
MOST_VALUES = 4_096
_COUNTED_AT_ONCE = 2**14
MOST_COMBINATIONS = 2**20
"""Combinations that are told apart, whether they occur or not."""


@dataclass(frozen=True, slots=True, eq=False)
class CodedColumn:
    """Each row's place in ``values``, which are all different; ``all_occur`` where every one is known to occur."""

    codes: Numbers
    values: pl.Series
    all_occur: bool

    def rows(self) -> Numbers:
        """How many rows have each value; counted in pieces, since NumPy makes each of them eight bytes wide."""
        pieces = (self.codes[start : start + _COUNTED_AT_ONCE] for start in range(0, self.codes.size, _COUNTED_AT_ONCE))
        found = np.zeros(self.values.len(), np.int64)
        for piece in pieces:
            found += np.bincount(piece, minlength=found.size)
        return found


def can_be_coded(kind: pl.DataType) -> bool:
    """Whether a column's values are texts, truths, whole numbers or days."""
    return kind.is_integer() or isinstance(kind, (pl.String, pl.Boolean, pl.Date))


def coded(rows: pl.LazyFrame, known: pl.Series, engine: Engine) -> CodedColumn | None:
    """Return the codes of such a column; None where it has many values, or whole numbers far apart.

    ``known``, which has the column's name, has values that it surely has, and mostly all of them. ``engine`` is how
    the rows are read.
    """
    column, kind = pl.col(known.name), known.dtype
    if isinstance(kind, pl.String):
        return _coded_texts(rows, column, known, engine)
    is_truth = isinstance(kind, pl.Boolean)
    numbers = rows.select(column.cast(pl.UInt8) if is_truth else column.to_physical()).collect(engine=engine)
    return _coded_numbers(numbers.to_series(), pl.Series([False, True]) if is_truth else None, known)


def _coded_texts(rows: pl.LazyFrame, column: pl.Expr, known: pl.Series, engine: Engine) -> CodedColumn | None:
    """Texts are looked up while they are read, so that they are never held."""
    different = column.drop_nulls().unique()
    told: tuple[tuple[pl.LazyFrame, Engine], ...] = ((known.to_frame().lazy(), "in-memory"), (rows, engine))
    for values, how in told:
        found = values.select(different).collect(engine=how).to_series()
        if found.len() > MOST_VALUES:
            return None
        place = column.cast(pl.Enum(found), strict=False).to_physical().alias("place")
        looked = rows.select(place, column.is_null().alias("is_missing")).collect(engine=engine)
        if looked["place"].null_count() == looked["is_missing"].sum():
            return _coded_numbers(looked["place"], found, found)
    return None


def _coded_numbers(numbers: pl.Series, values: pl.Series | None, known: pl.Series) -> CodedColumn | None:
    """Codes of whole numbers that lie near each other; the last one stands for what is missing, if something is.

    ``values`` are those of the numbers from zero on; without them, the numbers are values of that kind themselves.
    """
    low, high = (numbers.min(), numbers.max()) if values is None else (0, values.len() - 1)
    if not isinstance(low, int) or not isinstance(high, int) or high - low >= MOST_VALUES:
        return None
    if values is None:
        values = pl.Series(list(range(low, high + 1)), dtype=numbers.dtype).cast(known.dtype)
    all_occur = known.drop_nulls().n_unique() == values.len()
    codes = _beyond(numbers, low, np.uint8 if values.len() < 2**8 else np.uint16)
    if numbers.null_count():
        codes[numbers.is_null().to_numpy()] = values.len()
        values = values.extend_constant(None, 1)
    return CodedColumn(codes, values, all_occur)


def _beyond(numbers: pl.Series, low: int, kind: type[np.integer[Any]]) -> Numbers:
    """Whole numbers without what all have; without a copy of numbers that lie in several pieces."""
    found = np.empty(numbers.len(), kind)
    at = 0
    for chunk in numbers.get_chunks():
        part = found[at : at + chunk.len()]
        known = (chunk.fill_null(low) if chunk.null_count() else chunk).to_numpy()
        if low:
            np.subtract(known, low, out=part, dtype=np.int64, casting="unsafe")
        else:
            np.copyto(part, known, casting="unsafe")
        at += chunk.len()
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Combinations:
    """For each row the number of its combination, and what the numbers stand for: the keys of each column in turn."""

    numbers: Numbers
    count: int
    keys: dict[str, pl.Series]

    def named(self, numbers: Numbers) -> dict[str, pl.Series]:
        """The keys of some combinations."""
        places = np.unravel_index(numbers, [key.len() for key in self.keys.values()])
        found = {}
        for (name, key), place in zip(self.keys.items(), places, strict=True):
            known = key.to_list()
            found[name] = pl.Series(name, [known[at] for at in place.tolist()], key.dtype)
        return found


def combinations_of(columns: Sequence[tuple[str, CodedColumn, pl.Series]]) -> Combinations | None:
    """Combine some columns, one at least; None beyond so many combinations.

    Beside each column's name stand the keys that its values are compared by, which several values may share.
    """
    keys, numbers, count = {}, np.empty(0, np.intp), 1
    for name, column, asked in columns:
        keys[name] = asked.unique(maintain_order=True)
        size = keys[name].len()
        count *= size
        if count > MOST_COMBINATIONS:
            return None
        codes = column.codes if size == asked.len() else _places(asked, keys[name])[column.codes]
        if len(keys) == 1:
            numbers = codes.astype(np.intp)
        else:
            numbers *= size
            numbers += codes
    return Combinations(numbers, count, keys)


def _places(asked: pl.Series, different: pl.Series) -> Numbers:
    """Where each key stands among the different ones."""
    place = {key: at for at, key in enumerate(different.to_list())}
    return np.array([place[key] for key in asked.to_list()], np.int32)


def rows_in(of: Combinations) -> Numbers:
    """How many rows each combination has."""
    return np.bincount(of.numbers, minlength=of.count)


def units_in(of: Combinations, units: pl.Series, taken: Numbers | None = None) -> Numbers | None:
    """How many different whole numbers stand behind each combination; None where these are too far apart.

    ``taken`` says which rows count; those without a unit never do. Combination and unit make one number: what is alike
    stands together once these are sorted.
    """
    low, high = units.min(), units.max()
    if not isinstance(low, int) or not isinstance(high, int):
        return np.zeros(of.count, np.int64)
    span = high - low + 1
    if span * of.count >= 2**63:
        return None
    # Numbers of half the width are sorted in half the time.
    width: type[np.signedinteger[Any]] = np.int32 if span * of.count < 2**31 else np.int64
    pairs: Numbers = of.numbers.astype(width)
    pairs *= span
    pairs += _beyond(units, low, width)
    if units.null_count():
        known = units.is_not_null().to_numpy()
        taken = known if taken is None else known & taken
    if taken is not None:
        pairs = pairs[taken]
    pairs.sort()
    ends = np.searchsorted(pairs, np.arange(of.count + 1, dtype=width) * width(span))
    filled = ends[:-1] < ends[1:]
    is_first = np.ones(pairs.size, np.bool_)
    np.not_equal(pairs[1:], pairs[:-1], out=is_first[1:])
    found: Numbers = np.zeros(of.count, np.int64)
    if pairs.size:
        found[filled] = np.add.reduceat(is_first, ends[:-1][filled], dtype=np.int64)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Of each combination: how many rows have a number, and these numbers' sum, least and largest."""

    rows: Numbers
    total: Numbers
    least: Numbers
    largest: Numbers
    counted: Numbers | None
    """Which rows have a number; None where all have."""


def totals_in(of: Combinations, values: pl.Series, all_rows: Numbers) -> Totals:
    """Sum up the finite numbers of a column; ``all_rows`` is how many rows each combination has."""
    numbers, value = of.numbers, values.cast(pl.Float64).to_numpy()
    is_finite = np.isfinite(value)
    taken = None if is_finite.all() else is_finite
    if taken is not None:
        numbers, value = numbers[taken], value[taken]
    least, largest = np.full(of.count, np.inf), np.full(of.count, -np.inf)
    np.minimum.at(least, numbers, value)
    np.maximum.at(largest, numbers, value)
    rows = all_rows if taken is None else np.bincount(numbers, minlength=of.count)
    return Totals(rows, np.bincount(numbers, value, of.count), least, largest, taken)
