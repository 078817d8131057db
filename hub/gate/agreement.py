"""Which recomputed figure each column of a table shows.

Plain statistics are tried first. What agrees with none of them is held against the declared aggregate, medians,
deviations and shares, and then against the dataset's other columns of numbers, since a header need not name its
measure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from hub.domain.table_context import TableContext
from hub.gate.cells import decimals_of, numbers_in
from hub.gate.figures import COUNTS, MORE, PLAIN, WEIGHT, Figure, column_of
from hub.gate.shares import shares_of
from hub.gate.tabulation import MEASURES, Asked, Tabulation, figures_of, tabulate
from hub.gate.views import TableView
from hub.policy.model import Policy

MOST_SEARCHED = 40
"""Columns of numbers whose statistics are tried for a column that names no measure."""
_TELLING = 3
"""Different values that a column must show before it counts as a figure of a measure that nobody named."""


def recomputed(tabulation: Tabulation, context: TableContext, policy: Policy) -> Tabulation:
    """Return the tabulation with what its columns turned out to be."""
    found = _compared(tabulation, context, policy, PLAIN)
    if not found.differing and context.aggregate not in (*MORE, "quantile", "share"):
        return found
    found = _compared(_with_more(found, context), context, policy, _more_names(context))
    return _searched(found, context, policy) if found.differing else found


def _more_names(context: TableContext) -> tuple[str, ...]:
    return (*MORE, "quantile") if context.quantile else MORE


def _with_more(tabulation: Tabulation, context: TableContext) -> Tabulation:
    """Add the statistics that cost more, and the shares of cells in their lines."""
    asked = Asked(tabulation.measures, _more_names(context), tabulation.weight, context.quantile or 0.5)
    extra = figures_of(tabulation.file, tabulation.groups, asked)
    known = set(tabulation.cells.columns) - {"row"}
    cells = tabulation.cells.join(extra.drop(known & set(extra.columns)), on="row", how="left")
    return replace(tabulation, cells=cells.join(shares_of(tabulation), on="row", how="left"))


def _candidates(tabulation: Tabulation, names: Iterable[str]) -> dict[str, Figure]:
    """Columns of recomputed figures with what they are; counts first, then what the table's headers name."""
    found = {name: Figure(name) for name in COUNTS}
    found |= {WEIGHT: Figure(WEIGHT)} if tabulation.weight else {}
    for i, measure in enumerate(tabulation.measures):
        found |= {column_of(name, i): Figure(name, measure) for name in names}
    return found | {name: Figure("share") for name in tabulation.cells.columns if name.startswith("share_")}


def _compared(tabulation: Tabulation, context: TableContext, policy: Policy, names: Iterable[str]) -> Tabulation:
    """Say of each differing column which recomputed figure it shows."""
    view = tabulation.view
    candidates = _candidates(tabulation, names)
    agreeing, differing = dict(tabulation.agreeing), []
    cells = tabulation.cells.sort("row")
    for key in tabulation.differing:
        is_shown = ~view.suppressed(key)
        if not is_shown.any():
            continue
        shown = _shown(view, key, cells, is_shown & cells["rows"].is_not_null())
        match = _match(shown, candidates, context, policy)
        if match is None:
            differing.append(key)
        else:
            agreeing[key] = match
    return replace(tabulation, agreeing=agreeing, differing=tuple(differing))


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """What a column shows, with the decimals of all of it, beside what was recomputed for the same cells."""

    places: int
    numbers: pl.Series
    cells: pl.DataFrame


def _shown(view: TableView, key: str, cells: pl.DataFrame, taken: pl.Series) -> _Shown:
    """The column's cells that are taken."""
    if taken.all():
        return _Shown(view.decimals(key), view.number_cells(key), cells)
    texts = view.frame[key].filter(taken)
    return _Shown(decimals_of(texts), numbers_in(texts), cells.filter(taken))


def _match(shown: _Shown, candidates: dict[str, Figure], context: TableContext, policy: Policy) -> Figure | None:
    """The first figure that every cell is."""
    if shown.cells.is_empty():
        return None

    def agrees(name: str) -> bool:
        return bool(near_figure(shown.places, shown.numbers, shown.cells[name], context, policy).all())

    return next((figure for name, figure in candidates.items() if agrees(name)), None)


def near_figure(
    places: int, cell: pl.Series, figure: pl.Series, context: TableContext, policy: Policy
) -> NDArray[np.bool_]:
    """Which cells are the figure: to half of their last decimal, of a declared rounding, or of canonical digits.

    The figure's name says what it is. No cell and no figure that is missing, or infinite, is near to anything.
    """
    shown, value = (numbers.cast(pl.Float64).to_numpy() for numbers in (cell, figure))
    is_count = figure.name in COUNTS
    half_decimal = 0.5 * 10.0**-places
    rounding = max(context.rounding, policy.rounding_base if is_count else 0)
    least = max(1e-9 if is_count else half_decimal, rounding / 2 if rounding > 1 or not is_count else 0)
    digits = 0.0 if is_count else np.abs(value) * 0.5 * 10.0 ** (1 - policy.significant_digits)
    scale = 100.0 if figure.name.endswith("_percent") else 1.0
    with np.errstate(invalid="ignore"):
        near: NDArray[np.bool_] = np.abs(shown - value * scale) <= np.maximum(least, digits) * 1.001
        near &= np.isfinite(shown) & np.isfinite(value)
        if context.rounding > 0:
            # What was rounded is a multiple of that; else its digits could be any, and a large one agree with anything.
            steps = shown / context.rounding
            near &= np.abs(steps - np.round(steps)) <= np.maximum(1e-6, np.abs(steps) * 1e-12)
    return near


def _searched(tabulation: Tabulation, context: TableContext, policy: Policy) -> Tabulation:
    """Try the dataset's other columns of numbers; what fits becomes a measure of the table."""
    file, view = tabulation.file, tabulation.view
    telling = tuple(k for k in tabulation.differing if view.frame[k].n_unique() >= _TELLING)
    taken = {*tabulation.measures, *tabulation.names, file.unit}
    columns = [c for c in file.schema if file.value_class(c) in MEASURES and c not in taken]
    if not telling or not columns or len(columns) > MOST_SEARCHED:
        return tabulation
    asked = Asked(tuple(columns), (*PLAIN, *MORE))
    cells = figures_of(file, tabulation.groups, asked)
    tried = replace(tabulation, cells=cells, measures=tuple(columns), differing=telling, agreeing={}, weight="")
    met = _compared(tried, context, policy, asked.names).agreeing
    also = tuple(dict.fromkeys(figure.measure for figure in met.values() if figure.measure))
    again = tabulate(view, file, tabulation.dimensions, context, (*tabulation.measures, *also)) if also else None
    return recomputed(again, context, policy) if again is not None else tabulation
