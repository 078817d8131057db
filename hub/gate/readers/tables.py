"""Reads CSV by RFC 4180, strictly: one header, rows of its length, quotes that match, one possible separator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from hub.gate.fragments import MOST_CELLS, MOST_COLUMNS, TableFragment
from hub.gate.readers.text import decode
from hub.gate.refusals import ReadRefusedError, RefusalReason

SEPARATORS = (",", ";", "\t")
LONGEST_CELL = 10_000
MOST_TEXT = 128 * 2**20
"""Characters of all cells of a file; a small file can repeat a long cell as often as it likes."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d+(,\d+)?")


def read_csv(content: bytes) -> tuple[TableFragment, ...]:
    """Read a table; the separator is the one by which every row has as many cells, two or more, as the header."""
    text = decode(content)
    if not text.strip():
        raise ReadRefusedError(RefusalReason.EMPTY)
    rows, separator = _choose(text)
    columns, data = rows[0], list(zip(*rows[1:], strict=True)) if len(rows) > 1 else [()] * len(rows[0])
    if separator == ";":
        data = [_with_points(column) for column in data]
    return (TableFragment(columns=tuple(columns), data=tuple(data)),)


def _choose(text: str) -> tuple[list[list[str]], str]:
    """Parse with each separator and keep the one that fits; with none the table has a single column."""
    fits: list[tuple[list[list[str]], str]] = []
    refusals: list[ReadRefusedError] = []
    for separator in SEPARATORS:
        if separator not in text:
            continue
        try:
            rows = parse(text, separator)
        except ReadRefusedError as refusal:
            refusals.append(refusal)
            continue
        if len(rows[0]) > 1:
            fits.append((rows, separator))
    if len(fits) > 1:
        raise ReadRefusedError(RefusalReason.AMBIGUOUS_DELIMITER)
    if fits:
        return fits[0]
    if refusals:
        raise refusals[0]
    return parse(text, ","), ","


def parse(text: str, separator: str) -> list[list[str]]:
    """Return header and rows; the empty lines at the end are not rows."""
    rows: list[list[str]] = []
    cells = 0
    for row in _records(text, separator):
        if rows and len(row) != len(rows[0]):
            raise ReadRefusedError(RefusalReason.RAGGED_TABLE, row=len(rows))
        cells += len(row)
        if len(row) > MOST_COLUMNS or cells > MOST_CELLS:
            raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)
        if max(map(len, row)) > LONGEST_CELL:
            raise ReadRefusedError(RefusalReason.LONG_CELL, row=max(len(rows), 1))
        rows.append(row)
    return rows


def _records(text: str, separator: str) -> Iterator[list[str]]:
    if "\r" in text.replace("\r\n", ""):
        raise ReadRefusedError(RefusalReason.CONTROL_CHARACTERS)
    body = text.rstrip("\r\n")
    if '"' in body:
        yield from _quoted_records(text, separator)
        return
    if body.count("\n") > MOST_CELLS:
        raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)
    for line in body.split("\n"):
        if line.count(separator) >= MOST_COLUMNS:
            raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)
        yield line.removesuffix("\r").split(separator)


@cache
def _cell_pattern(separator: str) -> re.Pattern[str]:
    """One cell and what ends it: a separator, a line end, or the end of the text."""
    mark = re.escape(separator)
    return re.compile(rf'(?:"((?:[^"]|"")*+)"|([^"{mark}\r\n]*+))({mark}|\r?\n|\Z)')


def _quoted_records(text: str, separator: str) -> Iterator[list[str]]:
    """Walk the cells one after the other; where none begins, the quotes do not match."""
    cell = _cell_pattern(separator)
    row: list[str] = []
    at, count, end, filled = 0, 0, len(text), len(text.rstrip("\r\n"))
    while at < end or row:
        match = cell.match(text, at)
        if match is None:
            raise ReadRefusedError(RefusalReason.BAD_QUOTES, row=max(count, 1))
        quoted, bare, ending = match.groups()
        row.append(bare if quoted is None else quoted.replace('""', '"').replace("\r\n", "\n"))
        if len(row) > MOST_COLUMNS:
            raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)
        at = match.end()
        if ending == separator:
            continue
        if ending == "" or row != [""] or quoted is not None or at < filled:
            yield row
            count += 1
        row = []
        if ending == "":
            return


def _with_points(column: tuple[str, ...]) -> tuple[str, ...]:
    """A column of numbers with decimal commas, as semicolon tables have, is written with points."""
    filled = [cell for cell in column if cell]
    if any("," in cell for cell in filled) and all(_DECIMAL_COMMA.fullmatch(cell) for cell in filled):
        return tuple(cell.replace(",", ".") for cell in column)
    return column
