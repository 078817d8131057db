"""Cells that hold several values: “clerk|17|3” and “40 (17; 3)” are cut into the rows that they are."""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from hub.gate.cells import dressing, written
from hub.gate.fragments import Fragment, TableFragment, TextFragment, ValueFragment
from hub.gate.views import TableView, token_tables

MOST_CELLS = 5_000
_SEVERAL = r"\d\D*[^\w.+-]\D*\d|\d\D*_\D*\d"
"""Two numbers with something between them that no date and no number has."""
_MARKS = re.compile(r"[^\w.+-]+|_+")


def cells_of_several(fragment: Fragment, view: TableView) -> list[str]:
    """The different cells of a table that hold several values."""
    if not isinstance(fragment, (TableFragment, ValueFragment)):
        return []
    found: dict[str, None] = {}
    # Most columns have no such cell, and all of them are looked at in one pass.
    having = view.frame.select(pl.all().str.contains(_SEVERAL).any())
    for key in (key for key in view.keys if having[key].item()):
        cell = pl.col(key)
        several = view.frame.filter(cell.str.contains(_SEVERAL)).select(cell).unique(maintain_order=True)
        # A number in groups of thousands, or with a unit, is one value.
        is_one = written(cell).is_not_null() & ~dressing(cell).str.contains(r"\d").fill_null(value=False)
        found |= dict.fromkeys(several.filter(~is_one).to_series().to_list())
    return list(found)


def cut_cells(cells: Sequence[str], place: str) -> list[TableView]:
    """Return cells of several values as tables without a header; of many the first, and ``volume`` blocks these."""
    first = cells[:MOST_CELLS]
    lines = [*first, *(_MARKS.sub(" ", cell).strip() for cell in first)]
    return token_tables(TextFragment(place=place, text="\n".join(line.replace("\n", " ") for line in lines)))
