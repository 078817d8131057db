"""Reads Parquet into a table of text; its statistics, metadata, indexes and dictionaries go no further."""

from __future__ import annotations

from io import BytesIO

import polars as pl

from hub.gate.column_forms import text_of
from hub.gate.fragments import MOST_CELLS, MOST_COLUMNS, TableFragment
from hub.gate.readers.parquet_layout import check_layout
from hub.gate.readers.tables import LONGEST_CELL, MOST_TEXT
from hub.gate.refusals import ReadRefusedError, RefusalReason

_TEXTS = (pl.String, pl.Categorical, pl.Enum)
_PLAIN = (*_TEXTS, pl.Boolean, pl.Date, pl.Datetime, pl.Time, pl.Duration, pl.Decimal, pl.Null)


def read_parquet(content: bytes) -> tuple[TableFragment, ...]:
    """Read a table whose columns are plain; its size is taken from the footer before any row is read."""
    check_layout(content)
    try:
        table = _load(content)
        _check_text(table)
        texts = table.select(text_of(name, kind).fill_null("") for name, kind in table.schema.items())
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError):
        raise ReadRefusedError(RefusalReason.BROKEN_PARQUET) from None
    for name in texts.columns:
        longest = texts[name].str.len_chars().max()
        if isinstance(longest, int) and longest > LONGEST_CELL:
            raise ReadRefusedError(RefusalReason.LONG_CELL)
    return (TableFragment(columns=tuple(texts.columns), data=tuple(tuple(texts[c].to_list()) for c in texts.columns)),)


def _check_text(table: pl.DataFrame) -> None:
    """A text that many rows share stands in the file once, and would be written for each of them."""
    total = 0
    for name, kind in table.schema.items():
        if isinstance(kind, _TEXTS):
            column = pl.col(name)
            length = column.str.len_bytes() if isinstance(kind, pl.String) else column.cat.len_bytes()
            total += table.select(length.cast(pl.UInt64).sum()).item()
    if total > MOST_TEXT:
        raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)


def _load(content: bytes) -> pl.DataFrame:
    scan = pl.scan_parquet(BytesIO(content))
    schema = scan.collect_schema()
    if not schema:
        raise ReadRefusedError(RefusalReason.EMPTY)
    height = scan.select(pl.len()).collect().item()
    if len(schema) > MOST_COLUMNS or height * len(schema) > MOST_CELLS:
        raise ReadRefusedError(RefusalReason.TOO_MANY_CELLS)
    for kind in schema.values():
        if not (kind.is_numeric() or isinstance(kind, _PLAIN)):
            raise ReadRefusedError(RefusalReason.NESTED_COLUMN)
    return scan.collect()
