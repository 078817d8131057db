"""Wide tables, one column for each category, brought to one row for each cell."""

from __future__ import annotations

import polars as pl

from hub.gate.cells import ValueClass, decimals_of, is_margin, table_key
from hub.gate.datasets import DataFile
from hub.gate.views import TableView

_MOST_LEADING = 3


def unpivoted(view: TableView, file: DataFile) -> list[TableView]:
    """Return a wide table in long form, once for each group column of the dataset whose values its headers are."""
    leading = 0
    names = [title.strip().casefold() for title in view.columns]
    while leading < min(len(names) - 2, _MOST_LEADING) and names[leading] in file.names:
        leading += 1
    if leading == 0:
        return []
    headers = pl.Series("header", [title.strip() for title in view.columns[leading:]])
    used = {file.names[name] for name in names[:leading]}
    return [
        _long(view, leading, column)
        for column in file.schema
        if column not in used and file.is_grouping(column) and _are_values(headers, file, column)
    ]


def _are_values(headers: pl.Series, file: DataFile, column: str) -> bool:
    """Every header but the margins' is a value of the column."""
    value_class = file.value_class(column)
    decimals = decimals_of(headers) if value_class is ValueClass.NUMBER else 0
    categories = headers.to_frame().filter(~is_margin(pl.col("header")))
    keys = categories.select(table_key(pl.col("header"), value_class, decimals).alias("key"))
    known = keys.join(file.counts(column, decimals, keys["key"]), on="key", how="semi").height
    return categories.height > 1 and known == categories.height


def _long(view: TableView, leading: int, column: str) -> TableView:
    first = [view.frame[key] for key in view.keys[:leading]]
    rows: list[tuple[str, ...]] = []
    numbers: list[int] = []
    for key, title in zip(view.keys[leading:], view.columns[leading:], strict=True):
        for number, cell in enumerate(view.frame[key].to_list(), start=1):
            rows.append((*(lead[number - 1] for lead in first), title, cell))
            numbers.append(number)
    keys = [f"c{at}" for at in range(leading + 2)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(keys, pl.String), orient="row")
    columns = (*view.columns[:leading], column, "count")
    return TableView(view.place, columns, frame, whole=view.whole, numbers=tuple(numbers))
