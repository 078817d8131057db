"""Dressed numbers: what stands beside a number in its cell is no figure that a rule recomputes."""

from __future__ import annotations

import polars as pl

from hub.domain.exports import Finding, Severity
from hub.gate.cells import dressed_columns, dressing
from hub.gate.checks.check import Check
from hub.gate.context import Context
from hub.gate.fragments import Fragment
from hub.gate.views import TableView

IDENTIFIER = "dressed-numbers"


def dressed_numbers(fragment: Fragment, context: Context) -> list[Finding] | None:
    """What stands beside numbers, such as a unit or a share, is the same word or sign all down a column.

    Else each cell can say something besides its number, which no check verifies.
    """
    findings = []
    for view in context.tables(fragment):
        telling = [key for key in dressed_columns(view.frame) if _tells(view, key)]
        if telling:
            sentence = (
                "Beside their numbers, cells of a column say what differs from cell to cell or has digits. No check "
                "verifies that, so a steward reads it. Put it into columns of its own."
            )
            findings.append(
                context.finding(IDENTIFIER, Severity.REVIEW, f"{view.place}, {len(telling)} column(s)", sentence)
            )
    return findings or None


def _tells(view: TableView, key: str) -> bool:
    worn = view.frame.select(dressing(pl.col(key)).alias("worn")).to_series().drop_nulls().unique()
    return worn.len() > 1 or bool(worn.str.contains(r"\d").any())


DRESSED_NUMBERS = Check(IDENTIFIER, dressed_numbers, claims=False)
