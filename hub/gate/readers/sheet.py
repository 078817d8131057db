"""Reads the cells of one sheet: what is hidden, computed or hung onto the sheet refuses the workbook."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.gate.fragments import MOST_CELLS, MOST_COLUMNS
from hub.gate.headers import Grid
from hub.gate.readers.cell_values import number_text, plain_text, typed_text, whole
from hub.gate.readers.workbook import NO
from hub.gate.readers.xml_parts import Silent, read_xml
from hub.gate.refusals import ReadRefusedError, RefusalReason

_KNOWN = {
    "sheetPr",
    "dimension",
    "sheetViews",
    "sheetFormatPr",
    "cols",
    "sheetData",
    "sheetCalcPr",
    "sheetProtection",
    "autoFilter",
    "sortState",
    "mergeCells",
    "phoneticPr",
    "conditionalFormatting",
    "printOptions",
    "pageMargins",
    "pageSetup",
    "headerFooter",
    "rowBreaks",
    "colBreaks",
    "ignoredErrors",
    "tableParts",
}
"""What a sheet may have beside its cells: how it looks and prints. None of it goes on."""
_REFUSED = {
    "dataValidations": RefusalReason.DATA_VALIDATION,
    "hyperlinks": RefusalReason.EXTERNAL_LINK,
    "drawing": RefusalReason.DRAWINGS,
    "picture": RefusalReason.DRAWINGS,
    "drawingHF": RefusalReason.DRAWINGS,
    "legacyDrawing": RefusalReason.COMMENTS,
    "legacyDrawingHF": RefusalReason.DRAWINGS,
    "oleObjects": RefusalReason.EMBEDDED,
    "controls": RefusalReason.EMBEDDED,
    "customProperties": RefusalReason.CUSTOM_PROPERTIES,
}
_PLACE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_CELL_PARTS = {("v",), ("is",), ("is", "t"), ("is", "r"), ("is", "r", "t")}
_MOST_ROWS = 2**20
_WIDEST = 2**14

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Shared:
    """What the sheets of a workbook share: texts, which formats show dates, and where days are counted from."""

    strings: Sequence[str]
    are_dates: Sequence[bool]
    from_1904: bool


def read_sheet(content: bytes, shared: Shared) -> Grid:
    """Return the rows of the area that holds cells, the header first; none where the sheet is empty."""
    cells = _Cells(shared)
    read_xml(content, cells)
    return _grid(_with_merged(cells.found, cells.merged))


class _Cells(Silent):
    """Hears a sheet; rows and cells come in their order, as every program writes them."""

    def __init__(self, shared: Shared) -> None:
        self.shared = shared
        self.found: dict[Place, str] = {}
        self.merged: list[tuple[Place, Place]] = []
        self._row = self._column = 0
        self._kind = ""
        self._style = 0
        self._value: str | None = None
        self._runs: list[str] = []

    def begin(self, path: list[str], attributes: Mapping[str, str]) -> None:
        match len(path):
            case 1:
                if path != ["worksheet"]:
                    raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
            case 2:
                _check_known(path[1], attributes)
            case 3 if path[1] == "cols":
                _check_seen(attributes, "width")
            case 3 if path[1] == "mergeCells":
                self.merged.append(_range(attributes.get("ref", "")))
            case _ if path[1] == "sheetData":
                self._begin_data(path, attributes)

    def _begin_data(self, path: list[str], attributes: Mapping[str, str]) -> None:
        match path[2:]:
            case ["row"]:
                self._begin_row(attributes)
            case ["row", "c"]:
                self._begin_cell(attributes)
            case ["row", "c", "f"]:
                raise ReadRefusedError(RefusalReason.FORMULA)
            case ["row", "c", *inner] if tuple(inner) in _CELL_PARTS or inner[:2] in (
                ["is", "rPh"],
                ["is", "phoneticPr"],
            ):
                return
            case ["row", "c", "is", "r", "rPr", *_]:
                return
            case _:
                raise ReadRefusedError(RefusalReason.UNKNOWN_PART)

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        _check_seen(attributes, "ht")
        row = whole(attributes["r"]) if "r" in attributes else self._row + 1
        if not self._row < row <= _MOST_ROWS:
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
        self._row, self._column = row, 0

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        row, column = _place(attributes["r"]) if "r" in attributes else (self._row, self._column + 1)
        if row != self._row or not self._column < column <= _WIDEST:
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
        self._column = column
        self._kind = attributes.get("t", "n")
        self._style = whole(attributes.get("s", "0"))
        self._value = None
        self._runs.clear()

    def end(self, path: list[str], text: str) -> None:
        if path[1:4] != ["sheetData", "row", "c"]:
            if len(path) > 1 and path[1] == "sheetData" and text.strip():
                raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
            return
        match path[4:]:
            case ["v"] if self._value is None:
                self._value = text
            case ["v"]:
                raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
            case ["is", "t"] | ["is", "r", "t"]:
                self._runs.append(text)
            case []:
                self._end_cell()

    def _end_cell(self) -> None:
        text = self._text()
        if text:
            self.found[self._row, self._column] = text
            if len(self.found) > MOST_CELLS:
                raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)

    def _text(self) -> str:
        if self._kind == "inlineStr":
            if self._value is not None:
                raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
            return plain_text("".join(self._runs))
        if self._runs:
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
        if self._value is None:
            return ""
        if self._kind == "s":
            return self._shared(whole(self._value))
        if self._kind != "n":
            return typed_text(self._kind, self._value)
        dates = self.shared.are_dates
        is_date = self._style < len(dates) and dates[self._style]
        return number_text(self._value, is_date=is_date, from_1904=self.shared.from_1904)

    def _shared(self, number: int) -> str:
        if number >= len(self.shared.strings):
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
        return self.shared.strings[number]


def _check_known(name: str, attributes: Mapping[str, str]) -> None:
    if name not in _KNOWN:
        raise ReadRefusedError(_REFUSED.get(name, RefusalReason.UNKNOWN_PART))
    if name == "sheetFormatPr":
        _check_seen(attributes, "defaultRowHeight", "zeroHeight")
        _check_seen(attributes, "defaultColWidth")


def _check_seen(attributes: Mapping[str, str], size: str, word: str = "hidden") -> None:
    """Rows and columns are hidden by a word, or by having no height or width."""
    is_flat = size in attributes and not attributes[size].strip("0.")
    if is_flat or attributes.get(word, "0") not in NO:
        raise ReadRefusedError(RefusalReason.HIDDEN_CELLS)


def _place(text: str) -> Place:
    match = _PLACE.fullmatch(text)
    if match is None:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(match[2]), column


def _range(text: str) -> tuple[Place, Place]:
    first, _, last = text.partition(":")
    start, end = _place(first), _place(last or first)
    if start[0] > end[0] or start[1] > end[1]:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    return start, end


def _with_merged(found: dict[Place, str], merged: list[tuple[Place, Place]]) -> dict[Place, str]:
    """A cell that spans several is repeated in each of them; a value beneath it would not be seen."""
    covered = 0
    for (top, left), (bottom, right) in merged:
        covered += (bottom - top + 1) * (right - left + 1)
        if covered > MOST_CELLS:
            raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)
        text = found.get((top, left), "")
        for row in range(top, bottom + 1):
            for column in range(left, right + 1):
                if (row, column) != (top, left) and (row, column) in found:
                    raise ReadRefusedError(RefusalReason.HIDDEN_CELLS)
                if text:
                    found[row, column] = text
    return found


def _grid(found: dict[Place, str]) -> Grid:
    if not found:
        return []
    rows, columns = [row for row, _ in found], [column for _, column in found]
    top, left = min(rows), min(columns)
    height, width = max(rows) - top + 1, max(columns) - left + 1
    if width > MOST_COLUMNS or height * width > MOST_CELLS:
        raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)
    grid = [[""] * width for _ in range(height)]
    for (row, column), text in found.items():
        grid[row - top][column - left] = text
    return grid
