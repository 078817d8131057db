"""Facts about columns under another scale: what is one, whatever rounded it, and what only lies near one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from hub.gate.affine import FEWEST, held, is_image, parts
from hub.gate.array_types import ArrayType
from hub.gate.arrays import Numbers, array_of, numbers_of, rounded
from hub.gate.datasets import DataFile

COLUMN = np.random.default_rng(3).lognormal(9, 0.4, 60).round(2)


def is_column(numbers: Numbers, known: Numbers, kind: ArrayType = ArrayType.F64) -> bool:
    found = held(array_of("w", numbers, kind), digits=5)
    assert found is not None
    return is_image(found.numbers, known, found.error)


@pytest.mark.parametrize(
    "decimals",
    [0, 1, 2, 4],
)
def test_a_scaled_column_is_one_at_any_number_of_decimals(decimals: int) -> None:
    assert is_column(np.round(0.5 * COLUMN + 100, decimals), COLUMN)


@pytest.mark.parametrize("kind", [ArrayType.F16, ArrayType.BF16, ArrayType.F32, ArrayType.F64])
@pytest.mark.parametrize("least", [0.001, 1.0, 4.0])
def test_a_scaled_column_is_one_in_any_type_and_size(kind: ArrayType, least: float) -> None:
    """Numbers of few bytes have many decimals, and yet show few digits."""
    assert is_column(numbers_of(array_of("w", COLUMN * least / COLUMN.min(), kind)), COLUMN, kind)


@pytest.mark.parametrize("kind", [ArrayType.BF16, ArrayType.F32, ArrayType.F64])
def test_a_large_scaled_column_is_one_in_any_type(kind: ArrayType) -> None:
    assert is_column(numbers_of(array_of("w", COLUMN * 33_000 / COLUMN.min(), kind)), COLUMN, kind)


def test_a_scaled_column_is_one_after_other_types_and_grids() -> None:
    large = COLUMN * 40_000 / COLUMN.min()
    assert is_column(large.astype(np.float32).astype(np.float64), COLUMN)
    assert is_column(np.round(large * 256) / 256, COLUMN)


def test_a_scaled_column_is_one_when_it_was_rounded_to_tens() -> None:
    column = np.random.default_rng(5).uniform(2_000, 9_000, 60).round(2)
    assert is_column(rounded(column * 1e3, 5), column)


def test_whole_numbers_of_a_column_are_one_up_to_the_rounding() -> None:
    whole = np.round(COLUMN).astype(np.int64)
    assert is_column(whole, COLUMN, ArrayType.I64)
    assert not is_column(whole + np.tile([0, 3, -3], 20), COLUMN, ArrayType.I64)


def test_numbers_of_few_decimals_are_no_column_because_they_are_small() -> None:
    small = np.random.default_rng(4).random(60).round(2)
    assert not is_column(small, COLUMN)


def test_nothing_is_an_image_of_a_column_of_one_value() -> None:
    assert not is_column(COLUMN, np.full(60, 7.0))


@pytest.mark.parametrize("slope", [0.37, 0.5, 1.7])
def test_a_column_with_a_few_large_values_is_one_up_to_the_rounding(slope: float) -> None:
    """Thirty times as large as usual, a number of two decimals is less exact, and shows them still."""
    column = np.where(np.arange(60) % 20 == 7, COLUMN * 30, COLUMN).round(2)
    assert is_column(np.round(slope * column + 100, 2), column)


def test_a_part_of_a_column_is_met_in_numbers_of_four_bytes() -> None:
    """They show as many decimals as their digits leave, and those of the column are looked up at as many."""
    column = np.random.default_rng(6).uniform(20_000, 90_000, 400).round(2)
    file = DataFile("d", "d.parquet", pl.LazyFrame({"pay": column}), "")
    array = held(array_of("w", column[100:140], ArrayType.F32), digits=5)
    assert array is not None
    ((number, values),) = parts({4: array}, file, "pay", FEWEST)
    assert number == 4
    assert values.cast(pl.Float64).to_list() == pytest.approx(column[100:140], abs=0.06)
