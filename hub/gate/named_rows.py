"""Rows that are met under the dataset's own column names."""

from __future__ import annotations

import re

import polars as pl

from hub.gate.cells import ValueClass, table_key
from hub.gate.datasets import UNIT, DataFile
from hub.gate.views import TableView
from hub.policy.model import Policy

FEWEST_COLUMNS = 3
_INDEX_NAME = re.compile(r"(?i)|index|level_\d|unnamed: ?\d+|row_?(?:nr|index)?|…|\.\.\.")


def listed_records(view: TableView, file: DataFile) -> list[int]:
    """Return all rows of a table that has the dataset's own columns and nothing else, if each is in the dataset.

    Such a table shows records and no figures, as ``df.head()`` does, however many units have the same values.
    """
    named = _named(view, file)
    others = [title for key, title in zip(view.keys, view.columns, strict=True) if key not in named]
    if len(named) < FEWEST_COLUMNS or not all(_INDEX_NAME.fullmatch(title.strip()) for title in others):
        return []
    rows = _rows(view, file, named, []).filter(_filled(named) > 0)
    met = _met(rows, file, named)
    return view.row_numbers(met["row"].to_list()) if rows.height and met.height == rows.height else []


def rare_records(view: TableView, file: DataFile, policy: Policy) -> list[int]:
    """Return the rows whose named columns, three or more, together fit fewer units of the dataset than the policy asks.

    One of them at least is no group column: cells of groups are the minimum frequency's. A row whose other columns are
    all suppressed says nothing but that its group exists, and does not count.
    """
    named = _named(view, file)
    telling = [column for column, _ in named.values() if not file.is_grouping(column) or column == file.unit]
    if len(named) < FEWEST_COLUMNS or not telling:
        return []
    others = [key for key in view.keys if key not in named]
    rows = _rows(view, file, named, others).filter(_filled(named) >= FEWEST_COLUMNS)
    met = _met(rows, file, named)
    return view.row_numbers(met.filter(pl.col("units") < policy.minimum_units)["row"].to_list())


def _named(view: TableView, file: DataFile) -> dict[str, tuple[str, int]]:
    """Columns of the table that carry a name of the dataset, each name once, with the decimals that they show."""
    named: dict[str, tuple[str, int]] = {}
    for key, title in zip(view.keys, view.columns, strict=True):
        column = file.names.get(title.strip().casefold())
        if column is not None and column not in {c for c, _ in named.values()}:
            is_number = file.value_class(column) is ValueClass.NUMBER
            named[key] = (column, view.decimals(key) if is_number else 0)
    return named


def _filled(named: dict[str, tuple[str, int]]) -> pl.Expr:
    return pl.sum_horizontal(*(pl.col(key).is_not_null().cast(pl.Int64) for key in named))


def _rows(view: TableView, file: DataFile, named: dict[str, tuple[str, int]], others: list[str]) -> pl.DataFrame:
    """The table's rows as keys, without those that show nothing in their other columns, and such that name them again.

    A list of rows in a document has its first one as names, and as a row, too.
    """
    shown = pl.any_horizontal(*(~view.suppressed(key) for key in others)) if others else pl.lit(value=True)
    keys = [
        table_key(pl.col(key), file.value_class(column), places).alias(key) for key, (column, places) in named.items()
    ]
    number = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row")
    titles = dict(zip(view.keys, view.columns, strict=True))
    names = pl.all_horizontal(*(pl.col(key) == titles[key] for key in named)).fill_null(value=False)
    return view.frame.select(number, *keys, (shown & ~names).alias("shown")).filter("shown").drop("shown")


def _met(rows: pl.DataFrame, file: DataFile, named: dict[str, tuple[str, int]]) -> pl.DataFrame:
    """The rows that the dataset has, with the number of units that have each."""
    on = list(named)
    counted = file.matching(named, rows).group_by(on).agg(pl.col(UNIT).drop_nulls().n_unique().alias("units")).collect()
    return rows.join(counted, on=on, how="inner", nulls_equal=True)
