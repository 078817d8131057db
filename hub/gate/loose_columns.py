"""Columns that stand in no table: values one in a line, behind each other in one line, or in a list.

A text is cut into its lines, into what stands between marks, into its numbers and into its codes; whole numbers,
fractions and all else of a cut are a column each, so that a number for each line hides no value beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import polars as pl
from pydantic import JsonValue

from hub.gate.cells import written_in
from hub.gate.fragments import ArraysFragment, Fragment, TableFragment, ValueFragment
from hub.gate.json_tables import scalars
from hub.gate.views import TableView, text_of

_ITEM = re.compile(r"^(?:[-*+•–]|\d+[.):])\s+|[,;]$")
"""What makes a line an item of a list, or has the next one follow."""
_QUOTES = "\"'`()[]{}“”«»"
_BETWEEN = re.compile(r"[;|\t\n=\[\](){}\"'`]|[,:](?!\d)|\s{2,}")
_NUMBERS = re.compile(r"(?<![\w.])[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?(?![\w]|\.\d)")
_WITH_COMMAS = re.compile(r"(?<![\w.,])[+-]?\d+,\d+(?![\w,]|\.\d)")
_CODES = re.compile(r"(?<![\w.-])(?=[\w.-]*\d)(?=[\w.-]*[^\W\d])\w[\w.-]*\w(?![\w-])")


def loose_columns(fragment: Fragment, fewest: int) -> list[TableView]:
    """Return the different columns of so many cells or more that a text or a document holds outside of tables."""
    if isinstance(fragment, (TableFragment, ArraysFragment)):
        return []
    text = text_of(fragment)
    found: dict[tuple[str, ...], None] = {}
    for cut in (_lines, _between, _NUMBERS.findall, _WITH_COMMAS.findall, _CODES.findall):
        found |= dict.fromkeys(_by_form(cut(text)))
    if isinstance(fragment, ValueFragment):
        found |= dict.fromkeys(_lists(fragment.value))
    return [_view(fragment.place, cells) for cells in found if len(cells) >= fewest]


def _lines(text: str) -> list[str]:
    lines = (_ITEM.sub("", _ITEM.sub("", line.strip())).strip().strip(_QUOTES).strip() for line in text.splitlines())
    return [line for line in lines if line]


def _between(text: str) -> list[str]:
    return [part for cut in _BETWEEN.split(text) if (part := cut.strip())]


def _by_form(cells: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The whole numbers, the fractions, and all else of some cells."""
    kept = pl.Series("cell", list(cells), pl.String)
    number = written_in(kept)
    is_number, is_fraction = number.is_not_null(), number.str.contains(r"[.eE]").fill_null(value=False)
    for chosen in (is_number & ~is_fraction, is_fraction, ~is_number):
        yield tuple(kept.filter(chosen).to_list())


def _lists(value: JsonValue) -> Iterator[tuple[str, ...]]:
    """The lists of plain values, wherever they stand in a document."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    plain: list[JsonValue] = [part for part in inner if not isinstance(part, (dict, list))]
    yield tuple(scalars(plain))
    for part in inner:
        yield from _lists(part)


def _view(place: str, cells: tuple[str, ...]) -> TableView:
    return TableView(place, ("",), pl.DataFrame({"c0": cells}), titled=False)
