"""Which dataset a table comes from: by the author's declaration, or inferred from its columns and their values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hub.domain.errors import InvalidError
from hub.domain.table_context import AGGREGATES, TableContext
from hub.gate.agreement import recomputed
from hub.gate.context import Context
from hub.gate.crosstab import unpivoted
from hub.gate.datasets import DataFile
from hub.gate.figures import WEIGHT
from hub.gate.filter_language import Node, parse
from hub.gate.filtering import filtered, has_columns
from hub.gate.fragments import Fragment
from hub.gate.tabulation import KNOWN_SHARE, Tabulation, dimensions_of, tabulate
from hub.gate.views import TableView, turned_by_labels

LINEAGE = "lineage"


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """The best tabulation of a table; ``fault`` says what is wrong with the declaration, ``why`` why there is none."""

    tabulation: Tabulation | None = None
    fault: str = ""
    why: str = ""


def lineage(view: TableView, context: Context) -> Lineage:
    """Return where a table comes from; worked out once for each table and kept for the other checks."""
    return context.once(LINEAGE, (view,), lambda: _find(view, context))


def tabulations(fragment: Fragment, context: Context) -> list[Tabulation]:
    """Return the tables of a fragment that come from a dataset, with what was recomputed.

    A table that shows the sum of its declared weight is one of that column, too, without a weight.
    """
    found = [lineage(view, context).tabulation for view in context.tables(fragment)]
    weights = [_of_weight(tabulation, context) for tabulation in found if tabulation is not None]
    return [tabulation for tabulation in (*found, *weights) if tabulation is not None]


def _of_weight(tabulation: Tabulation, context: Context) -> Tabulation | None:
    """The table as one of its weight's sums, where it shows them."""
    if not any(figure.aggregate == WEIGHT for figure in tabulation.agreeing.values()):
        return None
    view, file = tabulation.view, tabulation.file
    declared = replace(context.table if view.whole else TableContext(), measure=tabulation.weight, weight="")

    def make() -> Tabulation | None:
        plain = tabulate(view, file, tabulation.dimensions, declared)
        return recomputed(plain, declared, context.policy) if plain is not None else None

    return context.once("of weight", (view,), make)


def _find(view: TableView, context: Context) -> Lineage:
    declared = context.table if view.whole else TableContext()
    fault = _fault(view, declared, context)
    if fault:
        return Lineage(fault=fault)
    if not context.datasets:
        return Lineage(why="no dataset was given to compare it with")
    try:
        files = _files(declared, context)
    except InvalidError as error:
        return Lineage(fault=str(error))
    candidates = [shape for file in files for shape in _shapes(view, file, declared, context)]
    if not candidates:
        return Lineage(why="its columns are no group columns of a dataset")
    best = max(candidates, key=_fit)
    return Lineage(best) if best.cells["rows"].count() else Lineage(why="its rows are no groups of a dataset")


def _files(declared: TableContext, context: Context) -> list[DataFile]:
    """The files that a table may come from, as far as its filter takes their rows."""
    files = [f for d in context.datasets if declared.dataset in ("", d.name) for f in d.files]
    if not declared.filter.strip():
        return files
    node = parse(declared.filter)
    named = [file for file in files if has_columns(node, file)]
    if not named:
        raise InvalidError(
            "The filter names a column that the dataset does not have. Correct the declaration.", reason="filter-column"
        )
    return [_filtered(file, node, declared.filter, context) for file in named]


def _filtered(file: DataFile, node: Node, said: str, context: Context) -> DataFile:
    """The part of a file that a filter takes, made once for all tables of a file."""
    return context.once("filtered", (file,), lambda: filtered(file, node, said))


def _fault(view: TableView, declared: TableContext, context: Context) -> str:
    """What is wrong with a declaration, before anything is computed."""
    if declared.dataset and declared.dataset not in {d.name for d in context.datasets}:
        return "The declared dataset is not mounted where this file comes from. Declare the one that it was made from."
    titles = {title.strip().casefold() for title in view.columns}
    if any(name.strip().casefold() not in titles for name in declared.dimensions):
        return (
            "A declared dimension is not a column of the table. Write one row for each cell and one column for each "
            "dimension, or correct the declaration."
        )
    columns = {name for d in context.datasets if declared.dataset in ("", d.name) for f in d.files for name in f.names}
    asked = (declared.measure, declared.weight)
    if declared.dataset and any(name.strip().casefold() not in columns for name in asked if name.strip()):
        return "The declared measure or weight is not a column of the dataset. Correct the declaration."
    if declared.aggregate not in AGGREGATES:
        return "The declared aggregate is not one that the gate knows. Correct the declaration."
    return ""


def _shapes(view: TableView, file: DataFile, declared: TableContext, context: Context) -> list[Tabulation]:
    """What the table may be of a file: as it stands, in long form, and less likely readings where a figure agrees.

    These are columns of which few values are the dataset's, since lines can be added to any table, and a table whose
    rows and columns were exchanged.
    """
    views = [view] if declared.dimensions else [view, *unpivoted(view, file)]
    found = [t for shape in views for t in _read(shape, file, declared, context, KNOWN_SHARE)]
    if any(t.agreeing and not t.differing for t in found):
        return found
    if not declared.dimensions:
        views = [view, *unpivoted(view, file, partly=True), *turned_by_labels(view)]
    return found + [t for shape in views for t in _read(shape, file, declared, context, 0.0) if t.agreeing]


def _read(
    view: TableView, file: DataFile, declared: TableContext, context: Context, known_share: float
) -> Iterator[Tabulation]:
    """The table's recomputation, where its columns are groups of the file."""
    dimensions = dimensions_of(view, file, declared, known_share)
    named = {d.column.casefold() for d in dimensions}
    if any(name.strip().casefold() not in named for name in declared.dimensions):
        return
    if not dimensions and not declared.dataset:
        return
    tabulation = tabulate(view, file, dimensions, declared)
    if tabulation is not None:
        yield recomputed(tabulation, declared, context.policy)


def _fit(tabulation: Tabulation) -> tuple[float, float, int]:
    """How much of the table the dataset explains: its figures, its rows, and by how many dimensions."""
    figures = len(tabulation.agreeing) + len(tabulation.differing)
    matched = tabulation.cells["rows"].count() / max(tabulation.cells.height, 1)
    return len(tabulation.agreeing) / max(figures, 1), matched, len(tabulation.dimensions)
