"""Minimum frequency: how many privacy units stand behind a cell."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.checks.check import Check
from hub.gate.column_names import is_count_name
from hub.gate.context import Context, columns_text, rows_text
from hub.gate.fix_cells import suppress_cells, suppress_rows
from hub.gate.fragments import Fragment
from hub.gate.lineage import lineage
from hub.gate.tabulation import Tabulation
from hub.gate.views import TableView

IDENTIFIER = "minimum-frequency"
APPLIED = ("minimum_units",)


def minimum_frequency(fragment: Fragment, context: Context) -> list[Finding] | None:
    """A cell of a table is made from at least ``minimum_units`` distinct privacy units.

    Where the table's columns are columns of a mounted dataset, the units are counted again in the dataset, on its
    declared privacy unit and not on rows. A column that is named like a count is held against the threshold as it
    stands. Cells that show nothing (empty, “c”, “<10”) are suppressed and pass. Source: SDC Handbook, section on
    frequency tables; the number is the policy's.
    """
    views = context.tables(fragment)
    if not views:
        return None
    findings = []
    for view in views:
        small = _small_rows(view, context)
        findings += [*_recounted(fragment, view, small, context), *_shown_counts(fragment, view, small, context)]
    return findings


def _rule(context: Context) -> str:
    return f"at least {context.policy.minimum_units} privacy units in each cell ({context.policy.name})"


def _small(tabulation: Tabulation, context: Context) -> pl.DataFrame:
    """Rows with a figure whose units, counted in the dataset, are too few."""
    return tabulation.cells.filter(pl.col("shown") & (pl.col("units") < context.policy.minimum_units))


def _small_rows(view: TableView, context: Context) -> list[int]:
    tabulation = lineage(view, context).tabulation
    return [] if tabulation is None else tabulation.view.row_numbers(_small(tabulation, context)["row"].to_list())


def _recounted(fragment: Fragment, view: TableView, small: list[int], context: Context) -> list[Finding]:
    origin = lineage(view, context)
    if origin.fault:
        place = f"{view.place}, the declaration of the table"
        return [context.finding("table-declaration", Severity.BLOCK, place, origin.fault)]
    tabulation = origin.tabulation
    if tabulation is None or not small:
        return []
    rows = rows_text(small)
    unit = tabulation.file.unit or "rows"
    sentence = (
        f"Counted again in the dataset {tabulation.file.dataset}, these cells ({columns_text(tabulation.names)}) cover "
        f"fewer than {context.policy.minimum_units} distinct units ({unit}), so that single units could be "
        "recognised. Merge categories, or leave these rows' figures out."
    )
    place = f"{view.place}, {rows}, {columns_text(tabulation.names)}"
    cells = _small(tabulation, context)
    fewest = int(cells.select(pl.col("units").min()).item())
    fix = suppress_rows(fragment, tabulation, cells["row"].to_list())
    detail = f"The smallest of these cells covers this many units: {fewest}."
    return [
        context.finding(
            IDENTIFIER, Severity.BLOCK, place, sentence, _rule(context), detail=detail, applied=APPLIED, fix=fix
        )
    ]


def _shown_counts(fragment: Fragment, view: TableView, known: list[int], context: Context) -> list[Finding]:
    """Numbers in columns that are named like counts, which are too small by themselves, beyond the rows known."""
    findings = []
    counted = set(known)
    for at, (key, title) in enumerate(zip(view.keys, view.columns, strict=True), start=1):
        if not is_count_name(title):
            continue
        shown = enumerate(view.number_cells(key).to_list(), start=1)
        small = [row for row, value in shown if value is not None and 0 < value < context.policy.minimum_units]
        rows = [row for row in small if row not in counted]
        if rows:
            sentence = (
                f"Column {at} looks like a count and holds numbers below {context.policy.minimum_units}. Merge "
                "categories, or leave these cells empty; if it is no count, name the column for what it is."
            )
            place = f"{view.place}, {rows_text(rows)}, column {at}"
            fix = suppress_cells(fragment, rows, (at,))
            said = (IDENTIFIER, Severity.BLOCK, place, sentence, _rule(context))
            findings.append(context.finding(*said, applied=APPLIED, fix=fix))
    return findings


MINIMUM_FREQUENCY = Check(
    IDENTIFIER,
    minimum_frequency,
    statbarn="frequencies",
    parameters=("minimum_units",),
    source="Handbook on Statistical Disclosure Control for Outputs, frequency tables",
)
