"""Facts about dressed numbers: beside its number each cell says the same, or a steward reads it."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.exports import Severity


@pytest.mark.parametrize(
    ("cells", "is_read"),
    [
        (("10 km", "20 km"), False),
        (("10", "20 km"), False),
        (("10", "20"), False),
        (("10 km", "20 m"), True),
        (("10 (5)", "20 (5)"), True),
        (("north", "south"), False),
    ],
)
def test_what_differs_beside_numbers_or_has_digits_is_read(gate: Any, cells: tuple[str, str], is_read: bool) -> None:
    judged = gate.without_data().judge("t.csv", f"area,way\nA,{cells[0]}\nB,{cells[1]}\n")
    found = [f for f in judged.findings if f.check == "dressed-numbers"]
    assert [(f.severity, f.place) for f in found] == ([(Severity.REVIEW, "t.csv, 1 column(s)")] if is_read else [])


def test_columns_are_counted_and_not_named(gate: Any) -> None:
    judged = gate.without_data().judge("t.csv", "area,way,time\nA,1 km,1 h\nB,2 m,2 min\n")
    (found,) = [f for f in judged.findings if f.check == "dressed-numbers"]
    assert found.place == "t.csv, 2 column(s)"
