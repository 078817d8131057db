"""A file beside an earlier one of the same name: cell by cell where both are tables, line by line otherwise.

Rows and lines are compared as a page shows them, up to a bound; what is the same is counted and not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from hub.domain.notebook_changes import Cell, CellChange, cell_changes
from hub.web.previews import NotebookPreview, Preview, TablePreview, TextPreview

MOST_LINES = 400


class Changed(StrEnum):
    """What became of a row or a line."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that is another: for each cell what it was and what it is; the same twice where it did not change."""

    change: Changed
    number: int
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is another than in an earlier file; ``number`` of a row is its place in the file that has it.

    ``header`` is empty where lines of text were compared. ``same`` counts rows that are as they were; ``cut`` says
    that only the beginning was compared.
    """

    header: tuple[str, ...]
    rows: tuple[ChangedRow, ...]
    same: int
    cut: bool


def compared(before: Preview, after: Preview) -> Comparison | None:
    """Compare what a page shows of two files; nothing where they are of different kinds, or of none with rows."""
    if isinstance(before, TablePreview) and isinstance(after, TablePreview):
        header = after.header
        old, new = [before.header, *before.rows], [after.header, *after.rows]
    elif isinstance(before, TextPreview) and isinstance(after, TextPreview):
        header = ()
        old, new = _lines(before.text), _lines(after.text)
    else:
        return None
    rows = tuple(_changes(old[:MOST_LINES], new[:MOST_LINES]))
    kept = sum(row.change is not Changed.REMOVED for row in rows)
    cut = before.more or after.more or max(len(old), len(new)) > MOST_LINES
    return Comparison(header, rows, min(len(new), MOST_LINES) - kept, cut)


def compared_cells(before: Preview, after: Preview) -> tuple[CellChange, ...] | None:
    """Compare what a page shows of two notebooks, cell by cell, with the text of outputs; nothing of anything else."""
    if not (isinstance(before, NotebookPreview) and isinstance(after, NotebookPreview)):
        return None
    return cell_changes(_cells(before), _cells(after))


def _cells(notebook: NotebookPreview) -> list[Cell]:
    return [(kind, f"{source}\n{output}" if output else source) for kind, source, output in notebook.cells]


def _lines(text: str) -> list[tuple[str, ...]]:
    return [(line,) for line in text.split("\n")]


def _changes(old: Sequence[tuple[str, ...]], new: Sequence[tuple[str, ...]]) -> Iterator[ChangedRow]:
    for _, old_from, old_to, new_from, new_to in (
        code for code in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if code[0] != "equal"
    ):
        both = min(old_to - old_from, new_to - new_from)
        for n in range(both):
            yield _changed(old[old_from + n], new[new_from + n], new_from + n)
        for n in range(old_from + both, old_to):
            yield ChangedRow(Changed.REMOVED, n, tuple((cell, "") for cell in old[n]))
        for n in range(new_from + both, new_to):
            yield ChangedRow(Changed.ADDED, n, tuple(("", cell) for cell in new[n]))


def _changed(old: tuple[str, ...], new: tuple[str, ...], number: int) -> ChangedRow:
    width = max(len(old), len(new))
    before, after = (row + ("",) * (width - len(row)) for row in (old, new))
    return ChangedRow(Changed.CHANGED, number, tuple(zip(before, after, strict=True)))
