"""Recomputation: whether a table is what the dataset gives."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.context import Context, columns_text, rows_text
from hub.gate.fragments import Fragment, TextFragment
from hub.gate.lineage import lineage
from hub.gate.tabulation import Tabulation
from hub.gate.views import TableView

IDENTIFIER = "recompute"


def recompute(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A table is what the pinned dataset gives; what cannot be recomputed is read by a steward.

    Counts, sums and means are computed again from the table's dimensions. Rows that the dataset does not have, and
    columns that are none of these figures, are named and go to review.
    """
    views = context.tables(fragment)
    if not views:
        return None
    origins = [(view, lineage(view, context)) for view in views]
    findings = [found for _, o in origins if o.tabulation is not None for found in _judge(o.tabulation, context)]
    unknown = [_unknown(view, o.why, context) for view, o in origins if o.tabulation is None and not o.fault]
    if isinstance(fragment, TextFragment):
        # A printed table is cut out of its text in more than one way; one of them is enough.
        return findings or unknown[:1]
    return findings + unknown


def _unknown(view: TableView, why: str, context: Context) -> Finding:
    sentence = (
        f"The table could not be recomputed: {why}. A steward reads it; declare its dataset, dimensions and measure to "
        "have it verified."
    )
    return context.finding(IDENTIFIER, Severity.REVIEW, f"{view.place}, the whole table", sentence)


def _judge(tabulation: Tabulation, context: Context) -> list[Finding]:
    findings = []
    place, view, dataset = tabulation.view.place, tabulation.view, tabulation.file.dataset
    lost = tabulation.cells.filter(pl.col("shown") & pl.col("rows").is_null())["row"].to_list()
    if lost:
        sentence = (
            f"These cells could not be recomputed: the dataset {dataset} has no rows with such a combination of "
            f"{columns_text(tabulation.names)}. A steward reads them; say in the context how they were derived."
        )
        where = f"{place}, {rows_text(view.row_numbers(lost))}, {columns_text(tabulation.names)}"
        findings.append(context.finding(IDENTIFIER, Severity.REVIEW, where, sentence))
    if tabulation.differing:
        numbers = ", ".join(str(view.keys.index(key) + 1) for key in tabulation.differing)
        sentence = (
            f"These columns are no count, sum or mean that the whole dataset {dataset} gives for "
            f"{columns_text(tabulation.names)}: they may rest on a part of it, or on another statistic. A steward "
            "reads them; say in the context how they were computed."
        )
        where = f"{place}, column {numbers}" if len(tabulation.differing) == 1 else f"{place}, columns {numbers}"
        findings.append(context.finding(IDENTIFIER, Severity.REVIEW, where, sentence))
    is_small = (pl.col("units") < context.policy.minimum_units) & pl.col("shown")
    if not findings and tabulation.cells.filter(is_small).height == 0:
        sentence = f"Recomputed from the dataset {dataset} over {columns_text(tabulation.names)}; every figure agrees."
        findings.append(context.finding(IDENTIFIER, Severity.NOTE, f"{place}, the whole table", sentence))
    if tabulation.file.dataset and context.datasets and _counts_rows(tabulation, context):
        sentence = (
            f"This part of the dataset {dataset} does not have its privacy unit's column, so rows were counted "
            "instead. A steward judges whether rows are enough."
        )
        findings.append(context.finding(IDENTIFIER, Severity.REVIEW, f"{place}, the whole table", sentence))
    return findings


def _counts_rows(tabulation: Tabulation, context: Context) -> bool:
    """The dataset has a privacy unit, and the file that the table comes from lacks its column."""
    units = {d.name: d.privacy_unit for d in context.datasets}
    return bool(units.get(tabulation.file.dataset)) and not tabulation.file.unit


RECOMPUTE = Check(IDENTIFIER, recompute)
