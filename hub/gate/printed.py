"""Tables that stand in running text, as pandas, polars, Markdown and LaTeX print them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from itertools import groupby

from hub.gate.headers import Grid, is_type_row, join_header

Cut = Callable[[str], list[str]]

_PIPES = re.compile(r"[│┃|┆]")
_RULE = re.compile(r"^[\s|│┃┆+:=─━═╌╍┄┈╞╡├┤┌┐└┘┬┴┼╪-]*$")
_GAP = re.compile(r"\s{2,}|\t")
_NUMBER = re.compile(r"[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?%?")
_SERIES = re.compile(r"^(?:Name: (?P<name>.{0,100}), )?(?:Length: \d+, )?dtype: ")
_SEPARATORS = (",", ";", "\t")
_LATEX_RULE = re.compile(r"^\s*(?:\\(?!begin\b|end\b)[^&]*)?$")
"""A line, or a command, between rows: no row has one and no cells."""
_LATEX_END = re.compile(r"\\\\(?:\[[^\]]{0,20}\])?(?:\s{0,9}\\hline){0,3}\s*$")
_LATEX_ESCAPED = re.compile(r"\\([_%#$])")
_NAME = re.compile(r"[^\W\d]\w*")
_FEWEST_WORDS = 3
_OPENS = re.compile(r"^(?:\s*#+\s?|[^'\"]{0,200}(?:\"{3}|'{3})(?=\w))")
_CLOSES = re.compile(r"(?:\"{3}|'{3}).{0,20}$")
_MOST_INDEX_LEVELS = 3


def printed_tables(text: str) -> list[Grid]:
    """Return the tables of a text, each with its header as its first row."""
    lines = text.splitlines()
    found = [*_ruled_tables(lines), *(grid for mark in _SEPARATORS for grid in _separated_tables(lines, mark))]
    found += _latex_tables(lines) if "&" in text else []
    for cut in (_by_gaps, _by_spaces):
        for grid in _aligned_tables(lines, cut):
            if grid not in found:
                found.append(grid)
    return found


def _by_gaps(line: str) -> list[str]:
    return [part for part in _GAP.split(line.strip()) if part]


def _by_spaces(line: str) -> list[str]:
    return line.split()


def _ruled_tables(lines: list[str]) -> list[Grid]:
    """Tables whose cells stand between upright lines."""
    grids: list[Grid] = []
    for ruled, group in groupby(lines, key=lambda line: bool(_PIPES.search(line)) or bool(line and _RULE.match(line))):
        rows = [_ruled_cells(line) for line in group if not _RULE.match(line)] if ruled else []
        rows = [row for row in rows if not is_type_row(row)]
        for _, same in groupby(rows, key=len):
            grid = list(same)
            if len(grid) > 1 and len(grid[0]) > 1:
                grids.append(grid)
    return grids


def _separated_tables(lines: list[str], mark: str) -> list[Grid]:
    """Lines with as many separators each, of which one holds a number."""
    grids: list[Grid] = []
    for count, group in groupby(lines, key=lambda line: line.count(mark)):
        grid = [_by_mark(mark, line) for line in group] if count else []
        if len(grid) > 1 and any(_NUMBER.fullmatch(cell) for row in grid[1:] for cell in row):
            grids.append(grid)
    return grids


def word_tables(lines: list[str]) -> list[Grid]:
    """Return tables of words alone: lines of as many cells each, three at least, below one of names.

    Prose has such lines, too; who asks for them compares the names with those of a dataset. In a source they stand
    behind the marks of a comment or of a text.
    """
    lines = [_CLOSES.sub("", _OPENS.sub("", line)) for line in lines]
    found: list[Grid] = []
    cuts: tuple[Cut, ...] = (*(partial(_by_mark, mark) for mark in _SEPARATORS), str.split)
    for cut in cuts:
        for width, group in groupby(map(cut, lines), key=len):
            grid = list(group) if width >= _FEWEST_WORDS else []
            is_titled = len(grid) > 1 and all(_NAME.fullmatch(cell) for cell in grid[0])
            if is_titled and not any(_NUMBER.fullmatch(cell) for row in grid for cell in row) and grid not in found:
                found.append(grid)
    return found


def _by_mark(mark: str, line: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(mark)]


def _latex_tables(lines: list[str]) -> list[Grid]:
    """Tables whose cells stand between ampersands; the index's names may stand on a line of their own below a title."""
    kept = [line.replace("\\&", "\u0001") for line in lines]
    rows = [_LATEX_ESCAPED.sub(r"\1", _LATEX_END.sub("", line)) for line in kept if not _LATEX_RULE.match(line)]
    grids = [_one_title(grid) for grid in _separated_tables(rows, "&")]
    return [[[cell.replace("\u0001", "&") for cell in row] for row in grid] for grid in grids]


