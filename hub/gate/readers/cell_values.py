"""Makes text of a workbook's cells: shared strings, numbers, truth values, and dates by the formats of the cells.

A workbook writes a date as the number of days since the end of 1899 (or since 1904) and says by the cell's format that
it is one (ECMA-376, 18.17.4). 29 February 1900, which it counts as well, never was; it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from hub.gate.fragments import MOST_CELLS
from hub.gate.readers.tables import LONGEST_CELL
from hub.gate.readers.xml_parts import Silent, read_xml
from hub.gate.refusals import ReadRefusedError, RefusalReason

ERRORS = {"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#GETTING_DATA"}
_NUMBER = re.compile(r"[+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?")
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,6})?)?Z?|\d\d:\d\d:\d\d")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_DATES = {*range(14, 23), *range(27, 37), *range(50, 59)}
"""Formats that are built in and show days or times of day, also those of East Asian calendars."""
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_DAYS = re.compile(r"[ymdhs]", re.IGNORECASE)
_ELAPSED = re.compile(r"\[[hms]+\]", re.IGNORECASE)
_LAST_DAY = 2_958_466
_LONGEST_CODE = 255


class Strings(Silent):
    """Hears the texts that cells share; readings beside a text (phonetic runs) are left out."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._runs: list[str] = []

    def end(self, path: list[str], text: str) -> None:
        """Keep the texts of a shared one's runs, and where it ends, the text."""
        if path[1:2] != ["si"]:
            return
        if path[2:] in (["t"], ["r", "t"]):
            self._runs.append(text)
        elif len(path) == 2:
            self.texts.append(plain_text("".join(self._runs)))
            self._runs.clear()
            if len(self.texts) > MOST_CELLS:
                raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)


class Styles(Silent):
    """Hears which cell formats show dates."""

    def __init__(self) -> None:
        self.are_dates: list[bool] = []
        self._codes: dict[int, bool] = {}

    def begin(self, path: list[str], attributes: Mapping[str, str]) -> None:
        """Keep the codes of formats, and which of them each cell format shows."""
        if path[1:] == ["numFmts", "numFmt"]:
            self._codes[whole(attributes.get("numFmtId", ""))] = shows_date(attributes.get("formatCode", ""))
        elif path[1:] == ["cellXfs", "xf"]:
            number = whole(attributes.get("numFmtId", "0"))
            self.are_dates.append(self._codes.get(number, number in _DATES))


def strings_of(content: bytes | None) -> list[str]:
    """Return the shared texts; a workbook without any has no part for them."""
    listener = Strings()
    if content is not None:
        read_xml(content, listener)
    return listener.texts


def dates_of(content: bytes | None) -> list[bool]:
    """Return for each cell format whether it shows dates; without formats there are only numbers."""
    listener = Styles()
    if content is not None:
        read_xml(content, listener)
    return listener.are_dates


def shows_date(code: str) -> bool:
    """Whether a format's code shows a day or a time of day; lengths of time stay numbers."""
    if len(code) > _LONGEST_CODE:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    first = code.split(";")[0]
    return not _ELAPSED.search(first) and bool(_DAYS.search(_LITERAL.sub("", first).replace("General", "")))


def plain_text(text: str) -> str:
    """Return a text with the characters that it writes by number; a cell holds no control characters."""
    plain = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text).replace("\r\n", "\n")
    if _CONTROL.search(plain):
        raise ReadRefusedError(RefusalReason.CONTROL_CHARACTERS)
    if len(plain) > LONGEST_CELL:
        raise ReadRefusedError(RefusalReason.LONG_CELL)
    return plain


def whole(text: str) -> int:
    """Return a small whole number that a workbook counts with."""
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    return int(text)


def number_text(text: str, *, is_date: bool, from_1904: bool) -> str:
    """Return a number as it stands, or as the day or time that it is shown as."""
    if not _NUMBER.fullmatch(text):
        raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
    return _date_text(Decimal(text), from_1904=from_1904) if is_date else text


def _date_text(days: Decimal, *, from_1904: bool) -> str:
    """Days before the first of March 1900 count one less, since the day before it is made up."""
    if not 0 <= days < _LAST_DAY or (60 <= days < 61 and not from_1904):
        raise ReadRefusedError(RefusalReason.STRANGE_DATE)
    milliseconds = round(days * 86_400_000)
    start = datetime(1904, 1, 1) if from_1904 else datetime(1899, 12, 30 if days >= 61 else 31)
    try:
        moment = start + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise ReadRefusedError(RefusalReason.STRANGE_DATE) from None
    if days < 1:
        return moment.strftime("%H:%M:%S")
    is_day = milliseconds % 86_400_000 == 0
    return moment.date().isoformat() if is_day else moment.isoformat(" ", "auto")


def typed_text(kind: str, text: str) -> str:
    """Return a truth value, an error or a day that is written as such."""
    match kind:
        case "b" if text in ("0", "1"):
            return "true" if text == "1" else "false"
        case "e" if text in ERRORS:
            return text
        case "d" if _ISO.fullmatch(text):
            return text
        case "str":
            return plain_text(text)
        case _:
            raise ReadRefusedError(RefusalReason.BROKEN_XLSX)
