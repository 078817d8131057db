"""Recomputation: whether a table is what the dataset gives."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.domain.table_context import TableContext
from hub.gate.checks.check import Check
from hub.gate.checks.places import column_place
from hub.gate.context import Context, columns_text, rows_text
from hub.gate.declared import Mismatch, draft, mismatch
from hub.gate.fragments import Fragment, TextFragment
from hub.gate.lineage import lineage
from hub.gate.tabulation import Tabulation
from hub.gate.training import model_in
from hub.gate.views import TableView

IDENTIFIER = "recompute"


def recompute(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A table is what the pinned dataset gives; what cannot be recomputed is read by a steward.

    Counts, sums, means, medians, deviations, extremes and shares are computed again from the table's dimensions, over
    the rows that a declared filter takes. Rows that the dataset does not have, and columns that are none of these
    figures, are named and go to review. A table whose author says which figure it is, and that is another, blocks:
    every other rule counts on what was said. Without a declaration one is proposed. A model in a form of the gate's is
    run again by a rule of its own.
    """
    views = context.tables(fragment)
    if not views or model_in(fragment, context) is not None:
        return None
    origins = [(view, lineage(view, context)) for view in views]
    findings = [found for _, o in origins if o.tabulation is not None for found in _judge(o.tabulation, context)]
    unknown = [(view, o.why) for view, o in origins if o.tabulation is None and not o.fault]
    if isinstance(fragment, TextFragment):
        # A printed table is cut out of its text in more than one way; one of them is enough. No figure of another
        # table speaks for one that has none.
        known = frozenset().union(*(_figures(view) for view, o in origins if o.tabulation is not None))
        unknown = [(view, why) for view, why in unknown if not (said := _figures(view)) or not said <= known][:1]
    return findings + [_unknown(view, why, context) for view, why in unknown]


def _figures(view: TableView) -> frozenset[str]:
    """All that has a digit, or a sign for a number, as it is written in the table or above it."""
    cells = (cell for column in view.frame for cell in column.drop_nulls().to_list())
    return frozenset(cell.strip() for cell in (*view.columns, *cells) if any(map(str.isnumeric, cell)))


def _unknown(view: TableView, why: str, context: Context) -> Finding:
    sentence = (
        f"The table could not be recomputed: {why}. A steward reads it; declare its dataset, dimensions and measure to "
        "have it verified."
    )
    return context.finding(IDENTIFIER, Severity.REVIEW, f"{view.place}, the whole table", sentence)


def _judge(tabulation: Tabulation, context: Context) -> list[Finding]:
    declared = context.table if tabulation.view.whole else TableContext()
    wrong = mismatch(tabulation, declared, context.policy)
    if wrong is not None:
        return [_not_declared(tabulation, wrong, context)]
    findings = [*_lost(tabulation, context), *_differing(tabulation, context)]
    is_small = (pl.col("units") < context.policy.minimum_units) & pl.col("shown")
    if not findings and tabulation.cells.filter(is_small).height == 0:
        findings.append(_agrees(tabulation, declared, context))
    if tabulation.file.dataset and context.datasets and _counts_rows(tabulation, context):
        sentence = (
            f"This part of the dataset {tabulation.file.dataset} does not have its privacy unit's column, so rows were "
            "counted instead. A steward judges whether rows are enough."
        )
        place = f"{tabulation.view.place}, the whole table"
        findings.append(context.finding(IDENTIFIER, Severity.REVIEW, place, sentence))
    return findings


def _not_declared(tabulation: Tabulation, wrong: Mismatch, context: Context) -> Finding:
    sentence = (
        f"The table is not what its declaration says: computed again from the dataset {tabulation.file.dataset}, these "
        "cells are others. Correct the table or the declaration, with its filter and its rounding; without a "
        "declaration, a steward reads the table."
    )
    place = column_place(tabulation.view, wrong.key, wrong.rows)
    return context.finding(IDENTIFIER, Severity.BLOCK, place, sentence, "a table is what its author declares")


def _agrees(tabulation: Tabulation, declared: TableContext, context: Context) -> Finding:
    where = columns_text(tabulation.names)
    sentence = f"Recomputed from the dataset {tabulation.file.dataset} over {where}; every figure agrees."
    if not declared.dimensions:
        sentence += f" To declare it: {draft(tabulation)}."
    return context.finding(IDENTIFIER, Severity.NOTE, f"{tabulation.view.place}, the whole table", sentence)


def _lost(tabulation: Tabulation, context: Context) -> list[Finding]:
    """Rows that the dataset does not have, unless they only say so."""
    place, view, dataset = tabulation.view.place, tabulation.view, tabulation.file.dataset
    missing = set(tabulation.cells.filter(pl.col("shown") & pl.col("rows").is_null())["row"].to_list())
    lost = sorted((missing - _saying_nothing(tabulation, missing)) | _strange(tabulation))
    findings = []
    if lost:
        sentence = (
            f"These cells could not be recomputed: the dataset {dataset} has no rows with such a combination of "
            f"{columns_text(tabulation.names)}. A steward reads them; say in the context how they were derived."
        )
        where = f"{place}, {rows_text(view.row_numbers(lost))}, {columns_text(tabulation.names)}"
        findings.append(context.finding(IDENTIFIER, Severity.REVIEW, where, sentence))
    return findings


def _saying_nothing(tabulation: Tabulation, rows: set[int]) -> set[int]:
    """Those of the rows whose figures are all zero."""
    figures = [*tabulation.agreeing, *tabulation.differing]
    empty = rows if figures else set[int]()
    for key in figures if rows else ():
        is_zero = (tabulation.view.number_cells(key) == 0).fill_null(value=False)
        empty = empty.intersection((is_zero.arg_true() + 1).to_list())
    return empty


def _strange(tabulation: Tabulation) -> set[int]:
    """Rows without a figure whose labels the dataset does not know: a group that is left out is one of its groups."""
    found: set[int] = set()
    for dimensions, rows in tabulation.groups:
        silent = rows.filter(~pl.col("shown"))
        for d in dimensions if silent.height else ():
            keys = silent[d.key]
            is_known = tabulation.file.knows(d.column, d.decimals, keys)
            if keys.null_count() and tabulation.file.has_missing(d.column):
                is_known |= keys.is_null()
            found.update(silent.filter(~is_known)["row"].to_list())
    return found


def _differing(tabulation: Tabulation, context: Context) -> list[Finding]:
    """Columns that are no figure of the dataset."""
    place, view, dataset = tabulation.view.place, tabulation.view, tabulation.file.dataset
    findings = []
    if tabulation.differing:
        numbers = ", ".join(str(view.keys.index(key) + 1) for key in tabulation.differing)
        sentence = (
            f"These columns are no figure that the whole dataset {dataset} gives for "
            f"{columns_text(tabulation.names)}: they may rest on a part of it, or on another statistic. A steward "
            "reads them; say in the context how they were computed."
        )
        where = f"{place}, column {numbers}" if len(tabulation.differing) == 1 else f"{place}, columns {numbers}"
        findings.append(context.finding(IDENTIFIER, Severity.REVIEW, where, sentence))
    return findings


def _counts_rows(tabulation: Tabulation, context: Context) -> bool:
    """The dataset has a privacy unit, and the file that the table comes from lacks its column."""
    units = {d.name: d.privacy_unit for d in context.datasets}
    return bool(units.get(tabulation.file.dataset)) and not tabulation.file.unit


RECOMPUTE = Check(
    IDENTIFIER,
    recompute,
    statbarn="linear aggregations",
    source="The lab's own: no other gate computes an output again",
)