def _one_title(grid: Grid) -> Grid:
    title, names, *rows = grid
    is_split = bool(rows) and all(bool(one) != bool(other) for one, other in zip(title, names, strict=True))
    return [join_header([title, names]), *rows] if is_split else grid


def _ruled_cells(line: str) -> list[str]:
    line = line.strip().replace("\\|", "\u0001")
    if len(line) > 1 and _PIPES.match(line[0]) and _PIPES.match(line[-1]):
        line = line[1:-1]
    return [cell.strip().replace("\u0001", "|") for cell in _PIPES.split(line)]


class _CutLines:
    """Lines, each cut into cells once."""

    def __init__(self, lines: list[str], cut: Cut) -> None:
        self.lines = lines
        self.cells = [cut(line) for line in lines]
        self._headers = {at: cut(line.rstrip()[:-1]) for at, line in enumerate(lines) if line.rstrip().endswith("\\")}

    def header(self, at: int) -> list[str]:
        """The cells of a line, without the mark by which pandas says that the table goes on below."""
        return self._headers.get(at, self.cells[at])


def _aligned_tables(lines: list[str], cut: Cut) -> list[Grid]:
    """Tables whose cells stand below each other; what pandas wraps over several blocks is put together again."""
    grids: list[Grid] = []
    wrapped = False
    at = 0
    known = _CutLines(lines, cut)
    while at < len(lines):
        grid, end = _block(known, at)
        if grid is None:
            at += 1
            continue
        if wrapped and grids and len(grids[-1]) == len(grid) and _first(grids[-1]) == _first(grid):
            grids[-1] = [left + right[1:] for left, right in zip(grids[-1], grid, strict=True)]
        else:
            grids.append(grid)
        wrapped = lines[at].rstrip().endswith("\\")
        at = end
    return grids


def _first(grid: Grid) -> list[str]:
    return [row[0] for row in grid[1:]]


def _block(known: _CutLines, at: int) -> tuple[Grid | None, int]:
    """Return the table that begins at a line, if one does, and the line after it."""
    lines, header = known.lines, known.header(at)
    for below in (1, 2):
        start = at + below
        if start >= len(lines) or not header:
            return None, at
        names = known.cells[at + 1] if below == 2 else []
        width = len(known.cells[start])
        title = _title(header, names, width, below)
        if title is None or not any(_NUMBER.fullmatch(cell) for cell in known.cells[start]):
            continue
        rows, end = _rows(known, start, width)
        series = _SERIES.match(lines[end]) if end < len(lines) else None
        if series and width == 2:
            title = [header[0] if len(header) == 1 else "", series["name"] or ""]
        return [title, *rows], end
    return None, at


def _title(header: list[str], names: list[str], width: int, below: int) -> list[str] | None:
    """The header fits with nothing, with an unnamed index, or with the index's names on a line of their own."""
    if width < 2 or (below == 1 and any(_NUMBER.fullmatch(cell) for cell in header) and len(header) == width):
        return None
    if below == 2:
        # Above the index's names may stand the name of the columns' own level.
        return next(([*names, *header[over:]] for over in (0, 1) if len(names) + len(header) - over == width), None)
    if len(header) == width:
        return header
    return ["", *header] if len(header) == width - 1 else None


def _rows(known: _CutLines, start: int, width: int) -> tuple[Grid, int]:
    """Rows of one width; a shorter, indented one repeats the index levels of the row above."""
    rows: Grid = []
    at = start
    while at < len(known.lines):
        cells = known.cells[at]
        missing = width - len(cells)
        if rows and 0 < missing <= min(_MOST_INDEX_LEVELS, width - 1) and cells and known.lines[at][:1].isspace():
            cells = rows[-1][:missing] + cells
        elif missing:
            break
        rows.append(cells)
        at += 1
    return rows, at
