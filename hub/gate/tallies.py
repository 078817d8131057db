"""Counts and plain statistics of a table's cells, worked out on codes: rows, units, sums, means and ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from hub.gate.arrays import Numbers
from hub.gate.coded_columns import Combinations, rows_in, totals_in, units_in
from hub.gate.datasets import DataFile
from hub.gate.figures import column_of


def tallied(file: DataFile, keys: dict[str, tuple[str, int]], measures: Sequence[str]) -> pl.DataFrame | None:
    """Return the keys of each combination that occurs, its rows and units, and each measure's units and figures.

    None where the keys have no codes, or the units are no whole numbers; the rows themselves tell it then.
    """
    if file.unit and not file.schema[file.unit].is_integer():
        return None
    combinations = file.keys_by_code.combinations(keys)
    if combinations is None:
        return None
    rows = rows_in(combinations)
    columns = file.large.columns([*([file.unit] if file.unit else []), *measures])
    ids = next(columns).cast(pl.Int64) if file.unit else None
    units = rows if ids is None else units_in(combinations, ids)
    if units is None:
        return None
    (taken,) = rows.nonzero()
    found = {**combinations.named(taken), "rows": _whole(rows[taken]), "units": _whole(units[taken])}
    for number, values in enumerate(columns):
        figures = _figures(combinations, values, ids, (rows, units), taken)
        if figures is None:
            return None
        found |= {column_of(name, number): figure for name, figure in figures.items()}
    return pl.DataFrame(found)


def _figures(
    combined: Combinations,
    values: pl.Series,
    ids: pl.Series | None,
    counts: tuple[Numbers, Numbers],
    taken: Numbers,
) -> dict[str, pl.Series] | None:
    """Of each taken combination the units that have a value, and the plain statistics; ``counts``: rows and units."""
    all_rows, units = counts
    of = totals_in(combined, values, all_rows)
    if of.counted is not None:
        having = of.rows if ids is None else units_in(combined, ids, of.counted)
        if having is None:
            return None
        units = having
    rows, total = of.rows[taken], of.total[taken]
    return {
        "units": _whole(units[taken]),
        "sum": pl.Series(total.tolist(), dtype=pl.Float64),
        "mean": _figure(total / np.maximum(rows, 1), rows),
        "min": _figure(of.least[taken], rows),
        "max": _figure(of.largest[taken], rows),
    }


def _whole(counts: Numbers) -> pl.Series:
    return pl.Series(counts.tolist(), dtype=pl.Int64)


def _figure(numbers: Numbers, rows: Numbers) -> pl.Series:
    """The numbers, and nothing where no row has one."""
    found = [number if count else None for number, count in zip(numbers.tolist(), rows.tolist(), strict=True)]
    return pl.Series(found, dtype=pl.Float64)
