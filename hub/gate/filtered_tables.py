"""Tables of declared parts of a dataset, brought onto the whole of it: a filter is one more dimension, with one value.

So the cells of a filtered table can be compared exactly with those of every other table of the dataset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from hub.domain.errors import InvalidError
from hub.gate.datasets import DataFile
from hub.gate.exchange import TablePart
from hub.gate.filter_language import parse
from hub.gate.filtering import condition, has_columns

MOST_FILTERS = 12
"""Different filters that are compared at once; each can double the number of atoms."""
_TAKEN = "=1"


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A file with a column for each filter, and the tables with these columns as dimensions.

    ``is_whole`` is false where a table's filter could not be brought in.
    """

    file: DataFile
    tables: tuple[TablePart, ...]
    is_whole: bool = True


def on_the_whole(file: DataFile, tables: Sequence[TablePart]) -> Whole:
    """Return a file and its tables with each usable filter as a dimension; other tables stay as they are."""
    own = [table for table in tables if _is_exact(file, table)]
    said = list(dict.fromkeys(table.filter.strip() for table in own))
    conditions = {text: made for text in said[:MOST_FILTERS] if (made := _condition(text, file)) is not None}
    if not conditions:
        return Whole(file, tuple(tables), not said)
    names = {text: f"__filter {number}" for number, text in enumerate(conditions)}
    flags = [made.fill_null(value=False).alias(names[text]) for text, made in conditions.items()]
    brought = tuple(
        _brought(t, names[t.filter.strip()]) if t in own and t.filter.strip() in names else t for t in tables
    )
    return Whole(file.with_columns(flags), brought, len(conditions) == len(said))


def is_comparable(table: TablePart) -> bool:
    """Whether a table shows recomputed figures of known cells, of the whole of a dataset or of a declared part."""
    return table.exact or (bool(table.filter.strip()) and bool(table.figures) and 0 not in table.rows)


def _is_exact(file: DataFile, table: TablePart) -> bool:
    """Whether it is so of a declared part of the file."""
    named = (table.dataset, table.file) == (file.dataset, file.name)
    return named and not table.exact and bool(table.filter.strip()) and is_comparable(table)


def _condition(text: str, file: DataFile) -> pl.Expr | None:
    try:
        node = parse(text)
        return condition(node, file) if has_columns(node, file) else None
    except InvalidError:
        return None


def _brought(table: TablePart, name: str) -> TablePart:
    added = {
        "dimensions": (*table.dimensions, name),
        "decimals": (*table.decimals, 0),
        "cells": tuple((*cell, _TAKEN) for cell in table.cells),
        "filter": "",
        "exact": True,
    }
    return table.model_copy(update=added)
