"""Which dataset a table comes from: by the author's declaration, or inferred from its columns and their values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from hub.domain.exports import TableContext
from hub.gate.context import Context
from hub.gate.crosstab import unpivoted
from hub.gate.datasets import DataFile
from hub.gate.tabulation import Tabulation, dimensions_of, tabulate
from hub.gate.views import TableView


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """The best tabulation of a table; ``fault`` says what is wrong with the declaration, ``why`` why there is none."""

    tabulation: Tabulation | None = None
    fault: str = ""
    why: str = ""


def lineage(view: TableView, context: Context) -> Lineage:
    """Return where a table comes from; worked out once for each table and kept for the other checks."""
    known = context.kept.get(("lineage", id(view)))
    if known is None:
        known = (view, _find(view, context))
        context.kept["lineage", id(view)] = known
    return cast("Lineage", known[1])


def _find(view: TableView, context: Context) -> Lineage:
    declared = context.table if view.whole else TableContext()
    fault = _fault(view, declared.dataset, declared.dimensions, context)
    if fault:
        return Lineage(fault=fault)
    if not context.datasets:
        return Lineage(why="no dataset was given to compare it with")
    candidates = []
    for dataset in context.datasets:
        if declared.dataset in ("", dataset.name):
            for file in dataset.files:
                candidates += _tabulations(view, file, declared, context)
    if not candidates:
        return Lineage(why="its columns are no group columns of a dataset")
    best = max(candidates, key=_fit)
    return Lineage(best) if best.cells["rows"].count() else Lineage(why="its rows are no groups of a dataset")


def _fault(view: TableView, dataset: str, dimensions: tuple[str, ...], context: Context) -> str:
    if dataset and dataset not in {d.name for d in context.datasets}:
        return "The declared dataset is not mounted where this file comes from. Declare the one that it was made from."
    titles = {title.strip().casefold() for title in view.columns}
    if any(name.strip().casefold() not in titles for name in dimensions):
        return (
            "A declared dimension is not a column of the table. Write one row for each cell and one column for each "
            "dimension, or correct the declaration."
        )
    return ""


def _tabulations(view: TableView, file: DataFile, declared: TableContext, context: Context) -> list[Tabulation]:
    found = []
    views = [view] if declared.dimensions else [view, *unpivoted(view, file)]
    for shape in views:
        dimensions = dimensions_of(shape, file, declared)
        named = {d.column.casefold() for d in dimensions}
        if any(name.strip().casefold() not in named for name in declared.dimensions):
            continue
        if not dimensions and not declared.dataset:
            continue
        tabulation = tabulate(shape, file, dimensions, declared, context.policy)
        if tabulation is not None:
            found.append(tabulation)
    return found


def _fit(tabulation: Tabulation) -> tuple[float, float, int]:
    """How much of the table the dataset explains: its figures, its rows, and by how many dimensions."""
    figures = len(tabulation.agreeing) + len(tabulation.differing)
    matched = tabulation.cells["rows"].count() / max(tabulation.cells.height, 1)
    return len(tabulation.agreeing) / max(figures, 1), matched, len(tabulation.dimensions)
