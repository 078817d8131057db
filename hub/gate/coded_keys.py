"""The keys of a file's columns of few values, by their codes: which there are, how often each, and in which rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import TYPE_CHECKING

import polars as pl

from hub.gate.cells import ValueClass, classify, dataset_key, in_one_form
from hub.gate.coded_columns import CodedColumn, Combinations, combinations_of

if TYPE_CHECKING:
    from hub.gate.large_columns import LargeColumns


class CodedKeys:
    """The keys of one file."""

    def __init__(self, columns: LargeColumns, schema: pl.Schema) -> None:
        self._columns = columns
        self._schema = schema
        self._keys: dict[tuple[str, int], pl.Series] = {}
        self._counts: dict[tuple[str, int], dict[int | str | None, int]] = {}

    def counts(self, column: str, decimals: int) -> dict[int | str | None, int] | None:
        """How many rows have each key, of one that occurs; None without codes."""
        codes = self._columns.coded(column)
        if codes is None:
            return None
        if (column, decimals) not in self._counts:
            found: Counter[int | str | None] = Counter()
            rows = codes.rows().tolist()
            for key, count in zip(self._key(column, decimals, codes).to_list(), rows, strict=True):
                found[key] += count
            self._counts[column, decimals] = {key: count for key, count in found.items() if count}
        return self._counts[column, decimals]

    def known(self, column: str, decimals: int) -> Collection[int | str | None] | None:
        """The keys that occur; None without codes."""
        codes = self._columns.coded(column)
        if codes is None or not codes.all_occur:
            return self.counts(column, decimals)
        return set(self._key(column, decimals, codes).to_list())

    def at_most(self, column: str) -> int | None:
        """A number of keys that the column has not more of; None without codes."""
        codes = self._columns.coded(column)
        return codes.values.len() if codes is not None else None

    def has_missing(self, column: str) -> bool | None:
        """Whether the key of some row is missing; None without codes."""
        codes = self._columns.coded(column)
        return self._key(column, 0, codes).null_count() > 0 if codes is not None else None

    def combinations(self, keys: dict[str, tuple[str, int]]) -> Combinations | None:
        """The combinations of keys, one key at least; None where a column has no codes, or beyond so many."""
        coded = [(name, column, decimals, self._columns.coded(column)) for name, (column, decimals) in keys.items()]
        named = [(name, c, self._key(column, decimals, c)) for name, column, decimals, c in coded if c is not None]
        return combinations_of(named) if coded and len(named) == len(coded) else None

    def _key(self, column: str, decimals: int, codes: CodedColumn) -> pl.Series:
        """The key of each value."""
        if (column, decimals) not in self._keys:
            kind = self._schema[column]
            values = codes.values.to_frame(column)
            if classify(kind) is ValueClass.TEXT:
                values = values.select(in_one_form(pl.col(column)))
            self._keys[column, decimals] = values.select(dataset_key(column, kind, decimals)).to_series()
        return self._keys[column, decimals]
