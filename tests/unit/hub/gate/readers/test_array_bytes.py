"""Facts about the bytes of arrays: what they say is found in whatever numbers, and ordinary numbers say nothing."""

from __future__ import annotations

import bz2
import gzip

import numpy as np
import pytest

from hub.gate.array_types import ArrayType
from hub.gate.arrays import Numbers, array_of
from hub.gate.canonical_arrays import write_safetensors
from hub.gate.fragments import ArraysFragment, Fragment, RefusalFragment, TextFragment
from hub.gate.readers.array_bytes import array_bytes
from hub.gate.readers.files import read_file
from hub.gate.refusals import RefusalReason

SENTENCE = b"Acacia Bouleau was here on Monday, and at home."
WHOLE = [kind for kind in ArrayType if not kind.is_fraction and kind is not ArrayType.BOOL]


def fragment(**arrays: tuple[Numbers, ArrayType]) -> ArraysFragment:
    return ArraysFragment(arrays=tuple(array_of(name, numbers, kind) for name, (numbers, kind) in arrays.items()))


def as_numbers(content: bytes, kind: ArrayType, order: str = "<") -> Numbers:
    filled = content + b"\0" * (-len(content) % kind.size)
    code = "u" if kind.value.startswith("U") else "i"
    return np.frombuffer(filled, dtype=f"{order}{code}{kind.size}")


def decoded(part: ArraysFragment) -> tuple[Fragment, ...]:
    return read_file(1, "m.safetensors", write_safetensors(part)).decoded


def texts(part: ArraysFragment) -> str:
    return "\n".join(inner.text for inner in decoded(part) if isinstance(inner, TextFragment))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", WHOLE)
def test_a_text_is_found_in_numbers_of_any_size_and_order(kind: ArrayType, order: str) -> None:
    assert SENTENCE.decode() in texts(fragment(w=(as_numbers(SENTENCE, kind, order), kind)))


def test_a_text_is_found_with_zeros_between() -> None:
    numbers = np.array([int.from_bytes(SENTENCE[at : at + 3], "little") for at in range(0, len(SENTENCE), 3)])
    assert SENTENCE.decode() in texts(fragment(w=(numbers, ArrayType.I64)))


def test_a_text_is_found_over_arrays_of_one_number_each() -> None:
    numbers = as_numbers(SENTENCE, ArrayType.I32)
    parts = {f"n{at:02d}": (np.array([number]), ArrayType.I32) for at, number in enumerate(numbers.tolist())}
    assert SENTENCE.decode() in texts(fragment(**parts))


@pytest.mark.parametrize("kind", [ArrayType.F16, ArrayType.F32, ArrayType.F64])
def test_fractions_that_are_codes_of_letters_are_spelled(kind: ArrayType) -> None:
    codes = np.frombuffer(SENTENCE, dtype="u1").astype(float)
    assert SENTENCE.decode() in texts(fragment(w=(codes, kind)))
    assert decoded(fragment(w=(codes + 0.5, kind))) == ()


def test_what_is_packed_is_unpacked() -> None:
    assert SENTENCE.decode() in texts(fragment(w=(as_numbers(bz2.compress(SENTENCE), ArrayType.I64), ArrayType.I64)))


def test_a_file_in_numbers_of_any_size_is_refused() -> None:
    model = fragment(w=(as_numbers(gzip.compress(SENTENCE), ArrayType.I64), ArrayType.I64))
    (refused,) = read_file(1, "m.safetensors", write_safetensors(model)).fragments
    assert isinstance(refused, RefusalFragment)
    assert refused.reason is RefusalReason.HIDDEN_FILE


@pytest.mark.parametrize("kind", WHOLE)
def test_ordinary_numbers_say_nothing(kind: ArrayType) -> None:
    low, high = (-128, 128) if kind is ArrayType.I8 else (0, 256) if kind is ArrayType.U8 else (0, 30_000)
    numbers = np.random.default_rng(3).integers(low, high, size=5_000)
    assert list(array_bytes(fragment(w=(numbers, kind), v=(numbers[:40] * 0 + 1, kind)))) == []


def test_fewer_than_sixteen_bytes_say_nothing() -> None:
    assert list(array_bytes(fragment(w=(as_numbers(SENTENCE[:8], ArrayType.I64), ArrayType.I64)))) == []
    assert list(array_bytes(fragment(w=(as_numbers(SENTENCE[:16], ArrayType.I64), ArrayType.I64)))) != []


def test_the_array_is_named_by_its_number() -> None:
    none, some = (np.arange(40), ArrayType.U8), (as_numbers(SENTENCE, ArrayType.I32), ArrayType.I32)
    assert {place for place, _ in array_bytes(fragment(v=none, w=some))} == {", array 2"}
