"""Numbers of arrays: from the bytes that a fragment holds, and back."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt

from hub.gate.array_types import ArrayType
from hub.gate.fragments import ArrayPart

Numbers = npt.NDArray[Any]

_STORED = {
    ArrayType.BOOL: "u1",
    ArrayType.U8: "u1",
    ArrayType.I8: "i1",
    ArrayType.U16: "<u2",
    ArrayType.I16: "<i2",
    ArrayType.U32: "<u4",
    ArrayType.I32: "<i4",
    ArrayType.U64: "<u8",
    ArrayType.I64: "<i8",
    ArrayType.F16: "<f2",
    ArrayType.BF16: "<u2",
    ArrayType.F32: "<f4",
    ArrayType.F64: "<f8",
}
_LARGEST = {
    ArrayType.F16: 65504.0,
    ArrayType.BF16: float(np.array([0x7F7F0000], dtype="<u4").view("<f4")[0]),
    ArrayType.F32: float(np.finfo(np.float32).max),
    ArrayType.F64: float(np.finfo(np.float64).max),
}


def from_bytes(content: bytes, kind: ArrayType, shape: tuple[int, ...]) -> Numbers:
    """Return the numbers that little-endian bytes hold; fractions as doubles, which hold each of them exactly."""
    stored = np.frombuffer(content, dtype=_STORED[kind])
    if kind is ArrayType.BF16:
        stored = (stored.astype("<u4") << 16).view("<f4")
    if not kind.is_fraction:
        return stored.reshape(shape)
    with np.errstate(invalid="ignore"):  # some NaN are told to raise when they are converted; the reader refuses all
        return stored.astype(np.float64).reshape(shape)


def to_bytes(numbers: Numbers, kind: ArrayType) -> bytes:
    """Return numbers as little-endian bytes; a fraction becomes the nearest that the type has, never an infinity."""
    if not kind.is_fraction:
        return numbers.astype(_STORED[kind]).tobytes()
    held = np.clip(numbers, -_LARGEST[kind], _LARGEST[kind])
    if kind is not ArrayType.BF16:
        return held.astype(_STORED[kind]).tobytes()
    bits = held.astype("<f4").view("<u4").astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def numbers_of(array: ArrayPart) -> Numbers:
    """Return the numbers of an array, in its shape."""
    return from_bytes(base64.b64decode(array.data, validate=True), array.type, array.shape)


def array_of(name: str, numbers: Numbers, kind: ArrayType) -> ArrayPart:
    """Return numbers as the part of a fragment."""
    data = base64.b64encode(to_bytes(numbers, kind)).decode()
    return ArrayPart(name=name, type=kind, shape=tuple(map(int, numbers.shape)), data=data)


def rounded(numbers: Numbers, digits: int) -> Numbers:
    """Return fractions with at most so many significant digits, and no zero below zero."""
    shown = [float(f"{number:.{digits - 1}e}") + 0.0 for number in numbers.ravel().tolist()]
    return np.array(shown, dtype=np.float64).reshape(numbers.shape)
