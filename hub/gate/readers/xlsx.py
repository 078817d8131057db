"""Reads a workbook: every sheet with cells is a table; whatever else a workbook can carry refuses it.

Formulas are refused rather than read by their cached values: libraries write none, programs compute others, and then
what was checked is not what its author saw.
"""

from __future__ import annotations

from hub.gate.fragments import TableFragment
from hub.gate.headers import Grid
from hub.gate.readers.cell_values import dates_of, strings_of
from hub.gate.readers.sheet import Shared, read_sheet
from hub.gate.readers.workbook import STRINGS, STYLES, read_workbook
from hub.gate.readers.zip_parts import read_parts
from hub.gate.refusals import ReadRefusedError, RefusalReason


def read_xlsx(content: bytes, sheet: str | None = None) -> tuple[TableFragment, ...]:
    """Read every sheet, and return the table of the one that is named, or those of all that are not empty."""
    parts = read_parts(content)
    book = read_workbook(parts)
    shared = Shared(strings_of(parts.get(STRINGS)), dates_of(parts.get(STYLES)), book.from_1904)
    grids = {each.name: read_sheet(parts[each.part], shared) for each in book.sheets}
    if sheet is not None and sheet not in grids:
        raise ReadRefusedError(RefusalReason.NO_SHEET)
    filled = {name: grid for name, grid in grids.items() if grid and sheet in (None, name)}
    if not filled:
        raise ReadRefusedError(RefusalReason.EMPTY)
    return tuple(_table("" if sheet else f"!{name}", grid) for name, grid in filled.items())


def _table(place: str, grid: Grid) -> TableFragment:
    columns, *rows = grid
    data = tuple(zip(*rows, strict=True)) if rows else tuple(() for _ in columns)
    return TableFragment(place=place, columns=tuple(columns), data=data)
