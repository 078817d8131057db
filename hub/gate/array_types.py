"""Types of numbers that an array may hold, by the names that the safetensors format gives them.

Types of fewer than 16 bits for fractions, and complex numbers, are not read: no check could compare them with data.
"""

from __future__ import annotations

from enum import StrEnum


class ArrayType(StrEnum):
    """What each number of an array is."""

    BOOL = "BOOL"
    U8 = "U8"
    I8 = "I8"
    U16 = "U16"
    I16 = "I16"
    U32 = "U32"
    I32 = "I32"
    U64 = "U64"
    I64 = "I64"
    F16 = "F16"
    BF16 = "BF16"
    F32 = "F32"
    F64 = "F64"

    @property
    def is_fraction(self) -> bool:
        """Whether its numbers have digits behind the point."""
        return self in (ArrayType.F16, ArrayType.BF16, ArrayType.F32, ArrayType.F64)

    @property
    def size(self) -> int:
        """Bytes of one number."""
        return 1 if self is ArrayType.BOOL else int(self.value.lstrip("BFIU")) // 8

    @property
    def digits(self) -> int:
        """Significant decimal digits that a fraction of this type keeps in any case."""
        return {ArrayType.BF16: 2, ArrayType.F16: 3, ArrayType.F32: 6}.get(self, 15)
