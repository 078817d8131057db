"""Facts about what arrays say as text: each whole number that a type holds, and the letters that codes spell."""

from __future__ import annotations

import numpy as np
import pytest

from hub.gate.array_types import ArrayType
from hub.gate.array_views import WIDEST, grids, shown, text_of_arrays
from hub.gate.arrays import Numbers, array_of
from hub.gate.fragments import ArraysFragment


def said(numbers: Numbers, kind: ArrayType) -> list[str]:
    return text_of_arrays(ArraysFragment(arrays=(array_of("w", numbers, kind),))).splitlines()


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (ArrayType.U16, 54_321),
        (ArrayType.I32, -2_000_000_001),
        (ArrayType.U32, 4_000_000_001),
        (ArrayType.I64, 2**60 + 1),
    ],
)
def test_every_digit_of_a_whole_number_is_shown(kind: ArrayType, number: int) -> None:
    assert shown(array_of("w", np.array([number, 0]), kind)).tolist() == [str(number), "0"]
    assert str(number) in said(np.array([number, 0]), kind)


def test_whole_numbers_among_fractions_are_said_as_far_as_they_are_exact() -> None:
    assert said(np.array([3.0, 0.5, 1e300, -7.0]), ArrayType.F64) == ["w", "-7", "3"]


def test_codes_of_letters_are_spelled() -> None:
    assert "Acacia Bouleau" in said(np.array([*map(ord, "Acacia Bouleau")]), ArrayType.U8)


@pytest.mark.parametrize("outside", [-1, 0x110000])
def test_numbers_that_are_no_characters_spell_nothing(outside: int) -> None:
    assert sorted(said(np.array([outside, *map(ord, "Acacia Bouleau")]), ArrayType.I64)) == sorted(
        {"w", str(outside), *(str(ord(letter)) for letter in "Acacia Bouleau")}
    )


def widths(*shape: int) -> set[int]:
    array = array_of("w", np.arange(np.prod(shape)).reshape(shape), ArrayType.I64)
    return {len(titles) for titles, _ in grids(ArraysFragment(arrays=(array,)))}


def test_rows_of_an_array_go_along_its_last_axis() -> None:
    assert widths(70, 3, 4) == {4}


def test_a_wide_array_is_cut_at_sixty_columns() -> None:
    assert WIDEST == 60
    assert widths(100, 61) == {60, 1}


def test_single_precision_is_shown_with_its_own_digits() -> None:
    assert shown(array_of("w", np.array([0.1]), ArrayType.F32)).tolist() == ["0.1"]
