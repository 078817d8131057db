"""Wide tables, one column for each category, brought to one row for each cell."""

from __future__ import annotations

import polars as pl

from hub.gate.cells import ValueClass, decimals_of, is_margin, keys_in
from hub.gate.datasets import DataFile
from hub.gate.views import TableView

_MOST_LEADING = 3
_FEWEST = 2


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
    found = []
    for column in file.schema:
        if column not in used and file.is_grouping(column):
            told = _values(view, others, file, column)
            if told and (partly or told == others):
                found.append(_long(view, leading, told, column))
    return found


def _values(view: TableView, others: list[int], file: DataFile, column: str) -> list[int]:
    """The columns whose headers are values of the dataset's column, two at least, and the margins'."""
    headers = pl.DataFrame({"at": others, "header": [view.columns[at].strip() for at in others]})
    value_class = file.value_class(column)
    decimals = decimals_of(headers["header"]) if value_class is ValueClass.NUMBER else 0
    margin = is_margin(pl.col("header"))
    categories = headers.filter(~margin)
    keys = categories.select("at", keys_in(categories["header"], value_class, decimals).alias("key"))
    known = keys.join(file.counts(column, decimals, keys["key"]), on="key", how="semi")
    if known.height < _FEWEST:
        return []
    return sorted((*known["at"].to_list(), *headers.filter(margin)["at"].to_list()))


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
