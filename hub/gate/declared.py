"""What an author declared about a table, held against what the dataset gives; and what they could declare."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from hub.domain.table_context import AGGREGATES, TableContext
from hub.gate.agreement import near_figure
from hub.gate.cells import decimals_of, numbers_in
from hub.gate.figures import COUNTS, WEIGHT, column_of
from hub.gate.marks import is_suppressed
from hub.gate.tabulation import Tabulation
from hub.policy.model import Policy


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A column that comes nearest to the declared figure, and its rows that are another."""

    key: str
    rows: tuple[int, ...]


def says_figure(declared: TableContext) -> bool:
    """Whether a declaration says which figure the table shows; a count alone is what a form sends by itself."""
    return bool(declared.dataset) and bool(declared.measure or declared.filter or declared.aggregate != "count")


def mismatch(tabulation: Tabulation, declared: TableContext, policy: Policy) -> Mismatch | None:
    """Return where a table is not what its author declared; None where some column is.

    A table of which every column is known is another one, too, where the dataset gives nothing like what was declared.
    """
    if not says_figure(declared):
        return None
    view = tabulation.view
    table = view.frame.with_columns(pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias("row"))
    joined = table.join(tabulation.cells.drop("shown"), on="row", how="left")
    candidates = _candidates(tabulation, declared)
    tries = []
    for key in (*tabulation.differing, *tabulation.agreeing):
        shown = joined.filter(~is_suppressed(view.frame, key))
        places, cell = decimals_of(shown[key]), numbers_in(shown[key])
        if not candidates and not tabulation.differing:
            tries.append((shown.height, Mismatch(key, tuple(shown["row"].to_list()))))
        for name in candidates:
            is_off = ~near_figure(places, cell, shown[name], declared, policy)
            rows = tuple(shown["row"].to_numpy()[is_off].tolist())
            tries.append((len(rows), Mismatch(key, rows)))
    fewest, nearest = min(tries, key=lambda tried: tried[0], default=(0, None))
    return nearest if fewest else None


def _measures(tabulation: Tabulation, declared: TableContext) -> tuple[str, ...]:
    """The declared measure, if it is one of the table's; all of these where none is declared."""
    measure = declared.measure.strip().casefold()
    return tuple(m for m in tabulation.measures if not measure or m == tabulation.file.names.get(measure))


def _candidates(tabulation: Tabulation, declared: TableContext) -> list[str]:
    """Columns of recomputed figures that the declaration may mean."""
    found = []
    measures = _measures(tabulation, declared)
    for name in AGGREGATES[declared.aggregate]:
        if name in (*COUNTS, WEIGHT):
            found.append(name)
        elif name == "share":
            found += [column for column in tabulation.cells.columns if column.startswith("share_")]
        else:
            found += [column_of(name, tabulation.measures.index(measure)) for measure in measures]
    return [name for name in found if name in tabulation.cells.columns]


def draft(tabulation: Tabulation) -> str:
    """Write the declaration that the table fits, as the command line takes it."""
    figures = [f for f in tabulation.agreeing.values() if f.measure] or list(tabulation.agreeing.values())
    words = [f"dataset={tabulation.file.dataset}", f"dimensions={','.join(tabulation.names)}"]
    if figures:
        figure = figures[0]
        words += [f"measure={figure.measure}"] if figure.measure else []
        words.append(f"aggregate={'count' if figure.aggregate in COUNTS else figure.aggregate}")
    return " ".join(words)
