"""How much the names of columns say: words that no dataset has, as its names or as values of its groups."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from hub.gate.cells import decimals_of, table_key
from hub.gate.context import Context
from hub.gate.datasets import DataFile

_WORDS = re.compile(r"[^\W\d_]+|\d+")
_REPEATED = 4
"""Words that come again and again say less each, and count so many times less."""


def says_much(titles: Iterable[str], context: Context) -> bool:
    """Whether names of columns are together as long as a text that a steward reads, each name and word taken once."""
    most = context.policy.free_text
    different = {title.strip() for title in titles}
    if sum(map(len, different)) < most:
        return False
    left = unknown(sorted(different), context)
    known = {word for file in context.files for name in file.names for word in _WORDS.findall(name)}
    words = {word for title in left for word in _WORDS.findall(title.casefold())} - known
    return sum(map(len, words)) >= most or sum(map(len, left)) >= _REPEATED * most


def unknown(titles: list[str], context: Context) -> list[str]:
    """Return the names that are neither columns of a dataset nor values of its groups."""
    left = titles
    for file in context.files:
        left = [title for title in left if title.casefold() not in file.names]
        for column in file.schema if left else ():
            if column != file.unit and file.is_grouping(column):
                known = values_met(left, file, column)
                left = [title for title in left if title not in known]
    return left


def values_met(titles: Iterable[str], file: DataFile, column: str) -> set[str]:
    """Return the names that are values of a column."""
    cells = pl.Series("title", list(titles), dtype=pl.String)
    decimals = decimals_of(cells)
    keys = cells.to_frame().with_columns(table_key(pl.col("title"), file.value_class(column), decimals).alias("key"))
    keys = keys.drop_nulls("key")
    return set(keys.filter(file.knows(column, decimals, keys["key"]))["title"])
