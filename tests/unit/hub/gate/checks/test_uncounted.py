"""Facts about parts that have no room: who reaches the bound on what is put together is read by a steward."""

from __future__ import annotations

from typing import Any

import pytest

from hub.domain.exports import Severity
from hub.domain.table_context import TableContext
from hub.gate.checks.uncounted import uncounted_parts
from hub.gate.context import Context
from hub.gate.fragments import TextFragment
from hub.gate.kinds import Kind

HALF, MORE = 26, 55
"""Small texts of which two times as many fit together, and which do not."""


def file(gate: Any, texts: int, first: int = 0, *, with_data: bool = True) -> Context:
    made = Context("a.md", Kind.TEXT, TableContext(), gate.policy, gate.datasets if with_data else ())
    made.parts = tuple(TextFragment(text=f"{first + n:04d}{'x' * 3_990}") for n in range(texts))
    return made


def told(*files: Context) -> list[list[tuple[str, Severity]]]:
    return [[(f.place, f.severity) for f in found] for found in uncounted_parts(files)]


REVIEW = [("a.md", Severity.REVIEW)]


@pytest.mark.parametrize(("own", "others", "is_told"), [(5, 5, False), (MORE, 0, True), (1, MORE, True), (0, 0, False)])
def test_what_is_too_long_together_is_told_at_each_file(gate: Any, own: int, others: int, is_told: bool) -> None:
    known = file(gate, own)
    known.others = (file(gate, others, 1_000),)
    assert told(known) == [REVIEW if is_told else []]


def test_files_of_a_request_count_together_and_those_without_parts_are_not_told(gate: Any) -> None:
    files = (file(gate, HALF), file(gate, HALF, 1_000), file(gate, 0))
    assert told(*files) == [REVIEW, REVIEW, []]
    assert told(files[0], file(gate, 2, 1_000)) == [[], []]


def test_where_no_file_has_a_dataset_nothing_is_told(gate: Any) -> None:
    without = file(gate, MORE, with_data=False)
    assert told(without) == [[]]
    assert told(without, file(gate, 1, 1_000)) == [REVIEW, REVIEW]


def test_others_that_had_no_room_are_told(gate: Any) -> None:
    known = file(gate, 1)
    known.others_all_count = False
    assert told(known, file(gate, 0)) == [REVIEW, []]
