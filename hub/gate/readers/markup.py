"""Reads the tables of an HTML output with the standard library's parser; everything else in it is left behind."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple

from hub.gate.fragments import MOST_CELLS, MOST_COLUMNS
from hub.gate.headers import Grid, join_header
from hub.gate.refusals import ReadRefusedError, RefusalReason

_MOST_SPAN = 1_000


class HtmlTable(NamedTuple):
    """A table's names of columns and its rows; where several rows name the columns, these as they were."""

    columns: tuple[str, ...]
    rows: Grid
    header: tuple[tuple[str, ...], ...] = ()

    @property
    def data(self) -> tuple[tuple[str, ...], ...]:
        """The cells, column by column."""
        return tuple(zip(*self.rows, strict=True)) if self.rows else tuple(() for _ in self.columns)


class _Tables(HTMLParser):
    """Collects the cells of every table; a cell that spans several is repeated in each of them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[Grid] = []
        self.headers: list[int] = []
        self._in_header = False
        self._cell: list[str] | None = None
        self._span = (1, 1)
        self._waiting: dict[int, tuple[int, str]] = {}
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._end_cell()
            self.tables.append([])
            self.headers.append(0)
            self._waiting = {}
        elif tag in ("thead", "tbody", "tfoot"):
            self._in_header = tag == "thead"
        elif tag == "tr" and self.tables:
            self._end_cell()
            self.tables[-1].append([])
            self.headers[-1] += self._in_header and self.headers[-1] == len(self.tables[-1]) - 1
            self._fill_waiting()
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._end_cell()
            self._cell = []
            given = dict(attrs)
            self._span = (_span(given.get("rowspan")), _span(given.get("colspan")))
        elif tag == "br" and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._end_cell()
        elif tag == "thead":
            self._in_header = False

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def close(self) -> None:
        super().close()
        self._end_cell()

    def _end_cell(self) -> None:
        if self._cell is None or not self.tables or not self.tables[-1]:
            self._cell = None
            return
        text = " ".join("".join(self._cell).split())
        row, (down, across) = self.tables[-1][-1], self._span
        for _ in range(across):
            if down > 1:
                self._waiting[len(row)] = (down - 1, text)
            self._append(row, text)
        self._cell = None
        self._fill_waiting()

    def _fill_waiting(self) -> None:
        """Put the cells that hang down from the rows above."""
        row = self.tables[-1][-1]
        while len(row) in self._waiting:
            at = len(row)
            left, text = self._waiting.pop(at)
            if left > 1:
                self._waiting[at] = (left - 1, text)
            self._append(row, text)

    def _append(self, row: list[str], text: str) -> None:
        row.append(text)
        self._cells += 1
        if self._cells > MOST_CELLS or len(row) > MOST_COLUMNS:
            raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)


def _span(given: str | None) -> int:
    text = (given or "").strip()
    return min(max(int(text), 1), _MOST_SPAN) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def html_tables(text: str) -> list[HtmlTable]:
    """Return header and rows of each table of a page, padded to the widest row.

    Without rows that say that they are a header, the first one is.
    """
    parser = _Tables()
    parser.feed(text)
    parser.close()
    found = []
    cells = 0
    for table, marked in zip(parser.tables, parser.headers, strict=True):
        width = max(map(len, table), default=0)
        cells += width * len(table)
        if cells > MOST_CELLS:
            raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)
        if width:
            rows = [row + [""] * (width - len(row)) for row in table]
            top = max(marked, 1)
            header = tuple(map(tuple, rows[:top])) if top > 1 else ()
            found.append(HtmlTable(tuple(join_header(rows[:top])), rows[top:], header))
    return found
