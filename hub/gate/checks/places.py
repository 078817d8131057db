"""Where a finding stands: in a table, or in the lines of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from hub.gate.context import columns_text, rows_text
from hub.gate.fragments import Fragment, TextFragment
from hub.gate.tabulation import Tabulation
from hub.gate.views import TableView


def rows_of(cells: pl.DataFrame) -> list[int]:
    """Numbers of the rows of a frame that has them in ``row``."""
    return [int(row) for row in cells["row"].to_list()]


def cells_place(tabulation: Tabulation, rows: Iterable[int]) -> str:
    """Name the cells of some rows, as their author sees them."""
    view = tabulation.view
    return f"{view.place}, {rows_text(view.row_numbers(rows))}, {columns_text(tabulation.names)}"


def column_place(view: TableView, key: str, rows: Iterable[int] = ()) -> str:
    """Name a column by its number, and some of its rows."""
    numbers = view.row_numbers(rows)
    where = f"column {view.keys.index(key) + 1}"
    return f"{view.place}, {rows_text(numbers)}, {where}" if numbers else f"{view.place}, {where}"


def line_place(fragment: Fragment, match: re.Match[str]) -> str:
    """Name the line of a match in a fragment's text; only a text has lines that its author knows."""
    if not isinstance(fragment, TextFragment):
        return fragment.place
    return f"{fragment.place}, line {match.string.count(chr(10), 0, match.start()) + 1}"
