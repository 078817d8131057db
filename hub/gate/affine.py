"""Columns of a dataset in an array under another scale: standardised, put between 0 and 1, or scaled in any other way.

An array is looked at as a whole, and by its columns and rows. What is as long as a column of the dataset is compared
with it by the best straight line, record by record and by rank. Of a part of a column only the usual scales can be
undone, since any list of few numbers fits some scale; there, all arrays are looked up in the column at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from hub.gate.arrays import Numbers, numbers_of, rounded
from hub.gate.cells import ValueClass
from hub.gate.datasets import DataFile
from hub.gate.fragments import ArrayPart

FEWEST = 20
_MOST_DECIMALS = 9
_GRIDS = ((10.0, _MOST_DECIMALS), (2.0, 30))
"""Tenths and halves of which numbers may be multiples, up to so many times divided."""
_MOST_DIGITS = 14
_LARGEST = 2.0**53
_ROOM = 20.0
"""How many times finer than the grid of compared values an array's numbers have to be."""
_NEARLY = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """An array's numbers, the significant digits of their type, and how far each may lie off what it was made from."""

    numbers: Numbers
    digits: int
    error: float

    def lines(self, like: Numbers) -> Iterator[Numbers]:
        """Yield an array of this one's shape as a whole, and its columns and rows, where these are long enough."""
        yield like.ravel()
        if like.ndim > 1:
            matrix = like.reshape(-1, like.shape[-1])
            yield from (matrix.T if matrix.shape[0] >= FEWEST else ())
            yield from (matrix if matrix.shape[1] >= FEWEST else ())


def held(array: ArrayPart, digits: int) -> Held | None:
    """Return an array's numbers, if they are enough and differ."""
    numbers = numbers_of(array).astype(np.float64)
    if numbers.size < FEWEST or np.ptp(numbers) == 0:
        return None
    kept = array.type.digits if array.type.is_fraction else _MOST_DIGITS
    return Held(numbers, kept, _error(numbers, array, digits))


def _error(numbers: Numbers, array: ArrayPart, digits: int) -> float:
    """Half of the last digit that the numbers show: in their type, after they were rounded, or on a grid.

    It is the largest of these. What stands in four bytes or two lies on a grid of halves, which has many decimals.
    """
    if not array.type.is_fraction:
        return 0.5
    usual = _usual(numbers)
    is_rounded = bool((numbers == rounded(numbers, digits)).all())
    kept = min(digits if is_rounded else _MOST_DIGITS, array.type.digits)
    trifle = usual * 10.0**-_MOST_DIGITS
    steps = (_step(numbers, base, most, trifle) for base, most in _GRIDS)
    return 0.5 * max(10.0 ** (math.floor(math.log10(usual)) + 1 - kept), *steps)


def _step(numbers: Numbers, base: float, most: int, trifle: float) -> float:
    """The first of 1, 1/base, 1/base², … of which all numbers are multiples; 0 where none of so many is one."""
    steps = (base**-power for power in range(most))
    return next((s for s in steps if np.abs(numbers - np.round(numbers / s) * s).max() <= trifle), 0.0)


def _usual(numbers: Numbers) -> float:
    """How large numbers that are not zero usually are; a few larger ones are less exact, and may be missed."""
    return float(np.median(np.abs(numbers[numbers != 0]))) if numbers.any() else 1.0


def _shown(numbers: Numbers, digits: int) -> int:
    """Decimals that numbers of so many significant digits show, at most nine."""
    whole = math.floor(math.log10(_usual(numbers))) + 1
    return max(min(min(digits, _MOST_DIGITS) - whole, _MOST_DECIMALS), 0)


def number_columns(file: DataFile) -> list[str]:
    """Columns of numbers that are neither groups nor units."""
    named = [c for c in file.schema if file.value_class(c) is ValueClass.NUMBER and c != file.unit]
    return [column for column in named if not file.is_grouping(column)]


def is_image(numbers: Numbers, column: Numbers, error: float) -> bool:
    """Whether a list is a column under a straight line, in its order or sorted; both have one length."""
    pairs = ((numbers, column), (np.sort(numbers), np.sort(column)), (np.sort(-numbers), np.sort(column)))
    return any(_is_straight(one, other, error) for one, other in pairs)


def _is_straight(numbers: Numbers, known: Numbers, error: float) -> bool:
    centred = known - known.mean()
    spread = float(centred @ centred)
    if spread == 0:
        return False
    slope = float(centred @ (numbers - numbers.mean())) / spread
    off = np.abs(numbers - numbers.mean() - slope * centred).max()
    return slope != 0 and bool(off <= 4 * error)


@dataclass(frozen=True, slots=True, eq=False)
class _Try:
    """An array without one scale: its values, and as keys at some decimals of the column."""

    number: int
    values: Numbers
    decimals: int
    keys: Numbers


def parts(arrays: dict[int, Held], file: DataFile, column: str, fewest: int) -> Iterator[tuple[int, pl.Series]]:
    """Yield lists of arrays whose numbers nearly all are values of a column without a scale, as text, by the array."""
    tries = [t for number, array in arrays.items() for t in _tries(number, array, _scales(file, column))]
    for decimals in sorted({t.decimals for t in tries}):
        same = [t for t in tries if t.decimals == decimals]
        # A file that is kept is counted as a whole, whatever is asked.
        wanted = None if file.is_kept else pl.Series(np.unique(np.concatenate([t.keys.ravel() for t in same])))
        met = np.sort(file.counts(column, decimals, wanted)["key"].drop_nulls().to_numpy())
        for one in same if met.size else ():
            hit = met[np.minimum(np.searchsorted(met, one.keys), met.size - 1)] == one.keys
            array = arrays[one.number]
            for numbers, hits in zip(array.lines(one.values), array.lines(hit), strict=True):
                if numbers.size >= fewest and hits.mean() >= _NEARLY and np.unique(numbers).size >= fewest:
                    yield one.number, pl.Series([f"{value:.{decimals}f}" for value in numbers.tolist()])


def _tries(number: int, array: Held, scales: list[tuple[float, float]]) -> Iterator[_Try]:
    """The array as it is, and without each scale that leaves its numbers finer than the grid they are compared on."""
    yield from _try(number, array.numbers, _shown(array.numbers, array.digits))
    for centre, width in scales:
        if width:
            values = array.numbers * width + centre
            told = math.floor(-math.log10(_ROOM * array.error * abs(width)))
            if told >= 0:
                yield from _try(number, values, min(told, _shown(values, _MOST_DIGITS)))


def _try(number: int, values: Numbers, decimals: int) -> Iterator[_Try]:
    keys = np.round(values * 10.0**decimals)
    if np.abs(keys).max() < _LARGEST:
        yield _Try(number, values, decimals, keys.astype(np.int64))


def _scales(file: DataFile, column: str) -> list[tuple[float, float]]:
    """Where a scale has its zero, and how long its unit is: standardised, between 0 and 1, centred."""
    value = pl.col("v")
    figures = {
        "mean": value.mean(),
        "wide": value.std(ddof=0),
        "wider": value.std(ddof=1),
        "least": value.min(),
        "most": value.max(),
    }
    finite = file.select(pl.col(column).cast(pl.Float64).alias("v")).filter(value.is_finite())
    row = finite.select(figure.alias(name) for name, figure in figures.items())
    mean, wide, wider, least, most = (float(part or 0.0) for part in row.collect(engine=file.engine).row(0))
    return [(mean, wide), (mean, wider), (least, most - least), (mean, 1.0)]
