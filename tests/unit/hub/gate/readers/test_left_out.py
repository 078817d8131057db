"""Facts about what a file holds beside what is read of it: counted by kind, in one order."""

from __future__ import annotations

from itertools import permutations

import pytest

from hub.gate.fragments import LeftOut
from hub.gate.readers.left_out import left_out

PARTS = (("tEXt", b"four"), ("eXIf", b""), ("iCCP", b"six..."), ("tEXt", b"2!"))


@pytest.mark.parametrize("parts", [*permutations(PARTS)])
def test_parts_are_told_by_their_kinds_names_whatever_order_they_stand_in(parts: tuple[tuple[str, bytes], ...]) -> None:
    assert left_out(parts) == (
        LeftOut(kind="eXIf", count=1, size=0),
        LeftOut(kind="iCCP", count=1, size=6),
        LeftOut(kind="tEXt", count=2, size=6),
    )
