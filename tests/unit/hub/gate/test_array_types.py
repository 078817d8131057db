"""Facts about the types of numbers in arrays."""

from __future__ import annotations

import numpy as np
import pytest

from hub.gate.array_types import ArrayType

FRACTIONS = {ArrayType.F16: 3, ArrayType.BF16: 2, ArrayType.F32: 6, ArrayType.F64: 15}
SIZES = {1: ("BOOL", "U8", "I8"), 2: ("U16", "I16", "F16", "BF16"), 4: ("U32", "I32", "F32"), 8: ("U64", "I64", "F64")}


def test_each_type_has_a_size() -> None:
    assert {ArrayType(name): size for size, names in SIZES.items() for name in names} == {t: t.size for t in ArrayType}


@pytest.mark.parametrize("kind", ArrayType)
def test_fractions_alone_have_digits_to_bound(kind: ArrayType) -> None:
    assert kind.is_fraction is (kind in FRACTIONS)
    assert kind.digits == FRACTIONS.get(kind, 15)


@pytest.mark.parametrize(("kind", "known"), [("F16", np.float16), ("F32", np.float32), ("F64", np.float64)])
def test_digits_are_those_that_a_type_keeps_in_any_case(kind: str, known: type[np.floating]) -> None:
    assert ArrayType(kind).digits == np.finfo(known).precision
