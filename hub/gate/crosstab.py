"""Wide tables, one column for each category, brought to one row for each cell."""

from __future__ import annotations

import re

import polars as pl

from hub.gate.cells import ValueClass, decimals_of, keys_in
from hub.gate.datasets import DataFile
from hub.gate.marks import is_margin, says_margin
from hub.gate.views import TableView

_MOST_LEADING = 3
_FEWEST = 2
_WORD = re.compile(r"[A-Za-z_]+")


def unpivoted(view: TableView, file: DataFile, *, partly: bool = False) -> list[TableView]:
    """Return a wide table in long form, once for each group column of the dataset whose values its headers are.

    Its other columns are those that the dataset has, wherever they stand; ``partly`` leaves out columns whose headers
    are no such values.
    """
    names = [title.strip().casefold() for title in view.columns]
    leading = [at for at, name in enumerate(names) if name in file.names][: min(len(names) - 2, _MOST_LEADING)]
    if not leading:
        return []
    used = {file.names[names[at]] for at in leading}
    others = [at for at in range(len(names)) if at not in leading]
    titles = [view.columns[at].strip() for at in others]
    columns = [c for c in file.schema if c not in used and (partly or _may_have_words(file, c, titles))]
    if not columns:
        return []
    headers = _Headers(others, titles)
    found = []
    for column in columns:
        if headers.may_be(file, column) and file.is_grouping(column):
            told = headers.told(file, column)
            if told and (partly or told == others):
                found.append(_long(view, leading, told, column))
    return found


def _may_have_words(file: DataFile, column: str, headers: list[str]) -> bool:
    """Whether the column may have all headers that are plain words, which no number, time or truth is."""
    words = [header for header in headers if _WORD.fullmatch(header) and not says_margin(header)]
    if not words or file.value_class(column) is ValueClass.TRUTH:
        return True
    if file.value_class(column) is not ValueClass.TEXT:
        return False
    return file.is_grouping(column) and bool(file.knows(column, 0, pl.Series(words)).all())


class _Headers:
    """The headers of some columns, with what they may be as values; the same for all columns of a class."""

    def __init__(self, places: list[int], headers: list[str]) -> None:
        told = pl.DataFrame({"at": places, "header": headers})
        margin = is_margin(pl.col("header"))
        self._categories = told.filter(~margin)
        self._margins = told.filter(margin)["at"].to_list()
        self._decimals = decimals_of(told["header"])
        self._keys: dict[ValueClass, pl.DataFrame] = {}

    def may_be(self, file: DataFile, column: str) -> bool:
        """Whether as many as it takes are values of the column's class."""
        return self._of(file.value_class(column)).height >= _FEWEST

    def told(self, file: DataFile, column: str) -> list[int]:
        """The columns whose headers are values of the dataset's column, two at least, and the margins'."""
        keys = self._of(file.value_class(column))
        known = keys.filter(file.knows(column, self._places(file.value_class(column)), keys["key"]))
        return sorted((*known["at"].to_list(), *self._margins)) if known.height >= _FEWEST else []

    def _places(self, value_class: ValueClass) -> int:
        return self._decimals if value_class is ValueClass.NUMBER else 0

    def _of(self, value_class: ValueClass) -> pl.DataFrame:
        if value_class not in self._keys:
            keys = keys_in(self._categories["header"], value_class, self._places(value_class)).alias("key")
            self._keys[value_class] = self._categories.select("at", keys).drop_nulls("key")
        return self._keys[value_class]


def _long(view: TableView, leading: list[int], told: list[int], column: str) -> TableView:
    first = [view.frame[view.keys[at]] for at in leading]
    rows: list[tuple[str, ...]] = []
    numbers: list[int] = []
    origins: list[int] = []
    for at in told:
        for number, cell in enumerate(view.frame[view.keys[at]].to_list(), start=1):
            rows.append((*(lead[number - 1] for lead in first), view.columns[at], cell))
            numbers.append(number)
            origins.append(at + 1)
    keys = [f"c{at}" for at in range(len(leading) + 2)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(keys, pl.String), orient="row")
    columns = (*(view.columns[at] for at in leading), column, "count")
    return TableView(view.place, columns, frame, whole=view.whole, numbers=tuple(numbers), origins=tuple(origins))
