"""Where the gate's findings stand in what a page shows of a file: cells of a table, lines of a text.

A finding names its place for its author (``table.csv, rows 3, 4 and 2 more, column 2``); the gate's own fix names all
rows and columns, where there is one. What cannot be brought to a cell or a line is marked nowhere, and stands in the
list of findings all the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hub.domain.exports import Finding, Severity

MOST_FINDINGS = 100
MOST_MARKS = 20_000
_ROWS = re.compile(r", rows? (\d{1,9}(?:, \d{1,9})*)(?: and \d+ more)?(?:,|$)")
_COLUMNS = re.compile(r", columns? (.+)$", re.DOTALL)
_LINE = re.compile(r", line (\d{1,9})$")
_STRICTEST = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Mark:
    """What was found at a cell: the numbers of the findings, counted from 1, and the strictest severity of them."""

    findings: tuple[int, ...]
    severity: Severity


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is shown, with its mark where there is one."""

    text: str
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class TextPart:
    """Some lines of a text, or one that is masked since findings stand there; ``line`` is counted from 1."""

    text: str
    line: int
    findings: tuple[int, ...] = ()


def marks_of(findings: Sequence[Finding], header: Sequence[str], rows: int) -> dict[tuple[int, int], Mark]:
    """Return the marks of so many shown rows, by row (0 is the header) and column, both counted from 1."""
    found: dict[tuple[int, int], list[int]] = {}
    for number, finding in enumerate(findings[:MOST_FINDINGS], 1):
        where_rows, where_columns = _rows_of(finding), _columns_of(finding, header)
        if not where_rows and not where_columns:
            continue
        for row in where_rows or range(rows + 1):
            for column in (where_columns or range(1, len(header) + 1)) if row <= rows else ():
                if len(found) < MOST_MARKS:
                    found.setdefault((row, column), []).append(number)
    return {place: Mark(tuple(numbers), _strictest(findings, numbers)) for place, numbers in found.items()}


def overlaid(
    header: Sequence[str], rows: Sequence[Sequence[str]], marks: Mapping[tuple[int, int], Mark]
) -> tuple[tuple[Cell, ...], ...]:
    """Return a table with its marks, the header first."""
    return tuple(
        tuple(Cell(text, marks.get((row, column))) for column, text in enumerate(cells, 1))
        for row, cells in enumerate([header, *rows])
    )


def masked(text: str, findings: Sequence[Finding]) -> tuple[TextPart, ...]:
    """Return a text in parts: a line at which something was found is a part of its own, to be shown when asked for."""
    hits: dict[int, list[int]] = {}
    for number, finding in enumerate(findings[:MOST_FINDINGS], 1):
        if found := _LINE.search(finding.place):
            hits.setdefault(int(found[1]), []).append(number)
    if not hits:
        return (TextPart(text, 1),)
    parts: list[TextPart] = []
    for number, line in enumerate(text.split("\n"), 1):
        if number in hits:
            parts.append(TextPart(line, number, tuple(hits[number])))
        elif parts and not parts[-1].findings:
            parts[-1] = TextPart(f"{parts[-1].text}\n{line}", parts[-1].line)
        else:
            parts.append(TextPart(line, number))
    return tuple(parts)


def _rows_of(finding: Finding) -> Collection[int]:
    named = _ROWS.search(finding.place)
    rows = {int(row) for row in named[1].split(", ")} if named else set()
    return rows | set(finding.fix.rows) if finding.fix and rows else rows


def _columns_of(finding: Finding, header: Sequence[str]) -> Collection[int]:
    """A column is named by its title, or by its number."""
    named = _COLUMNS.search(finding.place)
    words = named[1].split(" × ") if named else []
    columns = {column for column, title in enumerate(header, 1) if title in words}
    numbers = {int(w) for w in words if w.isascii() and w.isdecimal() and len(w) < 6 and w not in header}
    return columns | {number for number in numbers if 1 <= number <= len(header)}


def _strictest(findings: Sequence[Finding], numbers: Sequence[int]) -> Severity:
    return min((findings[n - 1].severity for n in numbers), key=_STRICTEST.index)
