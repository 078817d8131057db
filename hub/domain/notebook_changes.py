"""What differs between two versions of a notebook, cell by cell: sources alone, since outputs are never looked at.

Cells are matched with Python's own ``difflib``. An author could write cells that take it for ever, so lines are matched
up to a bound; beyond it a changed cell is shown as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import zip_longest

MOST_LINES = 600
"""Lines of changed cells that are matched with each other, in one comparison."""
Cell = tuple[str, str]


class Change(StrEnum):
    """What became of a cell, or of a line of it."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class LineChange:
    """One line, and what became of it: same, added or removed."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell: its number before and after, from 1 and 0 where it is not there, its type, and its lines."""

    change: Change
    before: int
    after: int
    type: str
    lines: tuple[LineChange, ...]


def cell_changes(before: Sequence[Cell], after: Sequence[Cell]) -> tuple[CellChange, ...]:
    """Return all cells of both versions in their order, each with what became of it."""
    return tuple(_matched(before, after))


def _matched(before: Sequence[Cell], after: Sequence[Cell]) -> Iterator[CellChange]:
    left = MOST_LINES
    for step, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if step == "equal":
            for i, j in zip(range(i1, i2), range(j1, j2), strict=True):
                yield CellChange(Change.SAME, i + 1, j + 1, after[j][0], _all(Change.SAME, after[j][1]))
            continue
        for i, j in zip_longest(range(i1, i2), range(j1, j2)):
            if i is not None and j is not None and before[i][0] == after[j][0]:
                old, new = before[i][1].splitlines(), after[j][1].splitlines()
                left -= len(old) + len(new)
                yield CellChange(Change.CHANGED, i + 1, j + 1, after[j][0], _lines(old, new, matched=left >= 0))
                continue
            if i is not None:
                yield CellChange(Change.REMOVED, i + 1, 0, before[i][0], _all(Change.REMOVED, before[i][1]))
            if j is not None:
                yield CellChange(Change.ADDED, 0, j + 1, after[j][0], _all(Change.ADDED, after[j][1]))


def _all(change: Change, source: str) -> tuple[LineChange, ...]:
    return tuple(LineChange(change, line) for line in source.splitlines())


def _lines(old: list[str], new: list[str], *, matched: bool) -> tuple[LineChange, ...]:
    """Match the lines of a changed cell; where that may take too long, all old ones went and all new ones came."""
    steps = [("replace", 0, len(old), 0, len(new))]
    if matched:
        steps = list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
    lines: list[LineChange] = []
    for step, i1, i2, j1, j2 in steps:
        if step == "equal":
            lines += [LineChange(Change.SAME, line) for line in new[j1:j2]]
            continue
        lines += [LineChange(Change.REMOVED, line) for line in old[i1:i2]]
        lines += [LineChange(Change.ADDED, line) for line in new[j1:j2]]
    return tuple(lines)
