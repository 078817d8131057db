"""Microdata: a table that has a line for each unit, and no aggregate in sight."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import number
from hub.gate.checks.check import Check
from hub.gate.column_names import is_vector_name
from hub.gate.context import Context, arrays_text, rows_text
from hub.gate.fragments import ArraysFragment, Fragment
from hub.gate.lineage import lineage
from hub.gate.tabulation import Tabulation
from hub.gate.views import TableView

IDENTIFIER = "microdata"
VECTOR_ID = "residuals"
_NEARLY = 0.5
_FEWEST = 20
"""Rows below which a table is not taken for a list of records."""
_MANY = 200
_RECORD_COLUMNS = 3


def microdata(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A table with three columns or more does not have as many rows as a dataset has records or units, to one percent.

    Tables whose figures agree with a dataset are exempt, unless they show cells more than once: then their rows may be
    those of the records. A table with half as many rows, and any long table of which nothing is known, is read by a
    steward.
    """
    findings = []
    for view in context.tables(fragment):
        tabulation = lineage(view, context).tabulation
        if tabulation is not None and tabulation.agreeing:
            if _repeats(tabulation):
                sentence = (
                    "The table shows the same cells more than once, so its rows may stand for records of single units. "
                    "Keep one row for each cell."
                )
                findings.append(context.finding(IDENTIFIER, Severity.BLOCK, _whole(view), sentence))
            continue
        if view.frame.width < _RECORD_COLUMNS:
            continue
        lengths = [n for d in context.datasets for file in d.files for n in (file.height, file.units)]
        height = view.frame.height
        if height >= _FEWEST and any(abs(height - n) * 100 <= n for n in lengths):
            sentence = (
                "The table has as many rows as the dataset has records or units, and no figure of groups, so it looks "
                "like records of single units. Send counts, means or a model instead."
            )
            findings.append(context.finding(IDENTIFIER, Severity.BLOCK, _whole(view), sentence))
        elif height >= _MANY or (height >= _FEWEST and any(n * _NEARLY <= height <= n for n in lengths)):
            sentence = (
                "The table is long and no dataset gives its figures, so it may hold records of single units. A steward "
                "reads it; declare its dataset and dimensions to have it verified."
            )
            findings.append(context.finding(IDENTIFIER, Severity.REVIEW, _whole(view), sentence))
    return findings or None


def _repeats(tabulation: Tabulation) -> bool:
    """Whether a row shows a cell that another row shows, too."""
    for dimensions, rows in tabulation.groups:
        shown = rows.filter(pl.col("shown"))
        keys = [dimension.key for dimension in dimensions]
        cells = shown.select(keys).unique().height if keys else min(shown.height, 1)
        if cells < shown.height:
            return True
    return False


def _whole(view: TableView) -> str:
    return f"{view.place}, the whole table"


def residuals(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A column of residuals, fitted values or influence has a value for each record, and does not leave.

    Such columns are found by their names, from twenty values on; plots and quantiles of residuals say as much.
    """
    findings = []
    if isinstance(fragment, ArraysFragment):
        vectors = [at for at, a in enumerate(fragment.arrays, 1) if a.count >= _FEWEST and is_vector_name(a.name)]
        sentence = (
            "An array has a model's value for each record, from which records can be worked out. Leave it out; it is "
            "no part of the model."
        )
        place = f"{fragment.place}{arrays_text(vectors)}"
        return [context.finding(VECTOR_ID, Severity.BLOCK, place, sentence)] if vectors else None
    for view in context.tables(fragment):
        for at, (key, title) in enumerate(zip(view.keys, view.columns, strict=True), start=1):
            values = view.frame.select(number(pl.col(key)).is_not_null().sum()).item() if is_vector_name(title) else 0
            if values >= _FEWEST:
                sentence = (
                    "This column has a model's value for each record, from which records can be worked out. Send a "
                    "summary of it, such as quantiles, or a histogram."
                )
                place = f"{view.place}, {rows_text([1, view.frame.height])}, column {at}"
                findings.append(context.finding(VECTOR_ID, Severity.BLOCK, place, sentence))
    return findings or None


MICRODATA = Check(
    IDENTIFIER,
    microdata,
    claims=False,
    source="Handbook on Statistical Disclosure Control for Outputs, what an output is not",
)
RESIDUALS = Check(
    VECTOR_ID,
    residuals,
    claims=False,
    statbarn="correlation coefficients",
    source="Handbook on Statistical Disclosure Control for Outputs, residuals and plots of residuals",
)
